"""The commands explain themselves on a machine where nothing is set up yet."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parent.parent.parent / "scripts"


@pytest.mark.parametrize("flag", ["-h", "--help"])
@pytest.mark.parametrize("name", ["serve", "test", "check"])
def test_help_sets_nothing_up(name: str, flag: str, tmp_path: Path) -> None:
    (tmp_path / "scripts").mkdir()
    for file in (name, "__init__.py", "environment.py"):
        shutil.copy(SCRIPTS / file, tmp_path / "scripts")
    command = [sys.executable, "-I", "-B", str(tmp_path / "scripts" / name), flag]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert f"usage: scripts/{name}" in done.stdout
    assert "examples:" in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["scripts"]

"""The command of the evasion benchmark."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.evasion.__main__ import command_line, main
from tests.benchmarks.evasion.test_ways import ALL_WAYS
from tests.data import evaluation_data


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--people", "0"], "--people: '0' is not a whole number from 1"),
        (["--dpi", "DB=x"], "--dpi: 'DB=x': write NAME=VALUE, such as DB=569"),
        (["--ways", "swaped"], "--ways: there is no way swaped; there are honest_f4, "),
        ([], "--fingers: DB has no pictures <finger>_<impression>.png"),
    ],
)
def test_wrong_arguments_are_named(
    arguments: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("DB").mkdir()
    monkeypatch.setattr(sys, "argv", ["evasion", "--fingers", "DB", "--faces", "pairs.txt", "images", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert message in " ".join(capsys.readouterr().err.split())


def test_the_help_names_all_ways_and_ends_with_an_example() -> None:
    shown = " ".join(command_line().format_help().split())
    for way in ALL_WAYS:
        assert way in shown
    assert "example: python -m benchmarks.evasion --fingers" in shown


@pytest.mark.slow
def test_a_small_run_ends_with_one_line_of_json(tmp_path: Path) -> None:
    data = [evaluation_data(name) for name in ("fingerprints/FVC2002_DB1_B", "faces/lfw_devtest/images")]
    fingers = tmp_path / "prints"
    fingers.mkdir()
    for name in range(101, 109):
        for number in (1, 2):
            file = f"{name}_{number}.png"
            (fingers / file).write_bytes((data[0] / file).read_bytes())
    lines = (data[1].parent / "pairs.txt").read_text().splitlines()[1:4]
    (tmp_path / "pairs.txt").write_text("\n".join(["3", *lines]))
    command = [sys.executable, "-m", "benchmarks.evasion", "--fingers", str(fingers)]
    command += ["--faces", str(tmp_path / "pairs.txt"), str(data[1]), "--ways", "honest_f4", "swapped", "mirrored"]
    options = ["--people=60", "--pool=40", "--searches=1", "--newcomers=4"]
    run = subprocess.run(
        [*command, *options, f"--gallery={tmp_path / 'gallery'}", f"--cache={tmp_path / 'cache'}"],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert run.returncode == 0, run.stderr[-3000:]
    found = json.loads(run.stdout.splitlines()[-1])
    assert found["people"] == 60
    assert found["caught"].keys() == found["ci95"].keys() == found["preselection_recall"].keys()
    assert found["caught"]["honest_f4"] == found["caught"]["swapped"] == 1
    assert found["ms_p50"] <= found["ms_p95"]
    assert found["hot_bytes_per_person"] > 0
    assert {"fpir_review", "fpir_ci95", "fpir_real_only"} <= found.keys()

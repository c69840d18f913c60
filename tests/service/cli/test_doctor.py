"""`jisr doctor`, on a new registry."""

import json
from pathlib import Path

from tests.service.cli.test_audit import jisr


def test_the_last_line_lists_what_is_sealed_and_what_is_not(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    done = jisr(tmp_path, "doctor", "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["sound"] is True
    assert {"where": "template", "field": "content", "sealed": 0, "plain": 0} in found["sealed"]
    assert any("content" not in one["fields"] and one["where"] == "template" for one in found["plain"])
    assert found["key"]["place"] == str(tmp_path / "keys" / "key")
    assert len(found["advice"]) == 1
    assert any(one["where"] == "captures/*/*" and one["how"] == "sealed" for one in found["files"])


def test_what_a_command_makes_is_its_owners_alone(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    assert jisr(tmp_path, "doctor").exit_code == 0


def test_a_fault_ends_the_command_with_1(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "notes").touch()
    (tmp_path / "notes").chmod(0o644)
    done = jisr(tmp_path, "doctor")
    assert done.exit_code == 1
    assert f"fault: notes in {tmp_path}" in done.stdout

"""Copies of checkpoints: how far they are is read from their end, and one that is damaged stops nothing else."""

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from service.audit.storage import files
from service.audit.storage.files import CHECKPOINTS, CopyFile
from tests.service.audit.noted import Audit, note


@pytest.mark.parametrize("block", [1, 100, 65536])
def test_how_far_a_copy_is_is_read_from_its_end(
    audit: Audit, tmp_path: Path, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "BLOCK", block)
    copies, path = audit.copies[0], tmp_path / "audit" / CHECKPOINTS
    assert copies.count() == 0
    for count in (1, 2, 3):
        note(audit.storage)
        audit.sign()
        assert copies.count() == len(copies.lines()) == count
    whole = path.read_bytes()
    path.write_bytes(whole[:-2])  # a crash in the middle of the third
    assert copies.count() == 2
    audit.sign()
    assert path.read_bytes() == whole
    path.write_bytes(whole[:10])
    assert copies.count() == 0
    audit.sign()
    assert path.read_bytes() == whole


def bytes_read() -> int:
    """By this process so far, from files."""
    return int(Path("/proc/self/io").read_text(encoding="ascii").split()[1])


def test_of_a_long_copy_only_the_end_is_read(audit: Audit, tmp_path: Path) -> None:
    note(audit.storage)
    audit.sign()
    path = tmp_path / "audit" / CHECKPOINTS
    path.write_bytes(path.read_bytes() * 10_000)
    before = bytes_read()
    assert audit.copies[0].count() == 1
    assert bytes_read() - before < 2 * files.BLOCK


@pytest.mark.parametrize("content", [b"\xff\xfe\n", b"no checkpoint\n", b"[]\n", b'{"statement": "{}"}\n'])
def test_a_copy_that_is_damaged_is_named_and_the_others_are_kept_up(
    audit: Audit, tmp_path: Path, content: bytes
) -> None:
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    (damaged / CHECKPOINTS).write_bytes(content)
    audit.copies.insert(0, CopyFile(damaged))
    note(audit.storage)
    with capture_logs() as logs:
        assert audit.sign()
    assert [one["place"] for one in logs if one["event"] == "audit.copy_failed"] == [str(damaged / CHECKPOINTS)]
    assert (damaged / CHECKPOINTS).read_bytes() == content
    assert audit.copies[1].count() == 1
    assert audit.verify().fault is not None

"""Captures of a registry from before they were sealed, through every crash; and that none opens as another."""

import hashlib
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, update

from service.enrolment.domain.enrolments import CaptureRecord, SlapRecord
from service.kit.blobs import BlobRecord, Blobs, read_sound
from service.kit.errors import BlobAltered
from service.kit.ids import new_uuid
from service.kit.sealing import is_sealed
from service.kit.sql.blobs import FileBlobs, blob
from service.storage.seal_captures import seal_captures
from service.storage.unit import SqlStorage
from service.storage.verify import verify_store
from tests.service.conftest import Noon
from tests.service.made_up import NOW, TESTER, sent

PARTS = {"face": b"\x89PNG a face", "right_index": b"\xff\xa0 a print", "plain_right_four": b"\xff\xd8\xff a slap"}


class Crash(Exception):
    """The process ended here."""


@pytest.fixture
def blobs(tmp_path: Path, storage: SqlStorage) -> FileBlobs:
    return FileBlobs(tmp_path / "captures", storage.vault)


@pytest.fixture
def plain(storage: SqlStorage, blobs: FileBlobs) -> int:
    """The key of an enrolment as it was kept before captures were sealed."""
    with storage.write() as uow:
        enrolment = sent(id=new_uuid())
        uow.enrolments.add(enrolment)
        uow.flush()
        for part, content in PARTS.items():
            sha256 = hashlib.sha256(content).hexdigest()
            name = f"{enrolment.id}/{sha256[:16]}-{part}"
            blobs.put(name, content)
            uow.blobs.add(BlobRecord(name, sha256, len(content), f"enrolment/{enrolment.id}", NOW, sealed=False))
            uow.flush()
            if part.startswith("plain"):
                uow.enrolments.add_slap(SlapRecord(enrolment.key, part, name))
            else:
                uow.enrolments.add_capture(CaptureRecord(enrolment.key, part, name))
        uow.commit()
    return enrolment.key


def read(storage: SqlStorage, blobs: Blobs) -> dict[str, bytes]:
    """Every stored capture, opened, by part."""
    with storage.read() as uow:
        return {
            row.name.rpartition("/")[2].partition("-")[2]: read_sound(blobs, row)
            for row in uow.blobs.page(0, 10)
            if uow.enrolments.has_blob(row.name)
        }


def assert_all_sealed(storage: SqlStorage, blobs: FileBlobs) -> None:
    assert read(storage, blobs) == PARTS
    stored = [blobs.get(one.name) for one in blobs.names()]
    assert [is_sealed(one) for one in stored] == [True] * len(PARTS)
    report = verify_store(actor=TESTER, storage=storage, blobs=blobs, clock=Noon())
    assert (report.rows, report.sound, report.recent) == (len(PARTS), True, 0)


@pytest.mark.usefixtures("plain")
def test_plain_captures_are_sealed_once(storage: SqlStorage, blobs: FileBlobs) -> None:
    assert seal_captures(actor=TESTER, storage=storage, blobs=blobs) == len(PARTS)
    assert_all_sealed(storage, blobs)
    assert seal_captures(actor=TESTER, storage=storage, blobs=blobs) == 0


@pytest.mark.usefixtures("plain")
@pytest.mark.parametrize(("method", "call"), [("put", 1), ("put", 3), ("delete", 1), ("delete", 2)])
def test_a_crash_while_they_are_sealed_loses_nothing(
    storage: SqlStorage, blobs: FileBlobs, method: str, call: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls, whole = iter(range(1, 100)), getattr(FileBlobs, method)

    def until(*arguments: object) -> None:
        if next(calls) == call:
            raise Crash
        whole(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(FileBlobs, method, until)
        with pytest.raises(Crash):
            seal_captures(actor=TESTER, storage=storage, blobs=blobs)
    assert read(storage, blobs) == PARTS
    seal_captures(actor=TESTER, storage=storage, blobs=blobs)
    assert read(storage, blobs) == PARTS
    with storage.read() as uow:
        owned = set(uow.blobs.of_names([one.name for one in blobs.names()]))
    left = [one.name for one in blobs.names() if one.name not in owned]
    assert [name for name in left if not is_sealed(blobs.get(name))] == []


@pytest.mark.usefixtures("plain")
def test_a_missing_capture_stays_for_verify_to_name(storage: SqlStorage, blobs: FileBlobs) -> None:
    gone = next(blobs.names()).name
    blobs.delete(gone)
    assert seal_captures(actor=TESTER, storage=storage, blobs=blobs) == len(PARTS) - 1
    assert verify_store(actor=TESTER, storage=storage, blobs=blobs, clock=Noon()).missing == [gone]


@pytest.mark.usefixtures("plain")
def test_a_capture_does_not_open_as_another(database: Engine, storage: SqlStorage, blobs: FileBlobs) -> None:
    """Even if its row is altered to fit: bytes are sealed for their position and their enrolment."""
    seal_captures(actor=TESTER, storage=storage, blobs=blobs)
    with storage.read() as uow:
        rows = {row.name.rpartition("-")[2]: row for row in uow.blobs.page(0, 10)}
    face, finger = rows["face"], rows["right_index"]
    blobs.put(face.name, blobs.get(finger.name))
    with database.begin() as connection:
        sha256 = select(blob.c.sha256).where(blob.c.name == finger.name).scalar_subquery()
        connection.execute(update(blob).where(blob.c.name == face.name).values(sha256=sha256))
    with storage.read() as uow, pytest.raises(BlobAltered, match="moved"):
        read_sound(blobs, uow.blobs.of_names([face.name])[face.name])

"""The store of bytes, and whether every byte is accounted for."""

import json
import os
import resource
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from service.audit.domain.actions import Action
from service.kit.blobs import BlobRecord
from service.kit.errors import BlobMissing, BlobUnreadable, StorageUnavailable
from service.kit.sql.blobs import FileBlobs
from service.storage.unit import SqlStorage
from service.storage.verify import NOTED, StoreReport, delete_partial, delete_unowned, verify_store
from tests.service.audit.noted import entries_of
from tests.service.conftest import Noon
from tests.service.made_up import NOW, TESTER

HELLO = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"


def test_a_blob_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    blobs = FileBlobs(tmp_path / "captures")
    content = bytes(1_000_000)
    with ThreadPoolExecutor(8) as pool:  # one post, sent again before the first was answered
        list(pool.map(lambda _: blobs.put("a/face", content), range(40)))
    assert blobs.get("a/face") == content
    assert [one.name for one in blobs.names()] == ["a/face"]


def test_blobs_are_listed_and_deleted(tmp_path: Path) -> None:
    blobs = FileBlobs(tmp_path / "captures")
    for name in ("a/face", "a/left_thumb", "b/face"):
        blobs.put(name, b"hello")
    (tmp_path / "captures" / "b" / "x.0123.part").write_bytes(b"hel")
    listed = {one.name: one.partial for one in blobs.names()}
    assert listed == {"a/face": False, "a/left_thumb": False, "b/face": False, "b/x.0123.part": True}
    for name in ("a/face", "a/left_thumb", "b/face", "nothing/here"):
        blobs.delete(name)
    assert [one.name for one in blobs.names()] == ["b/x.0123.part"]
    assert not (tmp_path / "captures" / "a").exists()
    blobs.put("a/face", b"again")
    assert blobs.get("a/face") == b"again"


def test_in_a_folder_that_is_not_mounted_nothing_counts_as_deleted(tmp_path: Path) -> None:
    root = tmp_path / "captures"
    blobs = FileBlobs(root)
    blobs.set_store_id("ours")
    blobs.expect("ours")
    blobs.put("a/face", b"hello")
    root.rename(tmp_path / "unmounted")
    root.mkdir()
    with pytest.raises(StorageUnavailable, match="not the folder"):
        blobs.delete("a/face")
    with pytest.raises(StorageUnavailable, match="not the folder"):
        blobs.delete_older("a/face", NOW)


def test_rows_without_bytes_bytes_without_a_row_and_changed_bytes_are_found(
    storage: SqlStorage, tmp_path: Path
) -> None:
    root = tmp_path / "captures"
    blobs = FileBlobs(root)
    with storage.write() as uow:
        for name in ("a/sound", "a/changed", "a/missing"):
            uow.blobs.add(BlobRecord(name, HELLO, 5, "enrolment/a", NOW))
        uow.commit()
    blobs.put("a/sound", b"hello")
    blobs.put("a/changed", b"hallo")
    for name in ("a/unowned", "a/young", "a/cut.0123.part"):
        blobs.put(name, b"x")
    at = Noon().now().timestamp()
    for name, age in (("a/unowned", 3700), ("a/young", 3500), ("a/cut.0123.part", 3700)):
        os.utime(root / name, (at - age, at - age))

    report = verify_store(actor=TESTER, storage=storage, blobs=blobs, clock=Noon())
    assert (report.rows, report.size, report.recent, report.sound) == (3, 15, 1, False)
    assert (report.missing, report.damaged) == (["a/missing"], ["a/changed"])
    assert sorted(report.unowned) == ["a/cut.0123.part", "a/unowned"]

    with storage.write() as uow:  # a row came meanwhile
        uow.blobs.add(BlobRecord("a/unowned", HELLO, 5, "enrolment/b", NOW))
        uow.commit()
    blobs.put("a/sent again", b"x")  # and a request that was cut off was sent again
    again = replace(report, unowned=[*report.unowned, "a/sent again", "a/gone"])
    assert delete_unowned(again, actor=TESTER, storage=storage, blobs=blobs, clock=Noon()) == 1
    assert {one.name for one in blobs.names()} == {"a/sound", "a/changed", "a/unowned", "a/young", "a/sent again"}


def test_of_many_names_that_are_deleted_no_entry_of_the_audit_is_long(
    storage: SqlStorage, database: Engine, tmp_path: Path
) -> None:
    names = [f"a/{number}" for number in range(2 * NOTED + 1)]
    report, blobs = StoreReport(0, 0, [], [], names, 0), FileBlobs(tmp_path / "captures")
    delete_unowned(report, actor=TESTER, storage=storage, blobs=blobs, clock=Noon())
    noted = [json.loads(one.details)["names"] for one in entries_of(database, Action.STORE_DELETE)]
    assert [len(one) for one in noted] == [NOTED, NOTED, 1]
    assert {name for some in noted for name in some} == set(names)


def test_more_names_than_a_query_may_have(storage: SqlStorage) -> None:
    with storage.read() as uow:
        assert uow.blobs.of_names([str(number) for number in range(300_000)]) == {}


@pytest.fixture
def small_files() -> Iterator[None]:
    """Files of more than 100 kB cannot be written, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_where_there_is_no_room_nothing_is_left_behind(tmp_path: Path, small_files: None) -> None:
    blobs = FileBlobs(tmp_path)
    with pytest.raises(StorageUnavailable, match="cannot be written: File too large"):
        blobs.put("a/face", bytes(200_000))
    assert not list(blobs.names())
    blobs.put("a/face", b"less")
    assert blobs.get("a/face") == b"less"


def test_bytes_are_missing_or_unreadable_alone(tmp_path: Path) -> None:
    blobs = FileBlobs(tmp_path)
    with pytest.raises(BlobMissing):
        blobs.get("a/face")
    (tmp_path / "a").symlink_to(tmp_path / "a")
    with pytest.raises(BlobUnreadable):
        blobs.get("a/face")


@pytest.mark.parametrize("found", ["another", "none", "no folder"])
def test_a_folder_of_another_store_is_not_worked_on(tmp_path: Path, found: str) -> None:
    blobs = FileBlobs(tmp_path / "captures")
    blobs.set_store_id("ours")
    blobs.expect("ours")
    blobs.put("a/face", b"x")
    shutil.rmtree(tmp_path / "captures")
    if found != "no folder":
        other = FileBlobs(tmp_path / "captures")
        if found == "another":
            other.set_store_id("theirs")
    with pytest.raises(StorageUnavailable, match="not the folder"):
        blobs.put("a/left_thumb", b"x")
    with pytest.raises(StorageUnavailable, match="not the folder"):
        blobs.get("a/face")


def test_what_a_crash_left_of_a_write_is_deleted_after_an_hour(tmp_path: Path) -> None:
    blobs = FileBlobs(tmp_path)
    blobs.put("a/face", b"x")
    for name, age in (("old.part", 3700), ("young.part", 3500)):
        path = tmp_path / ".partial" / name
        path.write_bytes(b"x")
        at = Noon().now().timestamp() - age
        os.utime(path, (at, at))
    assert delete_partial(actor=TESTER, blobs=blobs, clock=Noon()) == 1
    assert {one.name: one.partial for one in blobs.names()} == {"a/face": False, ".partial/young.part": True}


def test_blobs_are_put_while_others_of_their_folder_are_deleted(tmp_path: Path) -> None:
    blobs = FileBlobs(tmp_path)

    def put(number: int) -> None:
        for _ in range(100):
            blobs.put(f"a/{number}", b"x")
            blobs.delete(f"a/{number}")
        blobs.put(f"a/{number}", b"x")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(put, range(4)))
    assert sorted(one.name for one in blobs.names()) == [f"a/{number}" for number in range(4)]


def test_a_blob_states_when_it_was_written(tmp_path: Path) -> None:
    blobs = FileBlobs(tmp_path)
    blobs.put("a/face", b"x")
    (one,) = blobs.names()
    assert abs((datetime.now(one.written_at.tzinfo) - one.written_at).total_seconds()) < 60

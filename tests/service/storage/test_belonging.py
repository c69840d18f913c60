"""Whether a folder of captures is this registry's, on both kinds of database."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Barrier, BrokenBarrierError

import pytest

from service.kit.blobs import BlobRecord
from service.kit.errors import StorageUnavailable
from service.kit.sql.blobs import STORE_ID, FileBlobs
from service.storage.belonging import bind
from service.storage.unit import SqlStorage
from tests.service.made_up import NOW


def stored(storage: SqlStorage, blobs: FileBlobs, name: str = "a/face") -> None:
    blobs.put(name, b"hello")
    with storage.write() as uow:
        uow.blobs.add(BlobRecord(name, "0" * 64, 5, "enrolment/a", NOW))
        uow.commit()


def known(storage: SqlStorage) -> str | None:
    with storage.read() as uow:
        return uow.blobs.store_id()


@pytest.fixture
def blobs(tmp_path: Path) -> FileBlobs:
    return FileBlobs(tmp_path / "captures")


def test_both_get_one_id_at_the_first_start(storage: SqlStorage, blobs: FileBlobs) -> None:
    bind(storage, blobs)
    assert known(storage) == blobs.store_id() is not None
    bind(storage, FileBlobs(blobs.root))
    assert known(storage) == blobs.store_id()


@pytest.mark.parametrize("enrolled", [False, True], ids=["nobody enrolled", "somebody enrolled"])
def test_a_second_service_with_a_folder_of_its_own_does_not_start(
    storage: SqlStorage, blobs: FileBlobs, tmp_path: Path, enrolled: bool
) -> None:
    bind(storage, blobs)
    if enrolled:
        stored(storage, blobs)
    other = FileBlobs(tmp_path / "elsewhere")
    with pytest.raises(StorageUnavailable, match="share one"):
        bind(storage, other)
    assert list(other.names()) == []
    assert other.store_id() is None


def test_a_registry_from_before_ids_goes_on(storage: SqlStorage, blobs: FileBlobs) -> None:
    stored(storage, blobs)
    bind(storage, blobs)
    assert known(storage) == blobs.store_id() is not None


def test_a_registry_from_before_ids_does_not_start_on_another_folder(
    storage: SqlStorage, blobs: FileBlobs, tmp_path: Path
) -> None:
    stored(storage, blobs)
    with pytest.raises(StorageUnavailable, match="holds captures of another registry"):
        bind(storage, FileBlobs(tmp_path / "elsewhere"))
    assert known(storage) is None


def test_a_new_database_is_not_joined_to_captures_of_another(storage: SqlStorage, blobs: FileBlobs) -> None:
    blobs.put("a/face", b"hello")
    with pytest.raises(StorageUnavailable, match="JISR_DATABASE_URL"):
        bind(storage, blobs)
    blobs.set_store_id("theirs")
    with pytest.raises(StorageUnavailable, match="JISR_DATABASE_URL"):
        bind(storage, blobs)


def test_a_start_that_was_cut_off_between_folder_and_database_is_repeated(
    storage: SqlStorage, blobs: FileBlobs
) -> None:
    blobs.set_store_id("half a start")
    bind(storage, blobs)
    assert known(storage) == "half a start"


def test_a_copy_without_the_id_is_known_by_what_was_stored_last(
    storage: SqlStorage, blobs: FileBlobs, tmp_path: Path
) -> None:
    bind(storage, blobs)
    stored(storage, blobs)
    shutil.copytree(blobs.root, tmp_path / "copy")
    (tmp_path / "copy" / STORE_ID).unlink()
    copy = FileBlobs(tmp_path / "copy")
    bind(storage, copy)
    assert copy.store_id() == blobs.store_id()


def test_another_registry_s_folder_is_refused_though_it_has_a_file_of_that_name(
    storage: SqlStorage, blobs: FileBlobs, tmp_path: Path
) -> None:
    bind(storage, blobs)
    stored(storage, blobs)
    other = FileBlobs(tmp_path / "elsewhere")
    other.set_store_id("theirs")
    other.put("a/face", b"hello")
    with pytest.raises(StorageUnavailable, match="share one"):
        bind(storage, other)


def test_two_first_starts_at_once_agree(storage: SqlStorage, blobs: FileBlobs, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both would write an ID, were one not made to wait for the other."""
    together, write = Barrier(2), FileBlobs.set_store_id

    def waiting(one: FileBlobs, store_id: str) -> None:
        with suppress(BrokenBarrierError):
            together.wait(0.5)
        write(one, store_id)

    monkeypatch.setattr(FileBlobs, "set_store_id", waiting)
    with ThreadPoolExecutor(2) as pool:
        for start in [pool.submit(bind, storage, FileBlobs(blobs.root)) for _ in range(2)]:
            start.result()
    assert known(storage) == blobs.store_id() is not None

"""Sealed snapshots of the index and their keys, through stops, crashes and damage. On both kinds of database."""

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, delete, select

from matcher import GalleryDamaged, Position, SearchIndex, Template
from matcher.gallery import store as gallery_store
from matcher.gallery.quantise import pack_faces
from service.bootstrap import App, Recognition, open_store, wire
from service.deduplication.steps.replica import Replica
from service.kit.sealing import KeyClass, is_sealed, key_of
from service.kit.sql.key_tables import data_key
from service.settings import Settings
from service.storage.unit import SqlStorage
from tests.matcher.made_up import again, person
from tests.service.made_up import TEST_KEY, enrolled, of_extractor, storage_of

BOTH = (Position.FACE, Position.RIGHT_THUMB)


@pytest.fixture
def index(recognition: Recognition, monkeypatch: pytest.MonkeyPatch) -> SearchIndex:
    """A mapped one, of which two people fill a segment."""
    monkeypatch.setattr(gallery_store, "SEGMENT_PEOPLE", 2)
    return mapped_index(recognition)


@pytest.fixture
def replica(index: SearchIndex, tmp_path: Path) -> Replica:
    return Replica(index, tmp_path / "gallery")


@dataclass(frozen=True)
class Home:
    """folder: of the snapshots."""

    storage: SqlStorage
    database: Engine
    folder: Path

    @property
    def keys(self) -> list[str]:
        """Of snapshots, as the database has them."""
        return snapshot_keys(self.database)

    @property
    def named(self) -> list[str]:
        """The same, of the snapshots that are there."""
        return named(self.folder)


@dataclass(frozen=True)
class Crowd:
    """Made-up people as the extractor could have seen them, by seed. keys: of the five in the registry."""

    recognition: Recognition
    keys: list[int]

    def one(self, seed: int) -> list[Template]:
        return of_extractor(self.recognition.extractor, person(seed, BOTH))

    def found(self, replica: Replica) -> bool:
        return finds(replica, self.recognition, self.keys)

    def restarted(self, replica: Replica) -> Replica:
        """As another process begins."""
        return Replica(mapped_index(self.recognition), replica._snapshots)


@pytest.fixture
def home(storage: SqlStorage, database: Engine, tmp_path: Path) -> Home:
    return Home(storage, database, tmp_path / "gallery")


@pytest.fixture
def crowd(storage: SqlStorage, recognition: Recognition) -> Crowd:
    people = [of_extractor(recognition.extractor, person(seed, BOTH)) for seed in range(5)]
    return Crowd(recognition, enrolled(storage, people))


def mapped_index(recognition: Recognition) -> SearchIndex:
    return SearchIndex(recognition.extractor.format, threads=2, mapped=True)


def snapshot_keys(database: Engine) -> list[str]:
    with database.connect() as connection:
        rows = connection.execute(select(data_key.c.id, data_key.c.owner).where(data_key.c.kind == KeyClass.SNAPSHOT))
        return [f"{row.owner} {row.id}" for row in rows]


def named(folder: Path) -> list[str]:
    """The same, of the snapshots that are there."""
    manifests = {one: (one / "gallery" / "manifest.json").read_bytes() for one in folder.glob("*")}
    assert all(map(is_sealed, manifests.values()))
    return [f"gallery/{one.name} {key_of(manifest)}" for one, manifest in manifests.items()]


def started(replica: Replica, storage: SqlStorage) -> list[int]:
    """The steps in which everyone was read from the database."""
    steps: list[int] = []
    replica.start(storage, steps.append)
    return steps


def saved(replica: Replica, storage: SqlStorage) -> None:
    started(replica, storage)
    replica.snapshot(storage)


def finds(replica: Replica, recognition: Recognition, keys: list[int]) -> bool:
    probes = [of_extractor(recognition.extractor, again(seed, BOTH)) for seed in range(len(keys))]
    return [found[0].key for found in replica.index.search_many(probes, 5)] == keys


def test_a_snapshot_has_one_key_of_its_own(replica: Replica, home: Home, crowd: Crowd) -> None:
    saved(replica, home.storage)
    assert (first := home.keys) == home.named
    replica.compact(home.storage)  # into the same folder
    assert (second := home.keys) == home.named
    assert len(first) == len(second) == 1
    assert first != second
    enrolled(home.storage, [crowd.one(9)], first=2000)
    saved(replica, home.storage)
    assert (third := home.keys) == home.named
    assert third[0].split()[0] != second[0].split()[0]
    assert started(crowd.restarted(replica), home.storage) == []


def test_a_copy_of_a_former_snapshot_cannot_be_read(replica: Replica, home: Home, crowd: Crowd) -> None:
    """Not by whoever has the disk and the key-encryption key either: its data key is gone."""
    saved(replica, home.storage)
    shutil.copytree(home.folder, home.folder.with_name("copy"))
    replica.compact(home.storage)
    shutil.rmtree(home.folder)
    shutil.move(home.folder.with_name("copy"), home.folder)
    other = crowd.restarted(replica)
    assert started(other, home.storage) == [5]
    assert crowd.found(other)


def test_a_snapshot_whose_key_was_destroyed_is_built_anew(replica: Replica, home: Home, crowd: Crowd) -> None:
    saved(replica, home.storage)
    with home.database.begin() as connection:
        connection.execute(delete(data_key).where(data_key.c.kind == KeyClass.SNAPSHOT))
    other = crowd.restarted(replica)
    afresh = storage_of(home.database)  # another process: no key is kept in memory
    assert started(other, afresh) == [5]
    other.tidy(afresh)
    assert home.keys == home.named != []
    assert started(crowd.restarted(replica), afresh) == []


def test_a_crash_before_the_snapshot_is_there_leaves_the_former_and_no_key(
    replica: Replica,
    home: Home,
    crowd: Crowd,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    saved(replica, home.storage)
    before = home.keys
    with monkeypatch.context() as patch:
        patch.setattr(SearchIndex, "save", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            replica.compact(home.storage)
    assert len(home.keys) == 2
    folder = next(home.folder.iterdir())
    (folder / "gallery.unfinished").mkdir()
    other = crowd.restarted(replica)
    assert started(other, home.storage) == []
    other.tidy(home.storage)
    assert home.keys == before == home.named
    assert [path.name for path in folder.iterdir()] == ["gallery"]


@pytest.mark.parametrize("dropped", ["nothing", "the key"])
def test_a_crash_after_the_snapshot_is_there_leaves_nothing_of_the_former(
    replica: Replica,
    home: Home,
    crowd: Crowd,
    monkeypatch: pytest.MonkeyPatch,
    dropped: str,
) -> None:
    saved(replica, home.storage)
    enrolled(home.storage, [crowd.one(9)], first=2000)
    with monkeypatch.context() as patch:
        if dropped == "nothing":
            patch.setattr(Replica, "_drop_others", lambda *_: 1 / 0)
        else:
            patch.setattr(shutil, "rmtree", lambda path, **_: 1 / 0 if path.parent == home.folder else None)
        started(replica, home.storage)
        with pytest.raises(ZeroDivisionError):
            replica.snapshot(home.storage)
    assert len(list(home.folder.iterdir())) == 2
    other = crowd.restarted(replica)
    assert started(other, home.storage) == []
    other.tidy(home.storage)
    if dropped == "nothing":  # both open; the next snapshot drops the former
        assert len(home.keys) == 2
        other.compact(home.storage)
    assert home.keys == home.named
    assert len(home.keys) == 1


def test_a_plain_snapshot_is_not_read_and_its_bytes_are_deleted(replica: Replica, home: Home, crowd: Crowd) -> None:
    """One of a version that sealed nothing; or one that somebody put there."""
    started(replica, home.storage)
    with home.storage.read() as uow:
        folder = home.folder / str(uow.changes.history_id_of(uow.changes.last()))
    assert isinstance(replica.index, SearchIndex)
    replica.index.save(folder, replica.applied)
    vector = pack_faces(crowd.one(1)[0].vector[None]).tobytes()
    assert holds(home.folder, vector)
    other = crowd.restarted(replica)
    assert started(other, home.storage) == [5]
    other.tidy(home.storage)
    assert not holds(home.folder, vector)
    assert started(crowd.restarted(replica), home.storage) == []


def holds(folder: Path, content: bytes) -> bool:
    return any(content in path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_an_index_whose_files_are_altered_under_it_is_built_anew(replica: Replica, home: Home, crowd: Crowd) -> None:
    saved(replica, home.storage)
    assert crowd.found(replica)
    for path in home.folder.rglob("*-faces.npy"):
        content = np.memmap(path, np.uint8, "r+")
        content[len(content) // 2 :] ^= 1
        content.flush()
    for _ in range(2):  # none is answered by an index that is not whole
        with pytest.raises(GalleryDamaged):
            crowd.found(replica)
    with home.storage.read() as uow:
        replica.catch_up(uow)
    assert crowd.found(replica)
    replica.snapshot(home.storage)
    other = crowd.restarted(replica)
    assert started(other, home.storage) == []
    assert crowd.found(other)


@pytest.fixture
def service(recognition: Recognition, index: SearchIndex, tmp_path: Path, migrated_url: str) -> Callable[[], App]:
    """Opens the whole service on the same home, as each start does."""
    settings = Settings(home=tmp_path, database_url=migrated_url, key=SecretStr(TEST_KEY))

    def opened() -> App:
        return wire(open_store(settings), replace(recognition, index=mapped_index(recognition)))

    return opened


def test_a_service_that_stops_starts_again_from_its_sealed_snapshot(
    service: Callable[[], App], recognition: Recognition, tmp_path: Path
) -> None:
    first = service()
    keys = enrolled(first.store.storage, [of_extractor(recognition.extractor, person(seed, BOTH)) for seed in range(5)])
    assert started(first.replica, first.store.storage) == [5]
    first.worker.start()
    until = time.monotonic() + 30
    while first.replica.unsaved and time.monotonic() < until:
        time.sleep(0.01)
    first.worker.stop()
    first.store.database.dispose()
    second = service()
    assert started(second.replica, second.store.storage) == []
    assert finds(second.replica, recognition, keys)
    assert named(tmp_path / "gallery") == snapshot_keys(second.store.database)
    second.store.database.dispose()

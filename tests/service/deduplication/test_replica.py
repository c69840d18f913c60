"""The index in step with the database, of both kinds: made-up people, real snapshots."""

import shutil
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import pytest

from matcher import Extractor, Position, Template
from service.bootstrap import Recognition
from service.deduplication.steps.replica import Replica
from service.enrolment.ports import TEMPLATES
from service.storage.unit import SqlStorage
from tests.matcher.made_up import again, person
from tests.service.made_up import enrolled, of_extractor

BOTH = (Position.FACE, Position.RIGHT_THUMB)


@pytest.fixture
def replica(recognition: Recognition, tmp_path: Path) -> Replica:
    return Replica(recognition.index, tmp_path / "gallery")


@dataclass(frozen=True)
class Crowd:
    """Made-up people as the extractor could have seen them, by seed."""

    extractor: Extractor

    def people(self, *seeds: int) -> list[Sequence[Template]]:
        return [of_extractor(self.extractor, person(seed, BOTH)) for seed in seeds]

    def found(self, replica: Replica, *seeds: int) -> list[list[int]]:
        """For each of these, whom a later capture resembles for certain."""
        probes = [of_extractor(self.extractor, again(seed, BOTH)) for seed in seeds]
        return [[one.key for one in replica.index.search(probe, 5) if one.log10_lr > 2] for probe in probes]


@pytest.fixture
def crowd(recognition: Recognition) -> Crowd:
    return Crowd(recognition.extractor)


def restarted(replica: Replica, storage: SqlStorage) -> list[int]:
    """As another process would begin; the steps in which it read everyone from the database, none from a snapshot."""
    replica.index.clear()
    steps: list[int] = []
    replica.start(storage, steps.append)
    return steps


def test_a_snapshot_and_what_came_after_it_are_the_whole_gallery(
    storage: SqlStorage, replica: Replica, crowd: Crowd
) -> None:
    keys = enrolled(storage, crowd.people(1, 2))
    assert restarted(replica, storage) == [2]
    replica.snapshot(storage)
    assert replica.unsaved == 0
    keys += enrolled(storage, crowd.people(3), first=2000)
    assert restarted(replica, storage) == []
    assert replica.unsaved == 1
    assert crowd.found(replica, 1, 2, 3) == [[key] for key in keys]


def test_a_snapshot_of_another_history_is_refused(
    new_storage: Callable[[], AbstractContextManager[SqlStorage]],
    replica: Replica,
    crowd: Crowd,
) -> None:
    """Its numbers would fit: both databases have had one change."""
    with new_storage() as ours, new_storage() as other:
        enrolled(other, crowd.people(1))
        restarted(replica, other)
        replica.snapshot(other)
        (key,) = enrolled(ours, crowd.people(2))
        with ours.read() as uow, other.read() as theirs:
            assert uow.changes.last() == theirs.changes.last()
            replica.index.clear()
            assert not replica.load(uow)
        assert restarted(replica, ours) == [1]
    assert crowd.found(replica, 1, 2) == [[], [key]]


def test_a_snapshot_from_before_the_database_was_restored_is_refused(
    storage: SqlStorage, replica: Replica, crowd: Crowd, tmp_path: Path
) -> None:
    """A folder under the right name whose content is of another change."""
    enrolled(storage, crowd.people(1))
    restarted(replica, storage)
    replica.snapshot(storage)
    (old,) = (tmp_path / "gallery").iterdir()
    enrolled(storage, crowd.people(2), first=2000)
    restarted(replica, storage)
    replica.snapshot(storage)
    (new,) = (tmp_path / "gallery").iterdir()
    shutil.move(new, old)
    assert restarted(replica, storage) == [2]


@pytest.mark.parametrize("damage", ["a bit", "half", "a file gone"])
def test_a_damaged_snapshot_is_built_anew_from_the_database(
    storage: SqlStorage,
    replica: Replica,
    crowd: Crowd,
    tmp_path: Path,
    damage: str,
) -> None:
    keys = enrolled(storage, crowd.people(1, 2))
    restarted(replica, storage)
    replica.snapshot(storage)
    files = [path for path in (tmp_path / "gallery").rglob("*") if path.is_file() and path.stat().st_size]
    assert files
    for path in files:
        content = bytearray(path.read_bytes())
        match damage:
            case "a bit":
                content[len(content) // 2] ^= 0x10
                path.write_bytes(content)
            case "half":
                path.write_bytes(content[: len(content) // 2])
            case _:
                path.unlink()
    assert restarted(replica, storage) == [2]
    assert crowd.found(replica, 1, 2) == [[key] for key in keys]


def test_only_the_newest_snapshot_is_kept(storage: SqlStorage, replica: Replica, crowd: Crowd, tmp_path: Path) -> None:
    for number in (1, 2):
        enrolled(storage, crowd.people(number), first=1000 * number)
        with storage.read() as uow:
            replica.catch_up(uow)
        replica.snapshot(storage)
    with storage.read() as uow:
        assert [one.name for one in (tmp_path / "gallery").iterdir()] == [uow.changes.history_id_of(2)]


def test_people_are_counted_as_of_the_transaction_while_the_index_lags(
    storage: SqlStorage, replica: Replica, crowd: Crowd
) -> None:
    first, second, *_ = enrolled(storage, crowd.people(1, 2, 3))
    restarted(replica, storage)
    enrolled(storage, [*crowd.people(4), []], first=2000)  # one has no template, and is not searched
    with storage.write() as uow:
        uow.people.by_key(second).merge_into(uow.people.by_key(first))
        uow.people.by_key(first).withdraw()
        uow.flush()
        uow.changes.note(TEMPLATES, first, second)
        assert (replica.people(uow), len(replica.index)) == (2, 3)  # within the transaction already
    with storage.read() as uow:
        assert (replica.people(uow), len(replica.index)) == (4, 3)  # it was not committed
        replica.catch_up(uow)
        assert (replica.people(uow), len(replica.index)) == (4, 4)


def test_catching_up_twice_changes_nothing(storage: SqlStorage, replica: Replica, crowd: Crowd) -> None:
    keys = enrolled(storage, crowd.people(1, 2))
    with storage.read() as uow:
        replica.catch_up(uow)
    assert crowd.found(replica, 1, 2) == [[key] for key in keys]
    with storage.write() as uow:
        uow.people.by_key(keys[1]).withdraw()
        uow.changes.note(TEMPLATES, keys[1])
        uow.commit()
    behind = Replica(replica.index, Path("no snapshots"))
    with storage.read() as uow:
        last = uow.changes.last()
        for one in (replica, replica, behind):  # the last applies every change again
            assert one.catch_up(uow) == last == one.applied
            assert len(one.index) == 1
            assert crowd.found(one, 1, 2) == [[keys[0]], []]

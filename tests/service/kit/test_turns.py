"""Only who has the latest turn may keep what it writes, on both kinds of database."""

from pathlib import Path
from threading import Event, Thread

import pytest
from sqlalchemy import Engine, text

from service.kit.errors import TurnLost
from service.kit.sql.locks import only_one
from service.kit.turns import Lock, Sign, Turn
from service.storage.unit import SqlStorage
from tests.service.made_up import NOW, sent


def take(storage: SqlStorage) -> Turn:
    with storage.write() as uow:
        turn = uow.turns.take(Lock.WORKER)
        uow.commit()
    return turn


def write(storage: SqlStorage) -> None:
    with storage.write() as uow:
        uow.enrolments.add(sent())
        uow.commit()


def written(storage: SqlStorage) -> int:
    with storage.read() as uow:
        return sum(uow.enrolments.count_by_status().values())


def test_nothing_is_kept_of_who_lost_the_turn(storage: SqlStorage) -> None:
    first = take(storage)
    write(storage.in_turn(first))
    second = take(storage)
    assert (first.number, second.number) == (1, 2)
    with pytest.raises(TurnLost, match="has turn 2"):
        write(storage.in_turn(first))
    write(storage.in_turn(second))
    write(storage)
    assert written(storage) == 3


def test_a_turn_is_not_taken_in_the_middle_of_a_commit(storage: SqlStorage) -> None:
    first = take(storage)
    verified, taken = Event(), Event()

    def next_one() -> None:
        verified.wait()
        take(storage)
        taken.set()

    thread = Thread(target=next_one)
    thread.start()
    with storage.in_turn(first).write() as uow:
        uow.enrolments.add(sent())
        uow.turns.check(first)
        verified.set()
        assert not taken.wait(0.3)
        uow.commit()
    thread.join()
    assert written(storage) == 1


def test_the_last_sign_stays_until_the_next(storage: SqlStorage) -> None:
    first = take(storage)
    sign = Sign(NOW, "the disk is full")
    with storage.write() as uow:
        assert uow.turns.last_sign(Lock.WORKER) is None
        uow.turns.show(first, sign)
        uow.commit()
    with storage.read() as uow:
        assert uow.turns.last_sign(Lock.WORKER) == sign
        assert uow.turns.last_sign(Lock.WALK) is None
    second = take(storage)
    with storage.write() as uow:
        assert uow.turns.last_sign(Lock.WORKER) == sign  # until the next one is shown
        with pytest.raises(TurnLost):
            uow.turns.show(first, Sign(NOW, None))
        uow.turns.show(second, Sign(NOW, None))
        assert uow.turns.last_sign(Lock.WORKER) == Sign(NOW, None)


def test_a_lock_whose_session_ended_is_free_though_its_holder_does_not_know(
    database: Engine, storage: SqlStorage, tmp_path: Path
) -> None:
    """Which is why every commit verifies the turn."""
    if database.dialect.name != "postgresql":
        pytest.skip("a lock on a file lasts as long as its process")
    with only_one(database, tmp_path, Lock.WORKER) as mine:
        first = take(storage)
        with database.connect() as admin:
            sessions = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = :key"
            assert admin.scalars(text(sessions), {"key": Lock.WORKER.value}).all() == [True]
        with only_one(database, tmp_path, Lock.WORKER) as theirs:
            assert mine
            assert theirs
            take(storage)
            with pytest.raises(TurnLost):
                write(storage.in_turn(first))
    assert written(storage) == 0

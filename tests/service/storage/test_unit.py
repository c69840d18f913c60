"""What every transaction promises, on both kinds of database."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text

from service.enrolment.ports import TEMPLATES
from service.kit.errors import AlreadyThere, NoSuchRow, StorageError, StorageUnavailable
from service.kit.ids import new_uuid
from service.kit.keys import HeldKeys
from service.kit.sql.database import CONNECTIONS_KEPT, CONNECTIONS_MORE, open_database
from service.kit.sql.keys import Vault
from service.kit.sql.locks import only_one
from service.kit.turns import Lock
from service.registry.domain.people import Person
from service.storage.unit import SqlStorage
from tests.conftest import new_database
from tests.service.made_up import AMINA, NOW, storage_of


def person(number: str | None = None) -> Person:
    return Person(new_uuid(), AMINA, NOW, number=number)


def test_leaving_without_commit_keeps_nothing(storage: SqlStorage) -> None:
    with storage.write() as uow:
        uow.people.add(person("2345678901"))
        uow.changes.note(TEMPLATES, 1)
        uow.flush()
    with storage.read() as uow:
        assert uow.people.by_number("2345678901") is None
        assert uow.changes.last() == 0


def test_a_value_that_is_taken_and_a_key_that_leads_nowhere_are_our_own_errors(storage: SqlStorage) -> None:
    with storage.write() as uow:
        uow.people.add(person("12"))
        uow.commit()
    with storage.write() as uow:
        uow.people.add(person("12"))
        with pytest.raises(AlreadyThere):
            uow.flush()
    with storage.write() as uow:
        uow.people.add(person("12"))
        with pytest.raises(AlreadyThere):
            uow.commit()
    with storage.read() as uow, pytest.raises(NoSuchRow):
        uow.people.by_key(99)


def test_a_statement_that_is_wrong_is_a_mistake_and_not_the_machine_s_fault(database: Engine) -> None:
    with pytest.raises(StorageError), database.connect() as connection:
        connection.execute(text("SELECT nothing FROM nowhere"))


def test_a_database_that_cannot_be_reached_is_unavailable(tmp_path: Path) -> None:
    for url in (
        f"sqlite:///{tmp_path / 'nowhere' / 'jisr.db'}",
        "postgresql+psycopg://nobody@127.0.0.1:1/nothing?connect_timeout=2",
    ):
        engine = open_database(url)
        with pytest.raises(StorageUnavailable), engine.connect():
            pass
        assert not SqlStorage(engine, Vault(engine, HeldKeys([]))).answers()
        engine.dispose()


def test_a_pool_without_a_free_connection_is_unavailable(migrated_url: str) -> None:
    engine = open_database(migrated_url, wait_seconds=0.1)
    held = [engine.connect() for _ in range(CONNECTIONS_KEPT + CONNECTIONS_MORE)]
    with pytest.raises(StorageUnavailable, match="in use"):
        engine.connect()
    for one in held:
        one.close()
    engine.dispose()


def test_a_database_that_went_away_is_unavailable_and_then_back(postgresql: str, migrated_postgresql: str) -> None:
    url = new_database(postgresql, migrated_postgresql)
    engine = open_database(url)
    storage = storage_of(engine)
    admin = create_engine(postgresql, isolation_level="AUTOCOMMIT")
    with storage.read() as uow:
        uow.changes.last()
        with admin.connect() as connection:
            connection.execute(
                text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"),
                {"name": engine.url.database},
            )
        with pytest.raises(StorageUnavailable):
            uow.changes.last()
    with storage.read() as uow:
        assert uow.changes.last() == 0
    admin.dispose()
    engine.dispose()


def test_the_change_feed_reports_each_change_once_and_in_order(storage: SqlStorage) -> None:
    with storage.write() as uow:
        for subject in (7, 8, 7, 9):
            uow.changes.note(TEMPLATES, subject)
        uow.changes.note("another topic", 7)
        uow.commit()
    with storage.read() as uow:
        assert uow.changes.after(TEMPLATES, 0) == (5, [7, 8, 9])
        assert uow.changes.after(TEMPLATES, 3) == (5, [9])
        assert uow.changes.after("another topic", 0) == (5, [7])
        assert uow.changes.after(TEMPLATES, 5) == (5, [])
        assert uow.changes.last() == 5
        history_id = uow.changes.history_id_of(3)
        assert history_id is not None
        assert uow.changes.sequence_of(history_id) == 3
        assert uow.changes.history_id_of(6) is None
        assert uow.changes.sequence_of("of another history") is None


def test_changes_are_numbered_in_the_order_they_are_committed(storage: SqlStorage) -> None:
    """A reader who has applied change n must never later find a change before n."""

    def change(number: int) -> None:
        with storage.write() as uow:
            uow.changes.lock()
            uow.changes.note(TEMPLATES, number)
            uow.commit()

    read: list[int] = []
    with ThreadPoolExecutor(8) as pool:
        writing = [pool.submit(change, number) for number in range(200)]
        last = 0
        while not (all(one.done() for one in writing) and last == 200):
            with storage.read() as uow:
                last, subjects = uow.changes.after(TEMPLATES, last)
            read += subjects
    assert sorted(read) == list(range(200))


@pytest.mark.parametrize("lock", Lock)
def test_a_lock_is_one_process_s(database: Engine, tmp_path: Path, lock: Lock) -> None:
    with only_one(database, tmp_path, lock) as first:
        assert first
        with only_one(database, tmp_path, lock) as second:
            assert not second
        other = next(one for one in Lock if one is not lock)
        with only_one(database, tmp_path, other) as third:
            assert third
    with only_one(database, tmp_path, lock) as fourth:
        assert fourth

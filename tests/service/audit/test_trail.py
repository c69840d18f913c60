"""Entries are kept with the transaction that they are about, and the database refuses to change them."""

import hashlib
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta, timezone

import pytest
from sqlalchemy import Engine, event, select, text

from service.audit.domain.actions import Action
from service.audit.domain.entries import BEGINNING, Event, digest
from service.audit.storage import tables
from service.audit.storage.group import GroupCommit
from service.audit.storage.trail import append
from service.kit.canonical import canonical
from service.kit.errors import StorageError, StorageUnavailable
from service.kit.ids import new_uuid
from service.registry.domain.people import Person
from service.storage.unit import SqlStorage
from tests.service.audit.noted import Audit, note, stuck
from tests.service.made_up import AMINA, NOW, TESTER, storage_of


def test_entries_are_hashed_in_the_canonical_spelling() -> None:
    content = ["é", None, 1, NOW.astimezone(timezone(timedelta(hours=3))), b"sealed"]
    assert digest(content, BEGINNING) == hashlib.sha256(canonical([BEGINNING, *content])).hexdigest()


def count(engine: Engine) -> int:
    with engine.connect() as connection:
        return len(connection.execute(select(tables.entry.c.number)).all())


def test_an_entry_is_kept_with_its_transaction_or_not_at_all(storage: SqlStorage, database: Engine) -> None:
    with storage.write() as uow:
        uow.people.add(Person(new_uuid(), AMINA, NOW, number="2345678901"))
        uow.audit.note(TESTER, Action.PERSON_READ)
    assert count(database) == 0
    with storage.write() as uow:
        uow.audit.note(TESTER, Action.PERSON_READ)
        uow.commit()
    assert count(database) == 1


def test_what_was_read_is_kept_before_the_transaction_is_over_and_not_if_it_failed(
    storage: SqlStorage, database: Engine
) -> None:
    with storage.read() as uow:
        uow.audit.note(TESTER, Action.PERSON_READ, people=[new_uuid()])
        assert count(database) == 0
    assert count(database) == 1
    with pytest.raises(StorageError), storage.read() as uow:  # noqa: PT012
        uow.audit.note(TESTER, Action.PERSON_READ)
        uow.people.by_key(1)
    assert count(database) == 1


def test_what_cannot_be_kept_is_not_shown(storage: SqlStorage, database: Engine) -> None:
    def full(*arguments: object) -> None:
        raise StorageUnavailable("the disk is full")

    storage = SqlStorage(database, storage.vault, seen=GroupCommit(database, full))
    for _ in range(2):  # the next is not stuck behind the first
        with pytest.raises(StorageUnavailable), storage.read() as uow:
            uow.audit.note(TESTER, Action.PERSON_READ)


def test_an_audit_that_refuses_is_out_of_order_and_no_ones_fault(storage: SqlStorage, database: Engine) -> None:
    """Nobody's value was taken: who waits is to wait on, and who sent something may send it again."""
    with stuck(database):
        with pytest.raises(StorageUnavailable, match="the audit cannot be added to"):
            note(storage)
        with pytest.raises(StorageUnavailable, match="the audit cannot be added to"), storage.read() as uow:
            uow.audit.note(TESTER, Action.PERSON_READ)
    note(storage)
    assert count(database) == 1


CHANGES = {
    "audit_entry": ("UPDATE audit_entry SET actor = 'x'", "DELETE FROM audit_entry"),
    "audit_concern": ("UPDATE audit_concern SET number = 9", "DELETE FROM audit_concern"),
    "audit_checkpoint": ("UPDATE audit_checkpoint SET signature = ''", "DELETE FROM audit_checkpoint"),
    "audit_lane": ("UPDATE audit_lane SET number = number - 1", "DELETE FROM audit_lane"),
}


@pytest.mark.parametrize("table", CHANGES)
def test_the_database_refuses_to_change_or_remove_what_is_there(audit: Audit, database: Engine, table: str) -> None:
    note(audit.storage)
    audit.sign()
    statements = [*CHANGES[table]]
    if database.dialect.name == "postgresql":
        statements.append(f"TRUNCATE {table}")
    for statement in statements:
        with pytest.raises(StorageError, match="only ever added to"), database.begin() as connection:
            connection.execute(text(statement))
    assert audit.verify().fault is None


def test_writers_at_the_same_time_leave_chains_that_verify(audit: Audit, database: Engine) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: note(audit.storage, 5), range(8)))
    found = audit.verify()
    assert (found.entries, found.fault) == (40, None)


def test_a_writer_on_postgresql_does_not_wait_for_another_to_commit(storage: SqlStorage, database: Engine) -> None:
    if database.dialect.name == "sqlite":
        pytest.skip("SQLite lets one transaction write at a time")
    with database.begin() as connection:
        append(connection, [Event(NOW, TESTER, Action.PERSON_READ)])
        note(storage)  # ends while the other still holds its lane
    with database.connect() as connection:
        assert connection.scalars(select(tables.entry.c.lane).order_by(tables.entry.c.lane)).all() == [1, 2]


def test_where_all_lanes_are_taken_a_writer_waits_for_a_commit(storage: SqlStorage, database: Engine) -> None:
    if database.dialect.name == "sqlite":
        pytest.skip("SQLite lets one transaction write at a time")
    held = [database.connect() for _ in range(tables.LANES)]
    for connection in held:
        append(connection, [Event(NOW, TESTER, Action.PERSON_READ)])
    waiting = threading.Thread(target=note, args=(storage,))
    waiting.start()
    waiting.join(0.1)
    assert waiting.is_alive()
    for connection in held:
        connection.commit()
        connection.close()
    waiting.join(10)
    assert not waiting.is_alive()
    assert count(database) == tables.LANES + 1


def test_readers_at_the_same_time_share_transactions_and_each_is_kept(database: Engine) -> None:
    storage, commits, all_there = storage_of(database), [0], threading.Barrier(16)

    def counted(_: object) -> None:
        commits[0] += 1

    event.listen(database, "commit", counted)

    def read(_: int) -> None:
        with storage.read() as uow:
            uow.audit.note(TESTER, Action.PERSON_READ, people=[new_uuid()])
            all_there.wait()

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(read, range(16)))
    event.remove(database, "commit", counted)
    assert count(database) == 16
    assert commits[0] < 16


KILLED = """
import sys
from service.kit.sql.database import open_database
from tests.service.audit.noted import note
from tests.service.made_up import storage_of
storage = storage_of(open_database(sys.argv[1]))
while True:
    note(storage)
    print(flush=True)
"""


@pytest.mark.slow
def test_a_writer_that_is_killed_leaves_a_chain_that_verifies_and_every_entry_it_committed(
    audit: Audit, database: Engine, migrated_url: str
) -> None:
    writer = subprocess.Popen([sys.executable, "-c", KILLED, migrated_url], stdout=subprocess.PIPE)
    assert writer.stdout is not None
    committed = sum(1 for _ in zip(range(20), writer.stdout, strict=False))
    os.kill(writer.pid, signal.SIGKILL)
    committed += len(writer.stdout.readlines())
    writer.wait()
    writer.stdout.close()
    found = audit.verify()
    assert found.fault is None
    assert found.entries >= committed
    note(audit.storage)
    assert audit.verify().fault is None

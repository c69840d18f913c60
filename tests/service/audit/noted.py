"""An audit with entries in it, and what an attacker does who has the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, delete, insert, select, text

from service.audit.domain.actions import Action
from service.audit.domain.entries import BEGINNING, Entry, Event, Target, chained, digest
from service.audit.storage import tables
from service.audit.storage.files import CopyFile, KeyFile, make_key
from service.audit.usecases.checkpoint import make_checkpoint
from service.audit.usecases.verify import AuditReport, verify_audit
from service.kit.clock import SystemClock
from service.kit.ids import new_uuid
from service.storage.unit import SqlStorage
from tests.service.made_up import NOW, TESTER

KEPT = (tables.lane, tables.entry, tables.concern, tables.checkpoint)
GUARDED = ("audit_lane", "audit_entry", "audit_concern", "audit_checkpoint")


def note(storage: SqlStorage, count: int = 1) -> None:
    """Entries about a person each, in transactions of their own."""
    for _ in range(count):
        with storage.write() as uow:
            person = new_uuid()
            uow.audit.note(
                TESTER, Action.PERSON_READ, Target("person", str(person)), people=[person], details={"aliases": 0}
            )
            uow.commit()


@contextmanager
def stuck(engine: Engine) -> Iterator[None]:
    """An audit whose database refuses every further entry, as after a right was taken away: its places are taken."""
    with engine.connect() as connection:
        lanes = connection.execute(select(tables.lane)).all()
    taken = Event(NOW, TESTER, Action.AUDIT_VERIFY)
    rows = [asdict(one) for row in lanes for one in chained([taken], row.lane, row.number, row.hash)]
    with engine.begin() as connection:
        connection.execute(insert(tables.entry), rows)
    yield
    with unguarded(engine) as connection:
        for row in lanes:
            place = (tables.entry.c.lane == row.lane) & (tables.entry.c.number == row.number + 1)
            connection.execute(delete(tables.entry).where(place))


class Audit:
    """A registry's audit with its key and a copy of its checkpoints."""

    def __init__(self, storage: SqlStorage, folder: Path) -> None:
        self.storage, self.copies = storage, [CopyFile(folder)]
        self.key: KeyFile = make_key(folder)

    def sign(self) -> bool:
        return make_checkpoint(
            actor=TESTER, storage=self.storage, signer=self.key, copies=self.copies, clock=SystemClock()
        )

    def verify(self) -> AuditReport:
        return verify_audit(actor=TESTER, storage=self.storage, public_key=self.key.public_key, copies=self.copies)


@contextmanager
def unguarded(engine: Engine) -> Iterator[Connection]:
    """A transaction of somebody who owns the database and has removed its triggers."""
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            kept = connection.execute(
                text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'audit_%'")
            ).all()
            for name, _ in kept:
                connection.execute(text(f"DROP TRIGGER {name}"))
            yield connection
            for _, sql in kept:
                connection.exec_driver_sql(sql)
        else:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            yield connection


def entries_of(engine: Engine, action: Action) -> list[Entry]:
    """Those of one action, in the order of time."""
    wanted = select(tables.entry).where(tables.entry.c.action == action.value)
    with engine.connect() as connection:
        found = connection.execute(wanted.order_by(tables.entry.c.at, tables.entry.c.lane, tables.entry.c.number))
        return [Entry(**row._mapping) for row in found]


def rows(engine: Engine) -> dict[str, list[dict[str, Any]]]:
    with engine.connect() as connection:
        return {one.name: [dict(row) for row in connection.execute(select(one)).mappings()] for one in KEPT}


def put_back(engine: Engine, kept: dict[str, list[dict[str, Any]]]) -> None:
    with unguarded(engine) as connection:
        for one in KEPT:
            connection.execute(delete(one))
            if kept[one.name]:
                connection.execute(insert(one), kept[one.name])


def rehash(connection: Connection) -> None:
    """Chain the first lane anew over what stands there now, and have the lane state it."""
    found = connection.execute(select(tables.entry).where(tables.entry.c.lane == 1).order_by(tables.entry.c.number))
    previous, number = BEGINNING, 0
    for row in found.all():
        one = Entry(**row._mapping)
        previous, number = digest(one.content(), previous), one.number
        place = (tables.entry.c.lane == 1) & (tables.entry.c.number == number)
        connection.execute(tables.entry.update().where(place).values(hash=previous))
    connection.execute(tables.lane.update().where(tables.lane.c.lane == 1).values(number=number, hash=previous))

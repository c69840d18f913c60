"""Adding to the chains.

A transaction takes a lane just before it commits and gives it back by committing: others who write wait for a commit at
most, and on PostgreSQL only where all lanes are taken. SQLite lets one transaction write at a time, which is always
given the first.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import Connection, bindparam, insert, select, update

from service.audit.domain.actions import Action
from service.audit.domain.checkpoints import Head
from service.audit.domain.entries import Entry, Event, Target, chained
from service.audit.storage import tables
from service.kit.actor import Actor
from service.kit.errors import StorageError, StorageUnavailable

_COLUMNS = [one.name for one in tables.entry.columns]


class NotedTrail:
    """What one transaction noted so far."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def note(
        self,
        actor: Actor,
        action: Action,
        target: Target | None = None,
        *,
        people: Iterable[UUID] = (),
        details: Mapping[str, object] | None = None,
        reason: str | None = None,
        payload: bytes | None = None,
    ) -> None:
        self.events.append(Event(datetime.now(UTC), actor, action, target, tuple(people), details, reason, payload))


# Made once: a statement is compiled once, and found again by its identity.
_FIRST_FREE = select(tables.lane).order_by(tables.lane.c.lane).limit(1).with_for_update(skip_locked=True)
_LAST = select(tables.lane).where(tables.lane.c.lane == tables.LANES).with_for_update()
_ADD, _CONCERN = insert(tables.entry), insert(tables.concern)
_ADVANCE = (
    update(tables.lane)
    .where(tables.lane.c.lane == bindparam("which"))
    .values(number=bindparam("last"), hash=bindparam("last_hash"))
)


def append(connection: Connection, events: Sequence[Event]) -> None:
    """Chain events to a lane, in the connection's transaction, which is to be committed at once.

    Raises StorageUnavailable, also where the database refuses: that is the fault of no one whose action is noted.
    """
    try:
        _append(connection, events)
    except StorageError as error:
        raise StorageUnavailable(f"the audit cannot be added to: {error}") from error


def _append(connection: Connection, events: Sequence[Event]) -> None:
    which, head = _free_lane(connection)
    entries = list(chained(events, which, head.number, head.hash))
    connection.execute(_ADD, [_row(one) for one in entries])
    concerns = [
        {"person": person, "lane": which, "number": entry.number}
        for event, entry in zip(events, entries, strict=True)
        for person in set(event.people)
    ]
    if concerns:
        connection.execute(_CONCERN, concerns)
    last = entries[-1]
    connection.execute(_ADVANCE, {"which": which, "last": last.number, "last_hash": last.hash})


def _free_lane(connection: Connection) -> tuple[int, Head]:
    """A lane that is this transaction's until it ends."""
    row = connection.execute(_FIRST_FREE).one_or_none()
    if row is None:  # all are taken: the transaction's turn comes once the last's holder has committed
        row = connection.execute(_LAST).one()
    return row.lane, Head(row.number, row.hash)


def _row(one: Entry) -> dict[str, object]:
    return {name: getattr(one, name) for name in _COLUMNS}

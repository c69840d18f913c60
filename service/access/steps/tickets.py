"""Tickets: what a sign-in in two requests remembers between them, sealed, for the client to carry.

So a stranger who begins sign-ins without end fills no table, and any process of the service can go on with one.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from threading import Lock
from uuid import UUID

from service.access.errors import Unauthenticated
from service.access.ports import AccessUnit
from service.kit.clock import Clock
from service.kit.errors import AlreadyThere, SealBroken
from service.kit.ids import new_uuid
from service.kit.sealing import DataKey, KeyClass, key_of, open_with
from service.kit.unit import Storage

OWNER = "sign-in tickets"
LONGEST = 4000
"""Characters of a ticket that are looked at: what a browser keeps of a cookie."""
REFUSED = "this sign-in is too old, was finished, or was begun elsewhere; begin again"


class TicketKind(StrEnum):
    """What a ticket is good for, and for nothing else."""

    OPENID = "openid"
    SECOND_FACTOR = "second_factor"
    NEW_PASSKEY = "new_passkey"
    PASSKEY = "passkey"


@dataclass(frozen=True, slots=True)
class Ticket:
    """content: what its maker wrote on it, by name."""

    id: UUID
    until: datetime
    content: Mapping[str, str]


class Tickets:
    """Issues and opens them. Safe to share between threads."""

    def __init__(self, storage: Storage[AccessUnit], clock: Clock) -> None:
        self._storage, self._clock = storage, clock
        self._guard = Lock()
        self._kept: DataKey | None = None

    def issue(self, kind: TicketKind, lasts: timedelta, content: Mapping[str, str]) -> str:
        """Text that shows nothing of its content."""
        until = self._clock.now() + lasts
        written = json.dumps({"id": str(new_uuid()), "until": until.isoformat(), "content": dict(content)})
        return base64.urlsafe_b64encode(self._key().seal(written.encode(), _place(kind))).decode()

    def open(self, kind: TicketKind, text: str | None) -> Ticket:
        """Raises Unauthenticated for what is no ticket of this kind, or too old."""
        try:
            sealed = base64.urlsafe_b64decode((text or "")[:LONGEST])
            key = self._key()
            if key_of(sealed) != key.id:
                raise Unauthenticated(REFUSED)
            written = json.loads(open_with(key.secret, sealed, _place(kind)))
        except (ValueError, SealBroken):
            raise Unauthenticated(REFUSED) from None
        ticket = Ticket(UUID(written["id"]), datetime.fromisoformat(written["until"]), written["content"])
        if self._clock.now() >= ticket.until:
            raise Unauthenticated(REFUSED)
        return ticket

    def _key(self) -> DataKey:
        """The registry's own for tickets, made by the first process that needs it."""
        with self._guard:
            if self._kept is None:
                with self._storage.write() as uow:
                    uow.changes.lock()  # another process may be at the same, and both shall have one key
                    self._kept = uow.keys.of_owner(OWNER, KeyClass.OPERATOR)
                    uow.commit()
            return self._kept


def use(ticket: Ticket, uow: AccessUnit, now: datetime) -> None:
    """Each counts once. Raises Unauthenticated where it was used; the caller commits."""
    try:
        uow.used_tickets.add(ticket.id, ticket.until, now)
    except AlreadyThere:
        raise Unauthenticated(REFUSED) from None


def _place(kind: TicketKind) -> str:
    return f"ticket/{kind}"

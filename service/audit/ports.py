"""What the audit needs of the database, of the key that signs, and of those who take copies."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from service.audit.domain.actions import Action
from service.audit.domain.checkpoints import Checkpoint, Head
from service.audit.domain.entries import Entry, Target
from service.kit.actor import Actor
from service.kit.unit import UnitOfWork


@dataclass(frozen=True, slots=True)
class EntryQuery:
    """A page of entries in the order of time. None: all.

    since: inclusive; until: exclusive. people: that concern any of these, or an enrolment of theirs. after: the last
    entry of the page before.
    """

    since: datetime | None = None
    until: datetime | None = None
    action: str | None = None
    people: Collection[UUID] | None = None
    after: Entry | None = None
    limit: int = 1000


class Trail(Protocol):
    """What a transaction notes."""

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
        """Have it kept: in a transaction that writes, with its commit and by it; in one that reads, at its end.

        What a transaction noted that ended by an error is not kept, for nothing was changed or shown.
        """


class AuditRecords(Protocol):
    """Entries and checkpoints, as they are stored."""

    def heads(self) -> Mapping[int, Head]:
        """Of every lane, as each states it."""

    def page(self, lane: int, after: int, limit: int) -> Sequence[Entry]:
        """The next entries of a lane by number."""

    def last_number(self, lane: int) -> int:
        """Of the entries that are there; 0 where there is none."""

    def concerned(self, lane: int, first: int, last: int) -> Mapping[int, set[UUID]]:
        """Whom entries are found by, by number, both ends inclusive; an entry that concerns no one is left out."""

    def find(self, query: EntryQuery) -> Sequence[Entry]: ...
    def at(self, lane: int, number: int) -> Entry | None: ...
    def checkpoints(self, after: int, limit: int) -> Sequence[Checkpoint]:
        """The next by number."""

    def last_checkpoint(self) -> Checkpoint | None: ...
    def add_checkpoint(self, one: Checkpoint) -> None: ...
    def sent(self) -> Mapping[int, int]:
        """The number of the last entry of each lane that the feed's target took; a lane without any is left out."""

    def set_sent(self, lane: int, number: int) -> None: ...


class AuditUnit(UnitOfWork, Protocol):
    @property
    def audit(self) -> Trail: ...
    @property
    def audit_records(self) -> AuditRecords: ...


class Signer(Protocol):
    """The key that signs checkpoints. It is never in the database."""

    @property
    def public_key(self) -> str:
        """Raw, in hex."""

    def sign(self, statement: str) -> str:
        """The signature in hex."""


class Copies(Protocol):
    """Checkpoints outside the database, in one place: a file of lines of JSON."""

    @property
    def name(self) -> str: ...
    def lines(self) -> Sequence[str]:
        """All, oldest first; none where there is no file yet. Raises OSError, and ValueError where it is no text."""

    def count(self) -> int:
        """How many there are, as the last one states. Raises OSError, and ValueError where that is none."""

    def append(self, lines: Sequence[str]) -> None:
        """Durable when this returns. Raises OSError."""


class FeedTarget(Protocol):
    def send(self, entries: Sequence[Entry]) -> int:
        """How many were taken, the first of them, within some seconds. Raises FeedDown where none was."""

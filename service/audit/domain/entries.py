"""Entries, and the chain that they form.

An entry's hash covers everything stored of it and the hash of the entry before it in its lane. Of the payload, which is
sealed, it covers the stored bytes: destroying the key that opens them leaves the chain as it is.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from uuid import UUID

from service.audit.domain.actions import Action
from service.kit.actor import Actor
from service.kit.canonical import canonical

BEGINNING = "0" * 64
"""Stands in place of a hash before the first entry of a lane."""


_UNBOUNDED = {"people", "details"}


@dataclass(frozen=True, slots=True)
class Target:
    """What an action was done to. kind: `person`, `enrolment`, `case`, ….  id: its UUID, or its name if it has none."""

    kind: str
    id: str


@dataclass(frozen=True, slots=True)
class Event:
    """What is noted, before it has its place in a chain.

    people: IDs of the people concerned. details: identifiers, codes and figures; never a name or a picture. reason: a
    code. payload: an operator's words, sealed.
    """

    at: datetime
    actor: Actor
    action: Action
    target: Target | None = None
    people: tuple[UUID, ...] = ()
    details: Mapping[str, object] | None = None
    reason: str | None = None
    payload: bytes | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the audit, as stored.

    lane: the chain it is in. number: its place there, from 1. people: their IDs as a JSON list, sorted. details: a JSON
    object in canonical form. payload: an operator's words, sealed. hash: SHA-256, in hex.
    """

    lane: int
    number: int
    at: datetime
    action: str
    actor: str
    role: str
    site: str | None
    channel: str
    request_id: str
    address: str | None
    target_kind: str | None
    target_id: str | None
    people: str
    details: str
    reason: str | None
    payload: bytes | None
    hash: str

    @property
    def place(self) -> str:
        """As faults and links name it."""
        return f"{self.lane}-{self.number}"

    @property
    def person_ids(self) -> list[UUID]:
        return [UUID(one) for one in json.loads(self.people)]

    def line(self) -> str:
        """As JSON. The payload in hex, for the chain runs over its bytes; the rest as stored."""
        fields = asdict(self) | {
            "at": self.at.astimezone(UTC).isoformat(),
            "people": json.loads(self.people),
            "details": json.loads(self.details),
            "payload": None if self.payload is None else self.payload.hex(),
        }
        return json.dumps(fields, ensure_ascii=False)

    def short_line(self) -> str:
        """The same without `people` and `details`, which have no bound; the entry's place leads to them."""
        fields = json.loads(self.line())
        return json.dumps({name: fields[name] for name in fields if name not in _UNBOUNDED}, ensure_ascii=False)

    def content(self) -> list[object]:
        """All that is stored but the hash, in the order in which it is hashed."""
        names = (name for name in Entry.__slots__ if name != "hash")
        return [getattr(self, name) for name in names]


def digest(content: Sequence[object], previous: str) -> str:
    """The hash of an entry. content: see `Entry.content`. previous: the hash of the entry before it in its lane."""
    plain = [_plain(one) for one in (previous, *content)]
    return hashlib.sha256(json.dumps(plain, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()


def _plain(value: object) -> object:
    """In JSON's own types, spelled as `canonical` does, at a tenth of its time: every reader waits for this."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return hashlib.sha256(value).hexdigest() if isinstance(value, bytes) else value


def chained(events: Iterable[Event], lane: int, number: int, previous: str) -> Iterator[Entry]:
    """Events as the next entries of a lane. number, previous: number and hash of its last entry."""
    for one in events:
        number += 1
        content = [lane, number, *_content(one)]
        previous = digest(content, previous)
        yield Entry(*content, previous)  # type: ignore[call-arg,arg-type]


def _content(one: Event) -> list[object]:
    actor, target = one.actor, one.target
    return [
        one.at.astimezone(UTC),
        one.action.value,
        actor.id,
        actor.role,
        actor.place,
        actor.channel,
        actor.request_id,
        actor.address,
        None if target is None else target.kind,
        None if target is None else target.id,
        json.dumps(sorted(map(str, set(one.people))), separators=(",", ":")),
        canonical(one.details).decode() if one.details else "{}",
        one.reason,
        one.payload,
    ]

"""Erasures: who was erased, on what ground, what was destroyed, and how far it has come."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from service.kit.errors import MalformedRequest

REFERENCE, LONGEST_REFERENCE = r"^[0-9A-Za-z][0-9A-Za-z./_-]*$", 100
"""Without spaces: it is kept for ever, and is not to be a name."""


class Ground(StrEnum):
    """Why somebody is erased: Article 17(1) GDPR, points a to f, and laws like it. A code, for words could name them.

    no_longer_needed: for what it was collected. consent_withdrawn: and no other ground to keep it. objected: and
    nothing overrides it. unlawful: it should never have been kept. legal_obligation: a law or a court demands it.
    child: it was collected of a child by an online service.
    """

    NO_LONGER_NEEDED = "no_longer_needed"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    OBJECTED = "objected"
    UNLAWFUL = "unlawful"
    LEGAL_OBLIGATION = "legal_obligation"
    CHILD = "child"


def checked_reference(text: str | None) -> str | None:
    """Raises MalformedRequest for what is not like a file number."""
    if text is not None and (len(text) > LONGEST_REFERENCE or not re.fullmatch(REFERENCE, text)):
        raise MalformedRequest("a reference has 1 to 100 letters, digits, dots, slashes and dashes", "reference")
    return text


@dataclass(frozen=True, slots=True)
class ErasedPerson:
    """A record that leaves a tombstone: the person, or one that was merged into them."""

    id: UUID
    number: str | None


@dataclass(frozen=True, slots=True)
class ErasedFile:
    """sha256: of the stored bytes, in hexadecimal."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Destroyed:
    """What an erasure took. people: the one asked for first. keys: IDs of data keys. counts: of rows, by kind."""

    people: Sequence[ErasedPerson]
    enrolments: Sequence[UUID]
    cases: Sequence[UUID]
    files: Sequence[ErasedFile]
    keys: Sequence[UUID]
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for. reference: where the request is filed, such as a file number; never a name."""

    ground: Ground
    reference: str | None = None


@dataclass(eq=False)
class Erasure:
    """One erasure. by: the actor's ID. sequence: the change of the feed that takes the person out of the gallery.

    person_id: None where an enrolment that became no one was erased. After the transaction that made this row nothing
    personal can be read any more; the moments state what followed: files deleted, the order listed outside the
    database, no snapshot holding the person, the database's own files cleaned. statement: of the certificate, canonical
    JSON; with signature and public_key in hex once all is done.
    """

    id: UUID
    person_id: UUID | None
    number: str | None
    at: datetime
    by: str
    role: str
    ground: Ground
    reference: str | None
    sequence: int
    destroyed: Destroyed
    files_at: datetime | None = None
    listed_at: datetime | None = None
    snapshots_at: datetime | None = None
    cleaned_at: datetime | None = None
    statement: str | None = None
    signature: str | None = None
    public_key: str | None = None
    key: int = field(init=False)

    @property
    def done(self) -> bool:
        return self.statement is not None

    @property
    def names(self) -> Sequence[str]:
        """What it is found by: numbers, and the UUIDs of enrolments."""
        numbers = [one.number for one in self.destroyed.people if one.number is not None]
        return [*numbers, *map(str, self.destroyed.enrolments)]

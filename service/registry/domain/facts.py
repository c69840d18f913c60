"""Facts about a household or a person, each from a source, verified or not, and kept in two times as versions.

What sources state differently stands side by side; none replaces another's.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from service.registry.domain.changes import Version
from service.registry.domain.fact_values import (
    Address,
    Born,
    Coordinates,
    Disability,
    Document,
    InArea,
    InGroup,
    Language,
    Named,
    OfSex,
    Phone,
    Relationship,
    Value,
)


class FactKind(StrEnum):
    """Codes stay as they are for ever: rows hold them."""

    NAMES = "names"
    BIRTH = "birth"
    SEX = "sex"
    AREA = "area"
    ADDRESS = "address"
    COORDINATES = "coordinates"
    PHONE = "phone"
    DOCUMENT = "document"
    LANGUAGE = "language"
    RELATIONSHIP = "relationship"
    DISABILITY = "disability"
    TARGET_GROUP = "target_group"


VALUES: Mapping[FactKind, type[Value]] = {
    FactKind.NAMES: Named,
    FactKind.BIRTH: Born,
    FactKind.SEX: OfSex,
    FactKind.AREA: InArea,
    FactKind.ADDRESS: Address,
    FactKind.COORDINATES: Coordinates,
    FactKind.PHONE: Phone,
    FactKind.DOCUMENT: Document,
    FactKind.LANGUAGE: Language,
    FactKind.RELATIONSHIP: Relationship,
    FactKind.DISABILITY: Disability,
    FactKind.TARGET_GROUP: InGroup,
}
KINDS: Mapping[type[Value], FactKind] = {value: kind for kind, value in VALUES.items()}
IDENTITY = (FactKind.NAMES, FactKind.BIRTH, FactKind.SEX)
"""What a person's record states, which search and comparison read."""
OF_HOUSEHOLDS = frozenset({FactKind.AREA, FactKind.ADDRESS, FactKind.COORDINATES, FactKind.PHONE})
OF_PEOPLE = frozenset(FactKind) - {FactKind.COORDINATES}
"""Area and address too: a person may live in no household."""


class Source(StrEnum):
    """Who or what states a fact. person: the one it is about, or who speaks for their household."""

    PERSON = "person"
    DOCUMENT = "document"
    PARTNER_SYSTEM = "partner_system"
    OPERATOR = "operator"


class Verification(StrEnum):
    """In the order of how much is known."""

    DECLARED = "declared"
    DOCUMENT_SEEN = "document_seen"
    CONFIRMED_BY_SYSTEM = "confirmed_by_system"


_RANK = {one: rank for rank, one in enumerate(Verification)}
Place = tuple[FactKind, str, int | None]
"""What one source states once: a kind, and of kinds that one may have several of, which."""


@dataclass(eq=False, kw_only=True)
class Fact(Version):
    """About a household or else a person, by key. other_key: the other of two people who are related.

    source_name: which system or document, in a word. checked_on: when it was verified. token: of a document, what tells
    the same document of another. holds: whether it is the one that has the document; at most one that stands does.
    """

    id: UUID
    household_key: int | None = None
    person_key: int | None = None
    other_key: int | None = None
    kind: FactKind
    value: Value
    source: Source
    source_name: str | None = None
    verification: Verification = Verification.DECLARED
    checked_on: date | None = None
    token: bytes | None = None
    holds: bool = False

    @property
    def subject(self) -> tuple[int | None, int | None]:
        return self.household_key, self.person_key

    @property
    def place(self) -> Place:
        return self.kind, self.value.which, self.other_key

    @property
    def stated_by(self) -> tuple[Source, str | None]:
        return self.source, self.source_name

    @property
    def stands(self) -> bool:
        return self.superseded_by is None and self.valid_to is None


def in_order(facts: Iterable[Fact]) -> Sequence[Fact]:
    """Kind by kind, the one to be shown first before others: by verification, then by date, then the newest."""
    kinds = list(FactKind)

    def rank(one: Fact) -> tuple[int, str, int, int, int]:
        seen = one.checked_on or one.valid_from
        return kinds.index(one.kind), one.value.which, -_RANK[one.verification], -seen.toordinal(), -one.recorded_by

    return sorted(facts, key=rank)


def in_conflict(facts: Iterable[Fact]) -> set[int]:
    """The keys of those beside which another source states something else in the same place."""
    places: dict[Place, list[Fact]] = {}
    for one in facts:
        places.setdefault(one.place, []).append(one)
    found: set[int] = set()
    for some in places.values():
        for one in some:
            if any(one.value != other.value and one.stated_by != other.stated_by for other in some):
                found.add(one.key)
    return found


def same_document(one: Fact, other: Fact) -> bool:
    """Whether both state one document, neither of which had expired before the other was stated."""
    both = isinstance(one.value, Document) and isinstance(other.value, Document)
    return both and one.token == other.token and not _over(one, other) and not _over(other, one)


def _over(one: Fact, before: Fact) -> bool:
    return isinstance(one.value, Document) and one.value.expired(before.valid_from)

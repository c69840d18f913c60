"""People, as far as a registry needs to know them."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID


class Sex(StrEnum):
    FEMALE = "female"
    MALE = "male"
    OTHER = "other"
    UNKNOWN = "unknown"


class PersonStatus(StrEnum):
    """pending: enrolled, a case still open, no number yet. withdrawn: the enrolment turned out to be no one's.

    erased: nothing is known but that there was somebody, and their number, which is never issued again.
    """

    PENDING = "pending"
    ACTIVE = "active"
    MERGED = "merged"
    WITHDRAWN = "withdrawn"
    ERASED = "erased"


SEARCHED = (PersonStatus.PENDING, PersonStatus.ACTIVE)
"""Whose templates are in the gallery: a person under review can come a third time."""


class NameKind(StrEnum):
    """full: all of a person's own name. father, mother: the name of that parent, by which many are told apart."""

    FULL = "full"
    GIVEN = "given"
    FAMILY = "family"
    FATHER = "father"
    MOTHER = "mother"


PARENTS = (NameKind.FATHER, NameKind.MOTHER)
"""Of whom the name is not the person's own."""


@dataclass(frozen=True, slots=True)
class Name:
    """A name in one script (ISO 15924: Latn, Arab), as the person writes it. full: the text, of whatever kind."""

    script: str
    full: str
    kind: NameKind = NameKind.FULL


class NoName(StrEnum):
    """Why a person has no name on the record."""

    NEWBORN = "newborn"
    FOUND_CHILD = "found_child"
    CANNOT_STATE = "cannot_state"
    REFUSES = "refuses"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Demographics:
    """Who a person states they are. birth_year alone where the day is unknown; estimated where it is a guess.

    no_name: of a person without names, why.
    """

    names: tuple[Name, ...]
    sex: Sex = Sex.UNKNOWN
    birth_date: date | None = None
    birth_year: int | None = None
    birth_estimated: bool = False
    no_name: NoName | None = None


@dataclass(eq=False)
class Person:
    """key: also the key in the gallery. number: issued once, kept for ever, after a merge too.

    stated: the demographics of before facts corrected them; None: none did.
    """

    id: UUID
    demographics: Demographics
    created_at: datetime
    status: PersonStatus = PersonStatus.PENDING
    number: str | None = None
    survivor_key: int | None = None
    stated: Demographics | None = None
    key: int = field(init=False)

    @property
    def searched(self) -> bool:
        return self.status in SEARCHED

    def activate(self, number: str) -> None:
        """Give a pending person their number; a person who has one keeps it."""
        assert self.searched, self.status
        self.status = PersonStatus.ACTIVE
        self.number = self.number or number

    def merge_into(self, survivor: "Person") -> None:
        """Become an alias of `survivor`. The number stays, and leads there."""
        assert survivor is not self
        assert survivor.searched, survivor.status
        self.status = PersonStatus.MERGED
        self.survivor_key = survivor.key

    def withdraw(self) -> None:
        self.status = PersonStatus.WITHDRAWN

    def erase(self) -> None:
        """Leave a tombstone: ID and number, which is linked to no other."""
        self.status, self.survivor_key = PersonStatus.ERASED, None
        self.demographics, self.stated = Demographics(names=()), None

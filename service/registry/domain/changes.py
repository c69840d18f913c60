"""What changes in the registry, as intentions, and versions of what they change.

Two times: a version was true from `valid_from` until `valid_to`, and was known from the change that recorded it until
the one that superseded it. Nothing else of a version is ever altered. Snodgrass, "Developing Time-Oriented Database
Applications in SQL" (2000), chapter 10, calls this a bitemporal table.
"""

from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Self
from uuid import UUID


class ChangeKind(StrEnum):
    """Codes stay as they are for ever: rows hold them.

    enrolled, imported, people_merged, captures_taken_back and erased follow from other acts; the others are ordered by
    people.
    """

    ENROLLED = "enrolled"
    IMPORTED = "imported"
    PEOPLE_MERGED = "people_merged"
    CAPTURES_TAKEN_BACK = "captures_taken_back"
    ERASED = "erased"
    MEMBER_ADDED = "member_added"
    MEMBER_REMOVED = "member_removed"
    ROLE_CHANGED = "role_changed"
    HEAD_CHANGED = "head_changed"
    TRANSFERRED = "transferred"
    SPLIT = "split"
    HOUSEHOLDS_MERGED = "households_merged"
    DISSOLVED = "dissolved"
    REOPENED = "reopened"
    BIRTH = "birth"
    PAYEES_CHANGED = "payees_changed"
    PERSON_STATE_CHANGED = "person_state_changed"
    FACTS_RECORDED = "facts_recorded"
    FACTS_WITHDRAWN = "facts_withdrawn"
    UNDONE = "undone"


class Reason(StrEnum):
    """Why, by a code that programs and statistics can read; the words beside it are for people."""

    MARRIAGE = "marriage"
    DIVORCE = "divorce"
    BIRTH = "birth"
    DEATH = "death"
    EMIGRATION = "emigration"
    MOVED = "moved"
    CARE = "care"
    CORRECTION = "correction"
    OTHER = "other"


@dataclass(eq=False)
class Change:
    """One intention that was carried out. id: chosen by the client, so that a repeated order is done once.

    effective: from when on it is true. recorded_at: never before the change recorded before it, also where the clock
    was set back. reason: a code. words, document: in the operator's own words, and the paper that shows it. undoes: the
    key of the change that this one takes back. order_hash: tells a repeated order from another one under the same ID.
    """

    id: UUID
    kind: ChangeKind
    effective: date
    recorded_at: datetime
    by: str
    role: str
    site: str | None = None
    reason: Reason | None = None
    words: str | None = None
    document: str | None = None
    undoes_key: int | None = None
    order_hash: str | None = None
    key: int = field(init=False)


@dataclass(eq=False)
class ChangeAbout:
    """That a change touched a household, a person, or a person's stay in a household."""

    change_key: int
    household_key: int | None
    person_key: int | None
    key: int = field(init=False)


@dataclass(eq=False, kw_only=True)
class Version:
    """What all versions have in common. Valid on days from `valid_from` on and before `valid_to`; None: still."""

    valid_from: date
    recorded_by: int
    valid_to: date | None = None
    superseded_by: int | None = None
    key: int = field(init=False)

    def covers(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)

    def same_as(self, other: "Version") -> bool:
        """Whether both state the same, whenever it was recorded."""
        known = {"key", "recorded_by", "superseded_by"}
        names = [one.name for one in fields(self) if one.name not in known]
        return type(self) is type(other) and all(getattr(self, one) == getattr(other, one) for one in names)

    def copied(self, recorded_by: int) -> Self:
        """The same, known anew."""
        return replace(self, recorded_by=recorded_by, superseded_by=None)

    def ended(self, on: date, recorded_by: int) -> Self:
        """The same, but true until this day only; never less than no day at all."""
        return replace(self, valid_to=max(on, self.valid_from), recorded_by=recorded_by, superseded_by=None)

    @property
    def subject(self) -> tuple[int | None, int | None]:
        """The household and the person that it is about, by key."""
        raise NotImplementedError

"""Households: who lives together, and the one household ID they share."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    HEAD = "head"
    SPOUSE = "spouse"
    CHILD = "child"
    PARENT = "parent"
    SIBLING = "sibling"
    GRANDCHILD = "grandchild"
    OTHER_RELATIVE = "other_relative"
    NOT_RELATED = "not_related"


class HouseholdEventKind(StrEnum):
    """What somebody should look at.

    head_missing: the head left, by a merge or because captures were taken back, and others remain.
    second_head: a member came as head where one was there.
    """

    HEAD_MISSING = "head_missing"
    SECOND_HEAD = "second_head"


@dataclass(frozen=True, slots=True)
class HouseholdClaim:
    """The household a person states they belong to. id: a client's UUID, or a household ID already issued."""

    id: str
    role: Role


@dataclass(eq=False)
class Household:
    """client_id: the UUID the first client gave it. household_id: issued when its first member is settled."""

    client_id: UUID | None
    created_at: datetime
    household_id: str | None = None
    survivor_key: int | None = None
    key: int = field(init=False)


@dataclass(eq=False)
class HouseholdEvent:
    """person_key: the head who left, or the second head."""

    household_key: int
    kind: HouseholdEventKind
    person_key: int
    at: datetime
    key: int = field(init=False)


@dataclass(eq=False)
class Membership:
    """One person's stay in one household. until: None while it lasts; never before it began."""

    household_key: int
    person_key: int
    role: Role
    since: datetime
    until: datetime | None = None
    key: int = field(init=False)

    def end(self, at: datetime) -> None:
        """A clock that was set back ends no stay before it began."""
        self.until = max(at, self.since)

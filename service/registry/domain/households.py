"""Households: who lives together, and the one household ID they share."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from service.registry.domain.changes import Version


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


@dataclass(eq=False, kw_only=True)
class Membership(Version):
    """One person's stay in one household, in one role.

    resides: lives there, which a person does in one household at a time; otherwise a member who lives elsewhere.
    """

    household_key: int
    person_key: int
    role: Role
    resides: bool = True

    @property
    def subject(self) -> tuple[int | None, int | None]:
        return self.household_key, self.person_key


class HouseholdStatus(StrEnum):
    """active: people may live there. dissolved: ended, its ID stays. merged: an alias of another."""

    ACTIVE = "active"
    DISSOLVED = "dissolved"
    MERGED = "merged"


@dataclass(eq=False, kw_only=True)
class HouseholdState(Version):
    """What a household was. One without any state is active since it was made. into_key: whose alias it is."""

    household_key: int
    status: HouseholdStatus
    into_key: int | None = None

    @property
    def subject(self) -> tuple[int | None, int | None]:
        return self.household_key, None


class LifeStatus(StrEnum):
    """Whether a person is there. Said of the person, not of the record, whose status is PersonStatus."""

    PRESENT = "present"
    DECEASED = "deceased"
    EMIGRATED = "emigrated"
    WITHDRAWN = "withdrawn"


@dataclass(eq=False, kw_only=True)
class PersonState(Version):
    """What a person's life was. One without any state is present."""

    person_key: int
    status: LifeStatus

    @property
    def subject(self) -> tuple[int | None, int | None]:
        return None, self.person_key


class PayeeRank(StrEnum):
    """principal: payments of the household are handed to them; one per household. alternate: in their absence."""

    PRINCIPAL = "principal"
    ALTERNATE = "alternate"


@dataclass(eq=False, kw_only=True)
class Payee(Version):
    """Who receives what the household is paid."""

    household_key: int
    person_key: int
    rank: PayeeRank

    @property
    def subject(self) -> tuple[int | None, int | None]:
        return self.household_key, self.person_key

"""What can be ordered of households and their members, each with an effective day and a reason.

People are named by their number, also one of before a merge, or by their ID while they have none; households by their
household ID or by the UUID that a client gave them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from service.registry.domain.changes import ChangeKind, Reason
from service.registry.domain.fact_values import Value
from service.registry.domain.facts import Source, Verification
from service.registry.domain.households import LifeStatus, Role
from service.registry.domain.people import Demographics


class Leaving(StrEnum):
    """Why a member is one no more. left: lives elsewhere, where is not known."""

    LEFT = "left"
    DECEASED = "deceased"
    EMIGRATED = "emigrated"


@dataclass(frozen=True, slots=True)
class Place:
    """A person's place in a household."""

    person: str
    role: Role


@dataclass(frozen=True, slots=True)
class AddMember:
    """A person who lives nowhere, or one who lives elsewhere (`resides` false), becomes a member."""

    KIND: ClassVar = ChangeKind.MEMBER_ADDED
    household: str
    person: str
    role: Role
    resides: bool = True


@dataclass(frozen=True, slots=True)
class RemoveMember:
    """A member leaves, dies or emigrates. new_head: who takes the place of a head who goes."""

    KIND: ClassVar = ChangeKind.MEMBER_REMOVED
    household: str
    person: str
    leaving: Leaving
    new_head: str | None = None


@dataclass(frozen=True, slots=True)
class ChangeRole:
    KIND: ClassVar = ChangeKind.ROLE_CHANGED
    household: str
    person: str
    role: Role


@dataclass(frozen=True, slots=True)
class ChangeHead:
    """A member becomes the head. former_role: of every other who was."""

    KIND: ClassVar = ChangeKind.HEAD_CHANGED
    household: str
    person: str
    former_role: Role = Role.OTHER_RELATIVE


@dataclass(frozen=True, slots=True)
class Transfer:
    """A person moves from the household they live in to another. new_head: of the one they leave."""

    KIND: ClassVar = ChangeKind.TRANSFERRED
    person: str
    household: str
    role: Role
    new_head: str | None = None


@dataclass(frozen=True, slots=True)
class Split:
    """Some members go on as a household of their own, with a household ID of its own. new_id: the client's UUID."""

    KIND: ClassVar = ChangeKind.SPLIT
    household: str
    new_id: UUID
    members: Sequence[Place]


@dataclass(frozen=True, slots=True)
class MergeHouseholds:
    """Two households go on as one, the older of the two; the other's ID leads there.

    head_role: the role of the head of the one that ends.
    """

    KIND: ClassVar = ChangeKind.HOUSEHOLDS_MERGED
    household: str
    other: str
    head_role: Role = Role.OTHER_RELATIVE


@dataclass(frozen=True, slots=True)
class Dissolve:
    """A household ends, and its members live in none from then on. Its ID stays."""

    KIND: ClassVar = ChangeKind.DISSOLVED
    household: str


@dataclass(frozen=True, slots=True)
class Reopen:
    """A dissolved household goes on, with these members."""

    KIND: ClassVar = ChangeKind.REOPENED
    household: str
    members: Sequence[Place] = ()


@dataclass(frozen=True, slots=True)
class Birth:
    """A child is born into a household, and has a person number at once, without captures."""

    KIND: ClassVar = ChangeKind.BIRTH
    household: str
    child: Demographics
    role: Role = Role.CHILD


@dataclass(frozen=True, slots=True)
class ChangePayees:
    """Who receives what the household is paid, from now on: at most one principal, and alternates."""

    KIND: ClassVar = ChangeKind.PAYEES_CHANGED
    household: str
    principal: str | None = None
    alternates: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class ChangePersonState:
    """A person who lives in no household dies, emigrates, withdraws or is there again."""

    KIND: ClassVar = ChangeKind.PERSON_STATE_CHANGED
    person: str
    status: LifeStatus


@dataclass(frozen=True, slots=True)
class StatedFact:
    """A fact to record. other: of a relationship, the person it is with. The rest: as of `Fact`."""

    value: Value = field(repr=False)
    source: Source
    source_name: str | None = field(default=None, repr=False)
    verification: Verification = Verification.DECLARED
    checked_on: date | None = None
    other: str | None = None


@dataclass(frozen=True, slots=True)
class RecordFacts:
    """Facts about a household or else a person. Each replaces what the same source stated in its place."""

    KIND: ClassVar = ChangeKind.FACTS_RECORDED
    facts: Sequence[StatedFact]
    household: str | None = None
    person: str | None = None


@dataclass(frozen=True, slots=True)
class WithdrawFacts:
    """Facts that are so no more, by ID. They stay in the history, until the day of the change."""

    KIND: ClassVar = ChangeKind.FACTS_WITHDRAWN
    facts: Sequence[UUID]
    household: str | None = None
    person: str | None = None


Intention = (
    AddMember
    | RemoveMember
    | ChangeRole
    | ChangeHead
    | Transfer
    | Split
    | MergeHouseholds
    | Dissolve
    | Reopen
    | Birth
    | ChangePayees
    | ChangePersonState
    | RecordFacts
    | WithdrawFacts
)


@dataclass(frozen=True, slots=True)
class Order:
    """One intention to carry out. id: the client's choice; the same order sent again is done once.

    words: why, for people. document: the paper that shows it, such as the number of a certificate of marriage.
    """

    id: UUID
    effective: date
    intention: Intention
    reason: Reason | None = None
    words: str | None = field(default=None, repr=False)
    document: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class UndoOrder:
    """Take a change back by its counter-entry. change_id: the one to take back."""

    id: UUID
    change_id: UUID
    words: str | None = field(default=None, repr=False)

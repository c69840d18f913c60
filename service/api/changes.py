"""Changes of households and of who lives in them, as intentions."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from service.api.deps import MayChangeHousehold, MayReadHousehold, Running
from service.api.facts import MOST_FACTS, FactIn, FactOut
from service.api.households import MemberOut
from service.api.json_body import StrictJsonRoute
from service.api.problems import declared
from service.api.sent_enrolments import PersonIn
from service.api.shapes import AsText, Date, Sent
from service.api.text import Line, Writable
from service.registry.domain.changes import ChangeKind, Reason
from service.registry.domain.households import HouseholdStatus, LifeStatus, Role
from service.registry.domain.intentions import (
    AddMember,
    Birth,
    ChangeHead,
    ChangePayees,
    ChangePersonState,
    ChangeRole,
    Dissolve,
    Intention,
    Leaving,
    MergeHouseholds,
    Order,
    Place,
    RecordFacts,
    RemoveMember,
    Reopen,
    Split,
    Transfer,
    UndoOrder,
    WithdrawFacts,
)
from service.registry.errors import (
    AlreadyMember,
    BuiltOn,
    ChangeDiffers,
    ChangeStands,
    FactGone,
    HouseholdActive,
    HouseholdEnded,
    LivesElsewhere,
    MalformedHousehold,
    NoSuchChange,
    NotAMember,
    NotInTime,
    NotThere,
    UnfitFact,
    UnknownHousehold,
    UnknownPerson,
)
from service.registry.steps.composition import Composition
from service.registry.usecases.changes import (
    ChangeView,
    HouseholdEffect,
    make_change,
    preview_change,
    read_change,
    undo_change,
)

router = APIRouter(prefix="/v1/changes", tags=["changes"], route_class=StrictJsonRoute)
MOST_MEMBERS = 100
PERSON = "a person number, also one of before a merge, or the ID of a person who has none yet"
HOUSEHOLD = "a household ID, also one of before a merge, or the UUID a client gave it"
PersonName = Annotated[Line, Field(description=PERSON)]
HouseholdName = Annotated[Line, Field(description=HOUSEHOLD)]
EARLIEST = date(1900, 1, 1)


class PlaceIn(Sent):
    person: PersonName
    role: AsText[Role]

    def place(self) -> Place:
        return Place(self.person, self.role)


class AddMemberIn(Sent):
    """A person who lives nowhere, or one who lives elsewhere (`resides` false), becomes a member."""

    kind: Literal["member_added"]
    household: HouseholdName
    person: PersonName
    role: AsText[Role]
    resides: bool = True

    def intention(self) -> Intention:
        return AddMember(self.household, self.person, self.role, self.resides)


class RemoveMemberIn(Sent):
    """A member leaves, dies or emigrates."""

    kind: Literal["member_removed"]
    household: HouseholdName
    person: PersonName
    leaving: AsText[Leaving]
    new_head: PersonName | None = Field(None, description="who takes the place of a head who goes")

    def intention(self) -> Intention:
        return RemoveMember(self.household, self.person, self.leaving, self.new_head)


class ChangeRoleIn(Sent):
    kind: Literal["role_changed"]
    household: HouseholdName
    person: PersonName
    role: AsText[Role]

    def intention(self) -> Intention:
        return ChangeRole(self.household, self.person, self.role)


class ChangeHeadIn(Sent):
    """A member becomes the head; every other who was gets `former_role`."""

    kind: Literal["head_changed"]
    household: HouseholdName
    person: PersonName
    former_role: AsText[Role] = Role.OTHER_RELATIVE

    def intention(self) -> Intention:
        return ChangeHead(self.household, self.person, self.former_role)


class TransferIn(Sent):
    """A person moves from the household they live in to another."""

    kind: Literal["transferred"]
    person: PersonName
    household: HouseholdName
    role: AsText[Role]
    new_head: PersonName | None = Field(None, description="of the household they leave, where they were its head")

    def intention(self) -> Intention:
        return Transfer(self.person, self.household, self.role, self.new_head)


class SplitIn(Sent):
    """Some members go on as a household of their own, with a household ID of its own."""

    kind: Literal["split"]
    household: HouseholdName
    new_id: AsText[UUID] = Field(description="the UUID of the new household, chosen by the client")
    members: list[PlaceIn] = Field(min_length=1, max_length=MOST_MEMBERS)

    def intention(self) -> Intention:
        return Split(self.household, self.new_id, tuple(one.place() for one in self.members))


class MergeHouseholdsIn(Sent):
    """Two households go on as one, under the ID of the older; the other ID leads there."""

    kind: Literal["households_merged"]
    household: HouseholdName
    other: HouseholdName
    head_role: AsText[Role] = Field(Role.OTHER_RELATIVE, description="of the head of the one that ends")

    def intention(self) -> Intention:
        return MergeHouseholds(self.household, self.other, self.head_role)


class DissolveIn(Sent):
    """A household ends, and its members live in none from then on."""

    kind: Literal["dissolved"]
    household: HouseholdName

    def intention(self) -> Intention:
        return Dissolve(self.household)


class ReopenIn(Sent):
    """A dissolved household goes on, with these members."""

    kind: Literal["reopened"]
    household: HouseholdName
    members: list[PlaceIn] = Field(default_factory=list, max_length=MOST_MEMBERS)

    def intention(self) -> Intention:
        return Reopen(self.household, tuple(one.place() for one in self.members))


class BirthIn(Sent):
    """A child is born into a household. It has a person number at once, and captures once they can be taken."""

    kind: Literal["birth"]
    household: HouseholdName
    child: PersonIn
    role: AsText[Role] = Role.CHILD

    def intention(self) -> Intention:
        return Birth(self.household, self.child.demographics(), self.role)


class ChangePayeesIn(Sent):
    """Who receives what the household is paid, from now on. Those not named are payees no more."""

    kind: Literal["payees_changed"]
    household: HouseholdName
    principal: PersonName | None = None
    alternates: list[PersonName] = Field(default_factory=list, max_length=MOST_MEMBERS)

    def intention(self) -> Intention:
        return ChangePayees(self.household, self.principal, tuple(self.alternates))


class ChangePersonStateIn(Sent):
    """A person who lives in no household dies, emigrates, withdraws or is there again."""

    kind: Literal["person_state_changed"]
    person: PersonName
    status: AsText[LifeStatus]

    def intention(self) -> Intention:
        return ChangePersonState(self.person, self.status)


class RecordFactsIn(Sent):
    """Facts about a household or else a person. Each replaces what the same source stated before in its place."""

    kind: Literal["facts_recorded"]
    household: HouseholdName | None = None
    person: PersonName | None = None
    facts: list[FactIn] = Field(min_length=1, max_length=MOST_FACTS)

    def intention(self) -> Intention:
        return RecordFacts(tuple(one.fact() for one in self.facts), self.household, self.person)


class WithdrawFactsIn(Sent):
    """Facts that are so no more from the day of the change on."""

    kind: Literal["facts_withdrawn"]
    household: HouseholdName | None = None
    person: PersonName | None = None
    facts: list[AsText[UUID]] = Field(min_length=1, max_length=MOST_FACTS, description="their IDs")

    def intention(self) -> Intention:
        return WithdrawFacts(tuple(self.facts), self.household, self.person)


IntentionIn = Annotated[
    AddMemberIn
    | RemoveMemberIn
    | ChangeRoleIn
    | ChangeHeadIn
    | TransferIn
    | SplitIn
    | MergeHouseholdsIn
    | DissolveIn
    | ReopenIn
    | BirthIn
    | ChangePayeesIn
    | ChangePersonStateIn
    | RecordFactsIn
    | WithdrawFactsIn,
    Field(discriminator="kind"),
]


class OrderIn(Sent):
    """What is to change. A field that may be left out may also be null, which means the same."""

    id: AsText[UUID] = Field(description="chosen by the client: sending the same order again does no harm")
    effective: Date = Field(ge=EARLIEST, description="from when on it is so; not in the future")
    intention: IntentionIn
    reason: AsText[Reason] | None = None
    words: Annotated[Writable, Field(max_length=2000)] | None = Field(None, description="why, for people")
    document: Line | None = Field(None, description="the paper that shows it", examples=["marriage 123/2026"])

    def order(self) -> Order:
        return Order(self.id, self.effective, self.intention.intention(), self.reason, self.words, self.document)


class UndoIn(Sent):
    id: AsText[UUID] = Field(description="of the counter-entry, chosen by the client")
    words: Annotated[Writable, Field(max_length=2000)] | None = Field(None, description="why, for people")


class CompositionOut(BaseModel):
    status: HouseholdStatus
    members: list[MemberOut]


class EffectOut(BaseModel):
    """What the change made of one household."""

    household_id: str | None
    client_id: UUID | None
    before: CompositionOut
    after: CompositionOut

    @classmethod
    def of(cls, one: HouseholdEffect, view: ChangeView) -> "EffectOut":
        def shown(some: Composition) -> CompositionOut:
            members = [MemberOut.of(stay, view.people.get(stay.person_key)) for stay in some.members]
            return CompositionOut(status=some.status, members=members)

        home = one.household
        return cls(
            household_id=home.household_id, client_id=home.client_id, before=shown(one.before), after=shown(one.after)
        )


class ChangeOut(BaseModel):
    """One change: who ordered what, when, why, and what it made of the households it touched."""

    id: UUID
    kind: ChangeKind
    effective: date
    recorded_at: datetime
    by: str
    role: str
    site: str | None
    reason: Reason | None
    words: str | None
    document: str | None
    undoes: UUID | None = Field(description="the change that this one takes back")
    undone: bool = Field(description="taken back by now")
    households: list[EffectOut]
    facts_before: list[FactOut] = Field(description="those it replaced or ended, as they were known before")
    facts_after: list[FactOut] = Field(description="as they were known after it")

    @classmethod
    def of(cls, view: ChangeView) -> "ChangeOut":
        one = view.change
        return cls(
            id=one.id,
            kind=one.kind,
            effective=one.effective,
            recorded_at=one.recorded_at,
            by=one.by,
            role=one.role,
            site=one.site,
            reason=one.reason,
            words=one.words,
            document=one.document,
            undoes=view.undoes,
            undone=view.undone,
            households=[EffectOut.of(each, view) for each in view.effects],
            facts_before=[FactOut.of(each) for each in view.facts_before],
            facts_after=[FactOut.of(each) for each in view.facts_after],
        )


WRONG = (UnknownPerson, UnknownHousehold, MalformedHousehold, NotInTime, UnfitFact, ChangeDiffers)
UNFIT = (LivesElsewhere, NotAMember, AlreadyMember, HouseholdEnded, HouseholdActive, FactGone, NotThere)


@router.post("", responses=declared(*WRONG, *UNFIT))
def make(sent: OrderIn, app: Running, actor: MayChangeHousehold) -> ChangeOut:
    """Carry out one intention. The same order again is answered as the first time; another one with its ID is 409."""
    store, length = app.store, app.limits.person_number_length
    rules = store.settings.fact_rules
    view = make_change(
        sent.order(), actor=actor, storage=store.storage, clock=store.clock, number_length=length, rules=rules
    )
    return ChangeOut.of(view)


@router.post("/preview", responses=declared(*WRONG, *UNFIT))
def preview(sent: OrderIn, app: Running, actor: MayChangeHousehold) -> ChangeOut:
    """What the same order would make of the households, of which nothing is kept."""
    store, length = app.store, app.limits.person_number_length
    rules = store.settings.fact_rules
    view = preview_change(
        sent.order(), actor=actor, storage=store.storage, clock=store.clock, number_length=length, rules=rules
    )
    return ChangeOut.of(view)


@router.get("/{change_id}", responses=declared(NoSuchChange))
def read(change_id: UUID, app: Running, actor: MayReadHousehold) -> ChangeOut:
    """One change with its effects."""
    return ChangeOut.of(read_change(change_id, actor=actor, storage=app.store.storage))


@router.post("/{change_id}/undo", responses=declared(NoSuchChange, ChangeStands, BuiltOn, ChangeDiffers))
def undo(change_id: UUID, sent: UndoIn, app: Running, actor: MayChangeHousehold) -> ChangeOut:
    """Take a change back by a counter-entry, which can be taken back in turn. History stays as it is."""
    order = UndoOrder(sent.id, change_id, sent.words)
    return ChangeOut.of(undo_change(order, actor=actor, storage=app.store.storage, clock=app.store.clock))

"""Households."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from service.api.deps import MayReadHousehold, Running
from service.api.facts import FactOut, FactsOut
from service.api.people import names_of
from service.api.problems import declared
from service.api.shapes import AnyDay, AnyInstant, NameShape
from service.api.timelines import TimelineOut
from service.registry.domain.households import HouseholdStatus, Membership, PayeeRank, Role
from service.registry.domain.people import Person, PersonStatus
from service.registry.errors import MalformedHousehold, NoSuchChange, NoSuchHousehold
from service.registry.usecases.facts import read_household_facts
from service.registry.usecases.histories import (
    Difference,
    HouseholdThen,
    TimelineQuery,
    compare_days,
    household_timeline,
    read_household_then,
)
from service.registry.usecases.look_up import HouseholdView, read_household
from service.tasks.domain.tasks import TaskKind

router = APIRouter(prefix="/v1/households", tags=["households"])


class MemberOut(BaseModel):
    number: str | None = Field(description="null until it is issued, and of people whom this token may not see")
    status: PersonStatus | None = Field(description="null of people whom this token may not see")
    names: list[NameShape] = Field(description="none of people whom this token may not see")
    role: Role
    resides: bool = Field(description="lives there; otherwise a member who lives elsewhere")
    since: date
    until: date | None = None

    @classmethod
    def of(cls, stay: Membership, person: Person | None) -> "MemberOut":
        """person: None where the token may not see them."""
        return cls(
            number=None if person is None else person.number,
            status=None if person is None else person.status,
            names=[] if person is None else names_of(person.demographics),
            role=stay.role,
            resides=stay.resides,
            since=stay.valid_from,
            until=stay.valid_to,
        )


class PayeeOut(BaseModel):
    """Who receives what the household is paid."""

    number: str | None = Field(description="null until it is issued, and of people whom this token may not see")
    rank: PayeeRank
    since: date


class HouseholdTaskOut(BaseModel):
    """What somebody should look at; `GET /v1/tasks/{id}` has more."""

    id: UUID
    kind: TaskKind
    opened_at: datetime


class HouseholdOut(BaseModel):
    """A household and who lives in it now."""

    id: str | None = Field(description="its household ID; null until it is issued, with the number of the first member")
    client_id: UUID | None
    members: list[MemberOut]
    status: HouseholdStatus
    payees: list[PayeeOut]
    tasks: list[HouseholdTaskOut] = Field(description="not closed yet, such as that the head is missing")

    @classmethod
    def of(cls, view: HouseholdView) -> "HouseholdOut":
        numbers = {person.key: person.number for _, person in view.members if person.key in view.visible}
        return cls(
            id=view.household.household_id,
            client_id=view.household.client_id,
            status=view.status,
            members=[
                MemberOut.of(stay, person if person.key in view.visible else None) for stay, person in view.members
            ],
            payees=[
                PayeeOut(number=numbers.get(one.person_key), rank=one.rank, since=one.valid_from) for one in view.payees
            ],
            tasks=[HouseholdTaskOut(id=one.id, kind=one.kind, opened_at=one.opened_at) for one in view.tasks],
        )

    @classmethod
    def then(cls, view: HouseholdThen) -> "HouseholdOut":
        """Of another day: tasks are of today alone."""

        def seen(key: int) -> Person | None:
            return view.people[key] if key in view.visible else None

        numbers = {key: one.number for key, one in view.people.items() if key in view.visible}
        return cls(
            id=view.household.household_id,
            client_id=view.household.client_id,
            status=view.composition.status,
            members=[MemberOut.of(stay, seen(stay.person_key)) for stay in view.composition.members],
            payees=[
                PayeeOut(number=numbers.get(one.person_key), rank=one.rank, since=one.valid_from)
                for one in view.composition.payees
            ],
            tasks=[],
        )


class MemberChangeOut(BaseModel):
    """A member of either day. null: was no member on that day."""

    number: str | None
    names: list[NameShape]
    role_before: Role | None
    role_after: Role | None


class DifferenceOut(BaseModel):
    """What differs between two days, as known now."""

    id: str | None
    first: date
    last: date
    status_before: HouseholdStatus
    status_after: HouseholdStatus
    joined: list[MemberChangeOut]
    left: list[MemberChangeOut]
    changed: list[MemberChangeOut] = Field(description="members of both days whose role differs")

    @classmethod
    def of(cls, one: Difference, first: date, last: date) -> "DifferenceOut":
        before = {stay.person_key: stay.role for stay in one.before.members}
        after = {stay.person_key: stay.role for stay in one.after.members}

        def rows(keys: Iterable[int]) -> list[MemberChangeOut]:
            found = []
            for key in sorted(keys):
                person = one.people[key] if key in one.visible else None
                names = [] if person is None else names_of(person.demographics)
                number = None if person is None else person.number
                found.append(
                    MemberChangeOut(number=number, names=names, role_before=before.get(key), role_after=after.get(key))
                )
            return found

        both = before.keys() & after.keys()
        return cls(
            id=one.household.household_id,
            first=first,
            last=last,
            status_before=one.before.status,
            status_after=one.after.status,
            joined=rows(after.keys() - before.keys()),
            left=rows(before.keys() - after.keys()),
            changed=rows(key for key in both if before[key] is not after[key]),
        )


@router.get("/{household_id}", responses=declared(NoSuchHousehold, MalformedHousehold))
def read(
    household_id: str,
    app: Running,
    actor: MayReadHousehold,
    as_of: Annotated[AnyDay | None, Query(description="a day: who lived there then")] = None,
    known_at: Annotated[AnyInstant | None, Query(description="an instant: as was known then")] = None,
) -> HouseholdOut:
    """A household by its household ID, or by the UUID its client gave it; on a day, and as was known at an instant."""
    storage = app.store.storage
    if as_of is None and known_at is None:
        return HouseholdOut.of(read_household(household_id, actor=actor, storage=storage))
    return HouseholdOut.then(read_household_then(household_id, as_of, known_at, actor=actor, storage=storage))


@router.get("/{household_id}/facts", responses=declared(NoSuchHousehold, MalformedHousehold))
def facts(
    household_id: str,
    app: Running,
    actor: MayReadHousehold,
    as_of: Annotated[AnyDay | None, Query(description="a day: what was so then")] = None,
    known_at: Annotated[AnyInstant | None, Query(description="an instant: as was known then")] = None,
) -> FactsOut:
    """Facts about a household, such as its area, its address and its phones."""
    found = read_household_facts(household_id, as_of, known_at, actor=actor, storage=app.store.storage)
    return FactsOut(facts=[FactOut.of(one) for one in found])


@router.get("/{household_id}/timeline", responses=declared(NoSuchHousehold, MalformedHousehold, NoSuchChange))
def timeline(
    household_id: str,
    app: Running,
    actor: MayReadHousehold,
    *,
    after: Annotated[UUID | None, Query(description="the last of the page before, by its link")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> TimelineOut:
    """What changed in a household, and in those whose IDs lead to it by now."""
    query = TimelineQuery(household_id, after, limit)
    entries = household_timeline(query, actor=actor, storage=app.store.storage)
    return TimelineOut.of(f"/v1/households/{household_id}/timeline", entries, limit)


@router.get("/{household_id}/difference", responses=declared(NoSuchHousehold, MalformedHousehold))
def difference(
    household_id: str,
    app: Running,
    actor: MayReadHousehold,
    *,
    first: Annotated[AnyDay, Query(description="the earlier day")],
    last: Annotated[AnyDay, Query(description="the later day")],
) -> DifferenceOut:
    """Who came, who left and whose role changed between two days."""
    found = compare_days(household_id, first, last, actor=actor, storage=app.store.storage)
    return DifferenceOut.of(found, first, last)

"""People."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from service.api.deps import MayAudit, MayReadPerson, Running
from service.api.facts import FactOut, FactsOut
from service.api.pages import next_page
from service.api.problems import declared
from service.api.shapes import AnyDay, AnyInstant, NameShape
from service.api.timelines import TimelineOut
from service.audit.domain.actions import WORDS
from service.audit.domain.entries import Entry
from service.audit.errors import NoSuchEntry
from service.registry.domain.hijri import hijri_of
from service.registry.domain.households import Role
from service.registry.domain.people import Demographics, NoName, PersonStatus, Sex
from service.registry.errors import NoSuchChange, NoSuchPerson, PersonErased
from service.registry.steps.people import PersonView
from service.registry.usecases.accesses import AccessQuery, list_accesses
from service.registry.usecases.facts import read_person_facts
from service.registry.usecases.histories import TimelineQuery, person_timeline
from service.registry.usecases.look_up import read_person

router = APIRouter(prefix="/v1/persons", tags=["people"])


def names_of(who: Demographics) -> list[NameShape]:
    return [NameShape.of(one) for one in who.names]


class PersonOut(BaseModel):
    """A person as they stand today."""

    id: UUID
    number: str | None
    status: PersonStatus
    asked_for: str | None = Field(description="the number or ID that led here, where it is an alias after a merge")
    names: list[NameShape]
    no_name: NoName | None = Field(description="of a person without names, why")
    sex: Sex
    birth_date: date | None
    birth_hijri: str | None = Field(description="the same day in the Hijri calendar (Umm al-Qura), from 1343 to 1500")
    birth_year: int | None
    birth_estimated: bool
    household_id: str | None
    household_role: Role | None
    aliases: list[str] = Field(description="numbers of people who were merged into this one")

    @classmethod
    def of(cls, view: PersonView) -> "PersonOut":
        person, who = view.person, view.person.demographics
        alias = None if view.asked.key == person.key else view.asked.number or str(view.asked.id)
        return cls(
            id=person.id,
            number=person.number,
            status=person.status,
            asked_for=alias,
            names=names_of(who),
            no_name=who.no_name,
            sex=who.sex,
            birth_date=who.birth_date,
            birth_hijri=hijri_of(who.birth_date),
            birth_year=who.birth_year,
            birth_estimated=who.birth_estimated,
            household_id=view.household.household_id if view.household else None,
            household_role=view.membership.role if view.membership else None,
            aliases=[one.number for one in view.aliases if one.number],
        )


@router.get("/{number}", responses=declared(NoSuchPerson, PersonErased))
def read(number: str, app: Running, actor: MayReadPerson) -> PersonOut:
    """The person a number leads to; the number of a person merged leads to the survivor."""
    return PersonOut.of(read_person(number, actor=actor, storage=app.store.storage))


class AccessOut(BaseModel):
    """One time that somebody read or changed the person's data."""

    at: datetime
    by: str = Field(description="`token:` and the token's name, `user:` and a login of the machine, or `system:`")
    role: str
    site: str | None
    action: str = Field(description="a stable code", examples=["person.read"])
    what: str = Field(description="the same in English, to the person")

    @classmethod
    def of_entry(cls, one: Entry) -> "AccessOut":
        return cls(
            at=one.at,
            by=one.actor,
            role=one.role,
            site=one.site,
            action=one.action,
            what=WORDS.get(one.action, one.action),
        )


class AccessesOut(BaseModel):
    accesses: list[AccessOut]
    next: str | None = Field(description="the link to the accesses after these; null at the end")


@router.get("/{number}/accesses", responses=declared(NoSuchPerson, PersonErased, NoSuchEntry))
def accesses(
    number: str,
    app: Running,
    actor: MayAudit,
    *,
    after: Annotated[
        str | None, Query(pattern=r"^[0-9]{1,4}-[0-9]{1,18}$", description="the last of the page before, by its link")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> AccessesOut:
    """Who read or changed a person's data, and when, oldest first. Asking is among them from the next time on."""
    place = None
    if after is not None:
        lane, _, entry = after.partition("-")
        place = (int(lane), int(entry))
    found = list_accesses(AccessQuery(number, place, limit), actor=actor, storage=app.store.storage)
    last = found[-1].place if found else None
    following = next_page(f"/v1/persons/{number}/accesses", {}, last, full=len(found) == limit, limit=limit)
    return AccessesOut(accesses=[AccessOut.of_entry(one) for one in found], next=following)


@router.get("/{number}/facts", responses=declared(NoSuchPerson, PersonErased))
def facts(
    number: str,
    app: Running,
    actor: MayReadPerson,
    as_of: Annotated[AnyDay | None, Query(description="a day: what was so then")] = None,
    known_at: Annotated[AnyInstant | None, Query(description="an instant: as was known then")] = None,
) -> FactsOut:
    """Facts about a person, each with its source; what sources state differently stands side by side."""
    found = read_person_facts(number, as_of, known_at, actor=actor, storage=app.store.storage)
    return FactsOut(facts=[FactOut.of(one) for one in found])


@router.get("/{number}/timeline", responses=declared(NoSuchPerson, PersonErased, NoSuchChange))
def timeline(
    number: str,
    app: Running,
    actor: MayReadPerson,
    *,
    after: Annotated[UUID | None, Query(description="the last of the page before, by its link")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> TimelineOut:
    """What changed about a person: households, roles, births, deaths, merges, under every number they had."""
    entries = person_timeline(TimelineQuery(number, after, limit), actor=actor, storage=app.store.storage)
    return TimelineOut.of(f"/v1/persons/{number}/timeline", entries, limit)

"""People."""

from datetime import date
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from service.api.deps import MayReadPerson, Running
from service.api.problems import declared
from service.api.shapes import NameShape
from service.registry.domain.households import Role
from service.registry.domain.people import Demographics, PersonStatus, Sex
from service.registry.errors import NoSuchPerson
from service.registry.steps.people import PersonView
from service.registry.usecases.look_up import read_person

router = APIRouter(prefix="/v1/persons", tags=["people"])


def names_of(who: Demographics) -> list[NameShape]:
    return [NameShape(script=one.script, full=one.full) for one in who.names]


class PersonOut(BaseModel):
    """A person as they stand today."""

    id: UUID
    number: str | None
    status: PersonStatus
    asked_for: str | None = Field(description="the number or ID that led here, where it is an alias after a merge")
    names: list[NameShape]
    sex: Sex
    birth_date: date | None
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
            sex=who.sex,
            birth_date=who.birth_date,
            birth_year=who.birth_year,
            birth_estimated=who.birth_estimated,
            household_id=view.household.household_id if view.household else None,
            household_role=view.membership.role if view.membership else None,
            aliases=[one.number for one in view.aliases if one.number],
        )


@router.get("/{number}", responses=declared(NoSuchPerson))
def read(number: str, app: Running, actor: MayReadPerson) -> PersonOut:
    """The person a number leads to; the number of a person merged leads to the survivor."""
    return PersonOut.of(read_person(number, actor=actor, storage=app.store.storage))

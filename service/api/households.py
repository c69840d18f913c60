"""Households."""

from datetime import date, datetime
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from service.api.deps import MayReadHousehold, Running
from service.api.people import names_of
from service.api.problems import declared
from service.api.shapes import NameShape
from service.registry.domain.households import HouseholdEventKind, Role
from service.registry.domain.people import PersonStatus
from service.registry.errors import MalformedHousehold, NoSuchHousehold
from service.registry.usecases.look_up import HouseholdView, read_household

router = APIRouter(prefix="/v1/households", tags=["households"])


class MemberOut(BaseModel):
    number: str | None = Field(description="null until it is issued, and of people whom this token may not see")
    status: PersonStatus
    names: list[NameShape] = Field(description="none of people whom this token may not see")
    role: Role
    since: date


class EventOut(BaseModel):
    """What somebody should look at."""

    kind: HouseholdEventKind = Field(
        description="`head_missing`: the head left and others remain; `second_head`: a member came as head beside one"
    )
    number: str | None = Field(description="of the head who left, or of the second head; null where none was issued")
    at: datetime


class HouseholdOut(BaseModel):
    """A household and who lives in it now."""

    id: str | None = Field(description="its household ID; null until it is issued, with the number of the first member")
    client_id: UUID | None
    members: list[MemberOut]
    events: list[EventOut] = Field(description="oldest first; they stay when the matter is settled")

    @classmethod
    def of(cls, view: HouseholdView) -> "HouseholdOut":
        members = [
            MemberOut(
                number=person.number if person.key in view.visible else None,
                status=person.status,
                names=names_of(person.demographics) if person.key in view.visible else [],
                role=membership.role,
                since=membership.valid_from,
            )
            for membership, person in view.members
        ]
        events = [
            EventOut(kind=event.kind, number=person.number if person.key in view.visible else None, at=event.at)
            for event, person in view.events
        ]
        return cls(id=view.household.household_id, client_id=view.household.client_id, members=members, events=events)


@router.get("/{household_id}", responses=declared(NoSuchHousehold, MalformedHousehold))
def read(household_id: str, app: Running, actor: MayReadHousehold) -> HouseholdOut:
    """A household by its household ID, or by the UUID its client gave it."""
    return HouseholdOut.of(read_household(household_id, actor=actor, storage=app.store.storage))

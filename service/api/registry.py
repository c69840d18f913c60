"""People and households."""

from fastapi import APIRouter

from service.api.answers import HouseholdOut, PersonOut
from service.api.deps import Running, anybody
from service.api.problems import declared
from service.domain import errors
from service.usecases import lookup

router = APIRouter(prefix="/v1", tags=["registry"], dependencies=[anybody])


@router.get("/persons/{number}", responses=declared(errors.NoSuchPerson))
def person(number: str, app: Running) -> PersonOut:
    """The person a number leads to; the number of somebody merged leads to the survivor."""
    with app.store.storage.read() as uow:
        return PersonOut.of(lookup.person_by_number(uow, number))


@router.get("/households/{household_id}", responses=declared(errors.NoSuchHousehold, errors.MalformedHousehold))
def household(household_id: str, app: Running) -> HouseholdOut:
    """A household by its registry ID, or by the UUID its client gave it."""
    with app.store.storage.read() as uow:
        return HouseholdOut.of(lookup.household(uow, household_id))

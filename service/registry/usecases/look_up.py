"""Reading people and households."""

from collections.abc import Sequence
from dataclasses import dataclass

from service.kit.actor import Actor
from service.kit.unit import Storage
from service.registry.domain.households import Household, HouseholdEvent, Membership
from service.registry.domain.identifiers import household_name, is_person_number
from service.registry.domain.people import Person
from service.registry.errors import MalformedHousehold, NoSuchHousehold, NoSuchPerson
from service.registry.ports import RegistryUnit
from service.registry.steps.people import PersonView, view_people
from service.registry.steps.residence import find_households


@dataclass(frozen=True, slots=True)
class HouseholdView:
    """members: who lives there now, each with their membership, oldest first. events: each with whom it is about."""

    household: Household
    members: Sequence[tuple[Membership, Person]]
    events: Sequence[tuple[HouseholdEvent, Person]]


def read_person(number: str, *, actor: Actor, storage: Storage[RegistryUnit]) -> PersonView:
    """The person a number leads to, also an old number after a merge. Raises NoSuchPerson."""
    with storage.read() as uow:
        found = uow.people.by_number(number) if is_person_number(number) else None
        if found is None:
            raise NoSuchPerson(f"no person has the number {number}")
        return view_people(uow, [found.key])[found.key]


def read_household(name: str, *, actor: Actor, storage: Storage[RegistryUnit]) -> HouseholdView:
    """A household by household ID or by its client's UUID. Raises MalformedHousehold, NoSuchHousehold."""
    name = checked_household(name, "household_id")
    with storage.read() as uow:
        found = find_households(uow, [name]).get(name)
        if found is None:
            raise NoSuchHousehold(f"no household has the ID {name}")
        memberships = uow.households.members(found.key)
        events = uow.households.events(found.key)
        shown = {one.person_key for one in memberships} | {one.person_key for one in events}
        people = uow.people.by_keys(shown)
        return HouseholdView(
            found,
            [(one, people[one.person_key]) for one in memberships],
            [(one, people[one.person_key]) for one in events],
        )


def checked_household(text: str, field: str) -> str:
    """A client's UUID, or a household ID whose check digits are right. Raises MalformedHousehold."""
    try:
        return household_name(text)
    except ValueError:
        raise MalformedHousehold(
            f"{text!r} is neither a UUID nor a household ID (M and ten digits, the last two of them check digits)",
            field,
        ) from None

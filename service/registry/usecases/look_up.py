"""Reading people and households."""

from collections.abc import Sequence
from dataclasses import dataclass

from service.audit.domain.actions import Action
from service.audit.domain.entries import Target
from service.kit.actor import Actor
from service.kit.unit import Storage
from service.registry.domain.households import Household, HouseholdEvent, Membership
from service.registry.domain.identifiers import household_name
from service.registry.domain.people import Person
from service.registry.errors import MalformedHousehold, NoSuchHousehold
from service.registry.ports import RegistryUnit
from service.registry.steps.people import PersonView, find_person, ids_in
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
        view = find_person(uow, number)
        uow.audit.note(actor, Action.PERSON_READ, Target("person", str(view.person.id)), people=ids_in([view]))
        return view


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
        target = Target("household", found.household_id or str(found.client_id))
        uow.audit.note(actor, Action.HOUSEHOLD_READ, target, people=[one.id for one in people.values()])
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

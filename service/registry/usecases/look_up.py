"""Reading people and households."""

from collections.abc import Sequence, Set
from dataclasses import dataclass

from service.audit.domain.actions import Action
from service.audit.domain.entries import Target
from service.kit.actor import Actor
from service.kit.unit import Storage
from service.registry.domain.households import Household, HouseholdStatus, Membership, Payee
from service.registry.domain.identifiers import household_name
from service.registry.domain.people import Person
from service.registry.errors import MalformedHousehold, NoSuchHousehold
from service.registry.ports import RegistryUnit
from service.registry.steps.composition import compositions
from service.registry.steps.people import PersonView, find_person, ids_in, no_such_person, require_there
from service.registry.steps.residence import find_households
from service.registry.steps.sight import seen, seen_today
from service.tasks.domain.tasks import Task


@dataclass(frozen=True, slots=True)
class HouseholdView:
    """members: each with their membership, oldest first. tasks: what somebody should look at, not closed yet.

    visible: the keys of those of these people whose names and numbers the actor may see.
    """

    household: Household
    members: Sequence[tuple[Membership, Person]]
    payees: Sequence[Payee]
    status: HouseholdStatus
    tasks: Sequence[Task]
    visible: Set[int]


def read_person(number: str, *, actor: Actor, storage: Storage[RegistryUnit]) -> PersonView:
    """The person a number leads to, also an old one after a merge.

    Raises NoSuchPerson, also for one not seen, and PersonErased.
    """
    with storage.read() as uow:
        found = find_person(uow, number)
        if not seen(uow, actor, [found.person.key]):
            raise no_such_person(number)
        require_there(found)
        uow.audit.note(actor, Action.PERSON_READ, Target("person", str(found.person.id)), people=ids_in([found]))
        return found


def read_household(name: str, *, actor: Actor, storage: Storage[RegistryUnit]) -> HouseholdView:
    """A household by household ID or by its client's UUID. Raises MalformedHousehold, NoSuchHousehold.

    Where the actor may see none of its people, there is no such household.
    """
    name = checked_household(name, "household_id")
    with storage.read() as uow:
        found = find_households(uow, [name]).get(name)
        if found is None:
            raise _no_such_household(name)
        now = compositions(uow, [found.key])[found.key]
        shown = now.people()
        people = uow.people.by_keys(shown)
        visible = seen_today(uow, actor, shown)
        if actor.people_of is not None and not visible:
            raise _no_such_household(name)
        target = Target("household", found.household_id or str(found.client_id))
        shown_people = [one.id for one in people.values() if one.key in visible]
        uow.audit.note(actor, Action.HOUSEHOLD_READ, target, people=shown_people)
        return HouseholdView(
            found,
            [(one, people[one.person_key]) for one in now.members],
            now.payees,
            now.status,
            uow.tasks.unclosed_of(households=[found.key], people=()),
            visible,
        )


def _no_such_household(name: str) -> NoSuchHousehold:
    return NoSuchHousehold(f"no household has the ID {name}")


def checked_household(text: str, field: str) -> str:
    """A client's UUID, or a household ID whose check digits are right. Raises MalformedHousehold."""
    try:
        return household_name(text)
    except ValueError:
        raise MalformedHousehold(
            f"{text!r} is neither a UUID nor a household ID (M and ten digits, the last two of them check digits)",
            field,
        ) from None

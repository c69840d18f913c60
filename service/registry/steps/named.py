"""What orders name: people and households that the actor may see."""

from uuid import UUID

from service.kit.actor import Actor
from service.registry.domain.households import Household
from service.registry.domain.identifiers import household_name
from service.registry.domain.people import Person, PersonStatus
from service.registry.errors import MalformedHousehold, UnknownHousehold, UnknownPerson
from service.registry.ports import RegistryUnit
from service.registry.steps.residence import find_households
from service.registry.steps.sight import seen


def named_person(uow: RegistryUnit, actor: Actor, name: str, field: str = "intention") -> Person:
    """By number or ID, as they stand today. Raises UnknownPerson, also for one not seen."""
    found = uow.people.by_number(name)
    if found is None:
        try:
            found = uow.people.by_id(UUID(name))
        except ValueError:
            found = None
    person = None if found is None else uow.people.survivor_of(found)
    if person is None or person.status is PersonStatus.ERASED or not seen(uow, actor, [person.key]):
        raise UnknownPerson(f"no person has the number or ID {name}", field)
    return person


def named_household(uow: RegistryUnit, actor: Actor, name: str) -> Household:
    """By household ID or a client's UUID, as it stands today. Raises MalformedHousehold, UnknownHousehold.

    One of which the actor may see no member is not there; one in which nobody lives is there for all.
    """
    try:
        name = household_name(name)
    except ValueError:
        raise MalformedHousehold(f"{name!r} is neither a UUID nor a household ID", "intention") from None
    found = find_households(uow, [name]).get(name)
    if found is None or not _is_seen(uow, actor, found):
        raise UnknownHousehold(f"no household has the ID {name}", "intention")
    return found


def _is_seen(uow: RegistryUnit, actor: Actor, home: Household) -> bool:
    if actor.people_of is None:
        return True
    people = {one.person_key for one in uow.households.members(home.key)}
    return not people or bool(seen(uow, actor, people))

"""People as they stand today, many at once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from service.registry.domain.households import Household, Membership
from service.registry.domain.identifiers import is_person_number
from service.registry.domain.people import Person, PersonStatus
from service.registry.errors import NoSuchPerson, PersonErased
from service.registry.ports import RegistryUnit


@dataclass(frozen=True, slots=True)
class PersonView:
    """asked: the person as named; person: the one they stand for today; aliases: who was merged into them."""

    asked: Person
    person: Person
    aliases: Sequence[Person]
    membership: Membership | None
    household: Household | None


def find_person(uow: RegistryUnit, number: str) -> PersonView:
    """The person a number leads to, also an old number after a merge, whoever asks. Raises NoSuchPerson."""
    found = uow.people.by_number(number) if is_person_number(number) else None
    if found is None:
        raise no_such_person(number)
    return view_people(uow, [found.key])[found.key]


def no_such_person(number: str) -> NoSuchPerson:
    """One sentence, so that a person who may not be seen is as one who is not there."""
    return NoSuchPerson(f"no person has the number {number}")


def require_there(view: PersonView) -> None:
    """Raise PersonErased for a tombstone. To be asked once it is known that the actor may see the person."""
    if view.asked.status is PersonStatus.ERASED:
        raise PersonErased(f"the person with the number {view.asked.number} was erased")


def view_people(uow: RegistryUnit, keys: Iterable[int]) -> Mapping[int, PersonView]:
    """By key, in five queries however many there are. Raises KeyError for a key that leads nowhere."""
    asked = uow.people.by_keys(keys)
    today = uow.people.survivors_of(asked)
    survivors = {person.key for person in today.values()}
    aliases = uow.people.aliases_of_many(survivors)
    memberships = uow.households.current_of_many(survivors)
    households = uow.households.by_keys(one.household_key for one in memberships.values())
    views = {}
    for key, person in today.items():
        membership = memberships.get(person.key)
        household = None if membership is None else households[membership.household_key]
        views[key] = PersonView(asked[key], person, aliases.get(person.key, ()), membership, household)
    return views


def ids_in(views: Iterable[PersonView]) -> set[UUID]:
    """Whom these show: the person asked for, and the one they stand for today."""
    return {one.id for view in views for one in (view.asked, view.person)}


def names_of(uow: RegistryUnit, person: Person) -> list[int]:
    """The person's key, and those of everyone merged into them."""
    return [person.key, *(alias.key for alias in uow.people.aliases_of(person.key))]

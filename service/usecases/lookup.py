"""Reading the registry: what clients and operators are shown."""

from dataclasses import dataclass
from uuid import UUID

from service.domain.cases import Case, CaseCandidate, CaseStatus, Origin
from service.domain.enrolments import CaptureRecord, Enrolment
from service.domain.errors import MalformedHousehold, NoSuchCase, NoSuchEnrolment, NoSuchHousehold, NoSuchPerson
from service.domain.households import Household, Membership
from service.domain.identifiers import household_name, is_person_number
from service.domain.people import Person
from service.ports import UnitOfWork
from service.usecases import households


@dataclass(frozen=True, slots=True)
class PersonView:
    """asked: the person as named; person: the one they stand for today; aliases: who was merged into them."""

    asked: Person
    person: Person
    aliases: list[Person]
    membership: Membership | None
    household: Household | None


@dataclass(frozen=True, slots=True)
class EnrolmentView:
    enrolment: Enrolment
    captures: list[CaptureRecord]
    person: Person | None
    household: Household | None
    case: Case | None


@dataclass(frozen=True, slots=True)
class HouseholdView:
    """members: who lives there now, each with their membership, oldest first."""

    household: Household
    members: list[tuple[Membership, Person]]


@dataclass(frozen=True, slots=True)
class CaseView:
    """enrolment and captures: of the newcomer's; none where the case was raised in the gallery."""

    case: Case
    enrolment: Enrolment | None
    newcomer: PersonView
    captures: list[CaptureRecord]
    candidates: list[tuple[CaseCandidate, PersonView]]
    survivor: Person | None


def enrolment(uow: UnitOfWork, enrolment_id: UUID) -> EnrolmentView:
    """One enrolment and what became of it. Raises NoSuchEnrolment."""
    found = uow.enrolments.by_id(enrolment_id)
    if found is None:
        raise NoSuchEnrolment(f"there is no enrolment {enrolment_id}")
    person = None
    if found.person_key is not None:
        person = uow.people.survivor_of(uow.people.by_key(found.person_key))
    return EnrolmentView(
        found,
        uow.enrolments.captures(found.key),
        person,
        _home(uow, found, person),
        uow.cases.of_enrolment(found.key),
    )


def person_by_number(uow: UnitOfWork, number: str) -> PersonView:
    """The person a number leads to, also an old number after a merge. Raises NoSuchPerson."""
    found = uow.people.by_number(number) if is_person_number(number) else None
    if found is None:
        raise NoSuchPerson(f"no person has the number {number}")
    return _person(uow, found)


def household(uow: UnitOfWork, name: str) -> HouseholdView:
    """A household by registry ID or by its client's UUID. Raises MalformedHousehold, NoSuchHousehold."""
    found = households.find(uow, checked_household(name, "household_id"))
    if found is None:
        raise NoSuchHousehold(f"no household has the ID {name}")
    members = [(one, uow.people.by_key(one.person_key)) for one in uow.households.members(found.key)]
    return HouseholdView(found, members)


def checked_household(text: str, field: str) -> str:
    """A client's UUID, or a registry ID whose check digits are right. Raises MalformedHousehold."""
    try:
        return household_name(text)
    except ValueError:
        raise MalformedHousehold(
            f"{text!r} is neither a UUID nor a registry ID (M and ten digits, the last two of them check digits)", field
        ) from None


def case(uow: UnitOfWork, case_id: UUID) -> CaseView:
    """One case with everybody in it, as they stand today. Raises NoSuchCase."""
    found = uow.cases.by_id(case_id)
    if found is None:
        raise NoSuchCase(f"there is no case {case_id}")
    return _case(uow, found)


def cases(
    uow: UnitOfWork, status: CaseStatus | None, origin: Origin | None, after: UUID | None, limit: int
) -> list[CaseView]:
    """Cases, oldest first, those after the case `after`. Raises NoSuchCase for an unknown `after`."""
    if after is not None and uow.cases.by_id(after) is None:
        raise NoSuchCase(f"there is no case {after} to go on from")
    return [_case(uow, one) for one in uow.cases.page(status, origin, after, limit)]


def _case(uow: UnitOfWork, found: Case) -> CaseView:
    survivor = None if found.survivor_key is None else uow.people.by_key(found.survivor_key)
    enrolment, captures = None, []
    if found.enrolment_key is not None:
        enrolment, captures = uow.enrolments.by_key(found.enrolment_key), uow.enrolments.captures(found.enrolment_key)
    return CaseView(
        found,
        enrolment,
        _person(uow, uow.people.by_key(found.person_key)),
        captures,
        [(one, _person(uow, uow.people.by_key(one.person_key))) for one in uow.cases.candidates(found.key)],
        survivor,
    )


def _person(uow: UnitOfWork, asked: Person) -> PersonView:
    person = uow.people.survivor_of(asked)
    membership = uow.households.current_of(person.key)
    home = None if membership is None else uow.households.by_key(membership.household_key)
    return PersonView(asked, person, uow.people.aliases_of(person.key), membership, home)


def _home(uow: UnitOfWork, found: Enrolment, person: Person | None) -> Household | None:
    """Where the person lives now; while nobody is known, the household the enrolment was for."""
    membership = None if person is None else uow.households.current_of(person.key)
    key = found.household_key if membership is None else membership.household_key
    return None if key is None else uow.households.survivor_of(uow.households.by_key(key))

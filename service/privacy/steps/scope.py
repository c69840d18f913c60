"""What a name leads to: a person with all merged into them, or an enrolment that became no one."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from service.enrolment.domain.enrolments import WAITING, Enrolment, EnrolmentStatus
from service.enrolment.errors import EnrolmentErased, NoSuchEnrolment
from service.kit.actor import Actor
from service.privacy.errors import CaseOpen, EnrolmentWaiting, NothingToErase
from service.privacy.ports import PrivacyUnit, Scope
from service.registry.domain.people import Person, PersonStatus
from service.registry.steps.people import find_person, no_such_person, require_there
from service.registry.steps.sight import seen


def find_scope(uow: PrivacyUnit, name: str, actor: Actor) -> Scope:
    """name: a person's number, also an old one after a merge, or an enrolment's UUID.

    Who is bound to sites erases whom these enrolled, also where JISR_SITES_SEE_EVERYONE lets them see others: it is
    final.

    Raises NoSuchPerson, PersonErased, NoSuchEnrolment, EnrolmentErased, NothingToErase.
    """
    try:
        enrolment_id = UUID(name)
    except ValueError:
        return _of_number(uow, name, actor)
    return _of_enrolment(uow, enrolment_id, actor)


def of_person(uow: PrivacyUnit, person: Person) -> Scope:
    """With all merged into them, and with whoever stands for captures that were to be added to them."""
    people = [person.key, *(one.key for one in uow.people.aliases_of(person.key))]
    enrolments = uow.holdings.enrolments_of(people)
    others = uow.people.by_keys({one.person_key for one in enrolments if one.person_key is not None} - {*people})
    provisional = [key for key, one in others.items() if one.status in (PersonStatus.PENDING, PersonStatus.WITHDRAWN)]
    return Scope([*people, *sorted(provisional)], [one.key for one in enrolments])


def of_refused(uow: PrivacyUnit, enrolment: Enrolment) -> Scope:
    """An enrolment that ended unusable, with whom it made until then, who is no one."""
    person = None if enrolment.person_key is None else uow.people.by_key(enrolment.person_key)
    if person is not None and person.status is PersonStatus.WITHDRAWN:
        return of_person(uow, person)
    return Scope([], [enrolment.key])


def require_settled(uow: PrivacyUnit, scope: Scope) -> None:
    """Raises CaseOpen, EnrolmentWaiting: a search for duplicates is not to be ended by asking for erasure."""
    waiting = [one.id for one in uow.enrolments.by_keys(scope.enrolments).values() if one.status in WAITING]
    if waiting:
        raise EnrolmentWaiting(f"enrolment {waiting[0]} has no outcome yet; ask again once it has")
    cases = uow.holdings.open_cases(scope)
    if cases:
        raise CaseOpen(f"decide first: {_listed([one.id for one in cases])}")


def _of_number(uow: PrivacyUnit, number: str, actor: Actor) -> Scope:
    view = find_person(uow, number)
    if not seen(uow, replace(actor, people_of=actor.sites), [view.person.key]):
        raise no_such_person(number)
    require_there(view)
    return of_person(uow, view.person)


def _of_enrolment(uow: PrivacyUnit, enrolment_id: UUID, actor: Actor) -> Scope:
    found = uow.enrolments.by_id(enrolment_id)
    if found is None or not actor.reaches(found.site):
        raise NoSuchEnrolment(f"there is no enrolment {enrolment_id}")
    if found.status is EnrolmentStatus.ERASED:
        raise EnrolmentErased(f"enrolment {enrolment_id} was erased")
    if found.status is EnrolmentStatus.ENROLLED and found.person_key is not None:
        person = uow.people.survivor_of(uow.people.by_key(found.person_key))
        raise NothingToErase(f"the enrolment is of the person with the number {person.number}: give that", "name")
    if found.status is EnrolmentStatus.IN_REVIEW and found.person_key is not None:
        return of_person(uow, uow.people.by_key(found.person_key))
    return of_refused(uow, found)


def _listed(cases: Sequence[UUID]) -> str:
    return ", ".join(f"case {one}" for one in cases)

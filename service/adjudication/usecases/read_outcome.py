"""Reading what became of an enrolment."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from service.adjudication.domain.cases import Case
from service.adjudication.ports import AdjudicationUnit
from service.audit.domain.actions import Action
from service.audit.domain.entries import Target
from service.enrolment.domain.enrolments import WAITING, CaptureRecord, Enrolment, EnrolmentStatus
from service.enrolment.errors import EnrolmentErased, NoSuchEnrolment
from service.kit.actor import Actor
from service.kit.unit import Storage
from service.registry.domain.households import Household
from service.registry.domain.people import Person


@dataclass(frozen=True, slots=True)
class Outcome:
    """person: as they stand today. household: where they live now, or the one the enrolment was for.

    candidates: how many people enrolled the case names. added_to: to whom the captures are to be added, today.
    """

    enrolment: Enrolment
    captures: Sequence[CaptureRecord]
    person: Person | None
    household: Household | None
    case: Case | None
    candidates: int = 0
    added_to: Person | None = None


def read_outcome(enrolment_id: UUID, *, actor: Actor, storage: Storage[AdjudicationUnit]) -> Outcome:
    """One enrolment and what became of it.

    Raises NoSuchEnrolment, also for one of a site the actor does not reach, and EnrolmentErased.
    """
    with storage.read() as uow:
        found = _found(uow, enrolment_id, actor)
        today = uow.people.survivors_of({key for key in (found.person_key, found.adds_to_key) if key is not None})
        person = None if found.person_key is None else today[found.person_key]
        added_to = None if found.adds_to_key is None else today[found.adds_to_key]
        captures, case = uow.enrolments.captures(found.key), uow.cases.of_enrolment(found.key)
        candidates = 0 if case is None else len(uow.cases.candidates(case.key))
        people = {one.id for one in today.values()}
        uow.audit.note(actor, Action.ENROLMENT_READ, Target("enrolment", str(enrolment_id)), people=people)
        return Outcome(found, captures, person, _home(uow, found, person), case, candidates, added_to)


def has_outcome(enrolment_id: UUID, *, actor: Actor, storage: Storage[AdjudicationUnit]) -> bool:
    """Whether an enrolment has its outcome, and nothing else of it. Raises NoSuchEnrolment, EnrolmentErased."""
    with storage.read() as uow:
        return _found(uow, enrolment_id, actor).status not in WAITING


def _found(uow: AdjudicationUnit, enrolment_id: UUID, actor: Actor) -> Enrolment:
    found = uow.enrolments.by_id(enrolment_id)
    if found is None or not actor.reaches(found.site):
        raise NoSuchEnrolment(f"there is no enrolment {enrolment_id}")
    if found.status is EnrolmentStatus.ERASED:
        raise EnrolmentErased(f"enrolment {enrolment_id} was erased")
    return found


def _home(uow: AdjudicationUnit, found: Enrolment, person: Person | None) -> Household | None:
    membership = None if person is None else uow.households.current_of(person.key)
    key = found.household_key if membership is None else membership.household_key
    return None if key is None else uow.households.survivor_of(uow.households.by_key(key))

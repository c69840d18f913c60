"""The moment a person is settled: a number, a household ID, an outcome for what waited."""

from datetime import datetime

from service.adjudication.ports import AdjudicationUnit
from service.enrolment.domain.enrolments import EnrolmentStatus
from service.registry.domain.identifiers import new_person_number
from service.registry.domain.people import Person, PersonStatus
from service.registry.steps.people import names_of
from service.registry.steps.residence import complete_household


def finalise(uow: AdjudicationUnit, person: Person, now: datetime, number_length: int) -> None:
    """Issue what a person is due whom no open case holds back, and finish the enrolments that waited for it.

    A person who already has a number keeps it.
    """
    uow.flush()
    names = names_of(uow, person)
    if uow.cases.holding_back(names):
        return
    if person.number is None:
        person.activate(new_person_number(uow.people.number_taken, number_length))
    assert person.status is PersonStatus.ACTIVE
    complete_household(uow, person)
    for enrolment in uow.enrolments.in_review_of(names):
        enrolment.finish(EnrolmentStatus.ENROLLED, now)

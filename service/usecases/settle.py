"""The moment a newcomer is known to be somebody new: a number, a household ID, an outcome."""

from datetime import datetime

from service.domain.enrolments import EnrolmentStatus
from service.domain.identifiers import new_person_number
from service.domain.people import Person, PersonStatus
from service.ports import UnitOfWork
from service.usecases import households


def settle(uow: UnitOfWork, person: Person, now: datetime, number_length: int) -> None:
    """Activate a person no open case holds back, and finish the enrolments that waited for it.

    A person who already has a number keeps it.
    """
    uow.flush()
    names = names_of(uow, person)
    if uow.cases.holding_back(names):
        return
    if person.number is None:
        person.activate(new_person_number(uow.people.number_taken, number_length))
    assert person.status is PersonStatus.ACTIVE
    households.complete(uow, person)
    for enrolment in uow.enrolments.in_review_of(names):
        enrolment.finish(EnrolmentStatus.ENROLLED, now)


def names_of(uow: UnitOfWork, person: Person) -> list[int]:
    """The person's key, and those of everybody merged into them."""
    return [person.key, *(alias.key for alias in uow.people.aliases_of(person.key))]

"""What follows once captures are a person's who was there before."""

from datetime import datetime

from service.enrolment.domain.enrolments import Enrolment
from service.enrolment.ports import EnrolmentUnit
from service.registry.domain.people import Person
from service.tasks.domain.tasks import Outcome, TaskKind, of_person
from service.tasks.steps.open import settle_task


def note_added(uow: EnrolmentUnit, enrolment: Enrolment, person: Person, *, by: str, now: datetime) -> None:
    """The enrolment is the person's from now on, and captures that were due are there. by: the actor's ID."""
    assert enrolment.adds_to_key is not None
    enrolment.adds_to_key = person.key
    settle_task(uow, TaskKind.CAPTURES_DUE, of_person(person.key), Outcome.CAPTURES_ADDED, by=by, now=now)

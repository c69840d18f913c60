"""The moment people are settled: numbers, household IDs, an outcome for what waited."""

from collections.abc import Sequence
from datetime import datetime

from service.adjudication.ports import AdjudicationUnit
from service.enrolment.domain.enrolments import EnrolmentStatus
from service.registry.domain.identifiers import new_person_numbers
from service.registry.domain.people import Person
from service.registry.steps.residence import complete_households


def finalise(uow: AdjudicationUnit, people: Sequence[Person], now: datetime, number_length: int) -> None:
    """Issue what people are due whom no open case holds back, and finish the enrolments that waited for it.

    A person who already has a number keeps it. In a constant number of queries however many people there are.
    """
    uow.flush()
    aliases = uow.people.aliases_of_many([one.key for one in people])
    names = {one.key: {one.key, *(alias.key for alias in aliases.get(one.key, ()))} for one in people}
    held_back = {case.person_key for case in uow.cases.holding_back(list(set().union(*names.values())))}
    settled = [one for one in people if not held_back & names[one.key]]
    new = [one for one in settled if one.number is None]
    numbers = new_person_numbers(len(new), uow.people.numbers_taken, number_length)
    for person, number in zip(new, numbers, strict=True):
        person.activate(number)
    complete_households(uow, settled)
    for enrolment in uow.enrolments.in_review_of(list(set().union(*(names[one.key] for one in settled)))):
        enrolment.finish(EnrolmentStatus.ENROLLED, now)

"""No one decides about people they enrolled themselves."""

from dataclasses import replace

import pytest
from sqlalchemy import Engine

from service.adjudication.domain.cases import Decision
from service.adjudication.errors import CaseClosed, OwnEnrolment
from service.adjudication.usecases.decide import DecideCase, decide_case
from service.kit.actor import Actor
from service.storage.unit import SqlStorage
from tests.service.adjudication.test_decide import NUMBERS, OPERATOR, Desk, Visit
from tests.service.conftest import Noon
from tests.service.made_up import all_rows

BOTH_AT_ONCE = replace(OPERATOR, id="token:counter and desk")


def sent_by(storage: SqlStorage, visit: Visit, actor: Actor) -> None:
    with storage.write() as uow:
        enrolment = uow.enrolments.by_id(visit.enrolment)
        assert enrolment is not None
        enrolment.sent_by = actor.id
        uow.commit()


def decide(storage: SqlStorage, visit: Visit, actor: Actor, survivor: Visit | None = None) -> None:
    assert visit.case is not None
    decision = Decision.DISTINCT if survivor is None else Decision.SAME_PERSON
    command = DecideCase(visit.case, decision, "compared", None if survivor is None else survivor.person)
    decide_case(command, actor=actor, storage=storage, clock=Noon(), number_length=10)


@pytest.mark.parametrize("own", ["the subject", "a candidate that is not even chosen"])
def test_who_enrolled_a_person_of_the_case_does_not_decide_it(storage: SqlStorage, database: Engine, own: str) -> None:
    desk = Desk(storage)
    first, other = desk.enrolled(NUMBERS[0]), desk.enrolled(NUMBERS[1])
    visit = desk.in_review(first, other)
    sent_by(storage, visit if own == "the subject" else other, BOTH_AT_ONCE)
    before = all_rows(database)
    for survivor in (None, first):
        with pytest.raises(OwnEnrolment):
            decide(storage, visit, BOTH_AT_ONCE, survivor)
    assert all_rows(database) == before
    decide(storage, visit, OPERATOR, first)
    with pytest.raises(CaseClosed):
        decide(storage, visit, OPERATOR, first)


def test_nor_who_enrolled_someone_merged_into_a_person_of_the_case(storage: SqlStorage) -> None:
    desk = Desk(storage)
    first = desk.enrolled(NUMBERS[0])
    merged = desk.in_review(first)
    decide(storage, merged, OPERATOR, first)
    visit = desk.in_review(first)
    sent_by(storage, merged, BOTH_AT_ONCE)
    with pytest.raises(OwnEnrolment):
        decide(storage, visit, BOTH_AT_ONCE)

"""Deciding cases, on both kinds of database: all that follows is kept together, or nothing is."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from service.adjudication.domain.cases import Case, CaseStatus, Decision
from service.adjudication.domain.evidence import Candidate, Hypothesis, Thresholds
from service.adjudication.errors import CaseClosed, NoSuchCase, UnknownSurvivor
from service.adjudication.steps.open_case import open_case
from service.adjudication.usecases.decide import DecideCase, decide_case
from service.enrolment.domain.enrolments import Enrolment, EnrolmentStatus
from service.enrolment.ports import TEMPLATES, TemplateRecord
from service.kit.actor import Actor
from service.kit.errors import JisrError, MalformedRequest
from service.kit.ids import new_uuid
from service.registry.domain.households import HouseholdClaim, Role
from service.registry.domain.identifiers import is_household_id, is_person_number
from service.registry.domain.people import Person, PersonStatus
from service.registry.steps.residence import Joining, complete_households, find_households, join
from service.storage.unit import SqlStorage, SqlUnitOfWork
from tests.service.conftest import Noon
from tests.service.made_up import AMINA, NOW, TESTER, TODAY, all_rows, sent, stored_capture

OPERATOR = Actor("token:the desk", "adjudicator", None, "test", "a request")
NUMBERS = ("2345678901", "3456789012")


@dataclass(frozen=True)
class Visit:
    """One enrolment, whose person and case a test looks at. case: None where it was unique."""

    enrolment: UUID
    person: UUID
    person_key: int
    capture_key: int
    household: str
    case: UUID | None = None


@dataclass
class Desk:
    """A registry of enrolments that are concluded, as `conclude` leaves them. Everyone claims a home of their own."""

    storage: SqlStorage

    def enrolled(self, number: str) -> Visit:
        return self._visit(number, ())

    def in_review(self, *candidates: Visit) -> Visit:
        """A subject who resembles these."""
        return self._visit(None, candidates)

    def _visit(self, number: str | None, candidates: tuple[Visit, ...]) -> Visit:
        with self.storage.write() as uow:
            enrolment, home = sent(), str(new_uuid())
            uow.enrolments.add(enrolment)
            status = PersonStatus.PENDING if number is None else PersonStatus.ACTIVE
            person = Person(new_uuid(), AMINA, NOW, status, number)
            uow.people.add(person)
            uow.flush()
            enrolment.person_key = person.key
            enrolment.finish(EnrolmentStatus.ENROLLED if number else EnrolmentStatus.IN_REVIEW, NOW)
            record = stored_capture(uow, enrolment)
            uow.templates.add({person.key: [TemplateRecord(record.key, "face", "a model", b"x")]})
            (household,) = join(uow, [Joining(HouseholdClaim(home, Role.HEAD), person, TODAY)], NOW, TESTER)
            enrolment.household_key = household.key
            if number is not None:
                complete_households(uow, [person])
            case = self._opened(uow, enrolment, person, candidates) if candidates else None
            uow.changes.note(TEMPLATES, person.key)
            uow.commit()
        return Visit(enrolment.id, person.id, person.key, record.key, home, case.id if case else None)

    def _opened(self, uow: SqlUnitOfWork, enrolment: Enrolment, person: Person, candidates: tuple[Visit, ...]) -> Case:
        shown = [
            Candidate(one.person_key, 9.0 - place, 9.0 - place, Hypothesis.AS_STATED, {})
            for place, one in enumerate(candidates)
        ]
        thresholds = Thresholds(4, 6)
        return open_case(
            uow, person.key, shown, thresholds=thresholds, gallery_size=9, now=NOW, enrolment_key=enrolment.key
        )

    def decide(
        self, visit: Visit, decision: Decision, survivor: UUID | None = None, merged: tuple[UUID, ...] = ()
    ) -> None:
        assert visit.case is not None
        self.send(DecideCase(visit.case, decision, "compared both portraits", survivor, merged))

    def send(self, command: DecideCase) -> None:
        decide_case(command, actor=OPERATOR, storage=self.storage, clock=Noon(), number_length=10)

    def person(self, visit: Visit) -> Person:
        with self.storage.read() as uow:
            return uow.people.by_key(visit.person_key)

    def enrolment(self, visit: Visit) -> Enrolment:
        with self.storage.read() as uow:
            found = uow.enrolments.by_id(visit.enrolment)
            assert found is not None
            return found

    def household_id(self, visit: Visit) -> str | None:
        """Of the home that a visit claimed, as it is known today."""
        with self.storage.read() as uow:
            return find_households(uow, [visit.household])[visit.household].household_id

    def members(self, visit: Visit) -> list[int]:
        with self.storage.read() as uow:
            home = find_households(uow, [visit.household])[visit.household]
            return [one.person_key for one in uow.households.members(home.key)]

    def captures_of(self, *visits: Visit) -> list[list[int]]:
        """The captures whose templates each person has."""
        with self.storage.read() as uow:
            found = uow.templates.of_people([one.person_key for one in visits])
            return [[each.capture_key for each in found.get(one.person_key, ())] for one in visits]

    def noted(self, before: int) -> list[int]:
        """The people whose templates changed since, as readers of the change feed are told."""
        with self.storage.read() as uow:
            return uow.changes.after(TEMPLATES, before)[1]

    def last_change(self) -> int:
        with self.storage.read() as uow:
            return uow.changes.last()

    def assert_decided(self, visit: Visit, decision: Decision, survivor: Visit | None = None) -> None:
        with self.storage.read() as uow:
            assert visit.case is not None
            case = uow.cases.by_id(visit.case)
            assert case is not None
            assert (case.status, case.decision, case.reason) == (
                CaseStatus.DECIDED,
                decision,
                "compared both portraits",
            )
            assert (case.decided_by, case.decided_at) == (OPERATOR.id, Noon().now())
            assert case.survivor_key == (survivor and survivor.person_key)


@pytest.fixture
def desk(storage: SqlStorage) -> Desk:
    return Desk(storage)


def test_the_candidate_remains_with_number_household_and_both_captures(desk: Desk) -> None:
    first = desk.enrolled(NUMBERS[0])
    subject, home, before = desk.in_review(first), desk.household_id(first), desk.last_change()
    desk.decide(subject, Decision.SAME_PERSON, first.person)

    desk.assert_decided(subject, Decision.SAME_PERSON, first)
    merged, remains = desk.person(subject), desk.person(first)
    assert (merged.status, merged.survivor_key, merged.number) == (PersonStatus.MERGED, first.person_key, None)
    assert (remains.status, remains.number) == (PersonStatus.ACTIVE, NUMBERS[0])
    assert desk.captures_of(first, subject) == [[first.capture_key, subject.capture_key], []]
    assert desk.household_id(subject) == desk.household_id(first) == home
    assert desk.members(subject) == desk.members(first) == [first.person_key]
    enrolment = desk.enrolment(subject)
    assert (enrolment.status, enrolment.finished_at, enrolment.reason) == (EnrolmentStatus.ENROLLED, Noon().now(), None)
    assert desk.noted(before) == [subject.person_key, first.person_key]


def test_the_subject_remains_with_a_number_and_the_old_number_leads_there(desk: Desk) -> None:
    first = desk.enrolled(NUMBERS[0])
    subject, before = desk.in_review(first), desk.last_change()
    desk.decide(subject, Decision.SAME_PERSON, subject.person)

    desk.assert_decided(subject, Decision.SAME_PERSON, subject)
    remains, merged = desk.person(subject), desk.person(first)
    assert remains.status is PersonStatus.ACTIVE
    assert remains.number is not None
    assert is_person_number(remains.number)
    assert (merged.status, merged.number, merged.survivor_key) == (
        PersonStatus.MERGED,
        NUMBERS[0],
        subject.person_key,
    )
    assert desk.captures_of(first, subject) == [[], [first.capture_key, subject.capture_key]]
    assert desk.members(first) == desk.members(subject) == [subject.person_key]
    assert desk.enrolment(subject).status is EnrolmentStatus.ENROLLED
    assert desk.noted(before) == [first.person_key, subject.person_key]


def test_distinct_gives_a_number_and_completes_the_household(desk: Desk) -> None:
    first = desk.enrolled(NUMBERS[0])
    subject, before = desk.in_review(first), desk.last_change()
    assert desk.household_id(subject) is None
    desk.decide(subject, Decision.DISTINCT)

    desk.assert_decided(subject, Decision.DISTINCT)
    person, household = desk.person(subject), desk.household_id(subject)
    assert person.status is PersonStatus.ACTIVE
    assert person.number is not None
    assert is_person_number(person.number)
    assert household is not None
    assert is_household_id(household)
    assert household != desk.household_id(first)
    assert desk.members(subject) == [subject.person_key]
    enrolment = desk.enrolment(subject)
    assert (enrolment.status, enrolment.finished_at) == (EnrolmentStatus.ENROLLED, Noon().now())
    assert desk.captures_of(first, subject) == [[first.capture_key], [subject.capture_key]]
    assert desk.noted(before) == []  # searched before and after, with the same templates


@pytest.mark.parametrize("decision", [Decision.DATA_ERROR, Decision.INSUFFICIENT])
def test_captures_taken_back_leave_the_gallery_and_their_person_withdraws(desk: Desk, decision: Decision) -> None:
    first = desk.enrolled(NUMBERS[0])
    subject, before = desk.in_review(first), desk.last_change()
    desk.decide(subject, decision)

    desk.assert_decided(subject, decision)
    person = desk.person(subject)
    assert (person.status, person.number) == (PersonStatus.WITHDRAWN, None)
    assert desk.members(subject) == []
    assert desk.household_id(subject) is None
    assert desk.captures_of(first, subject) == [[first.capture_key], []]
    enrolment = desk.enrolment(subject)
    assert (enrolment.status, enrolment.finished_at, enrolment.reason) == (
        EnrolmentStatus.UNUSABLE,
        Noon().now(),
        decision,
    )
    assert desk.noted(before) == [subject.person_key]


def test_a_person_whom_another_case_holds_back_gets_no_number_yet(desk: Desk) -> None:
    first = desk.enrolled(NUMBERS[0])
    second = desk.in_review(first)
    third = desk.in_review(second)
    desk.decide(third, Decision.SAME_PERSON, second.person)
    assert desk.person(second).number is None
    assert desk.enrolment(third).status is EnrolmentStatus.IN_REVIEW
    desk.decide(second, Decision.DISTINCT)
    assert desk.person(second).number is not None
    assert [desk.enrolment(one).status for one in (second, third)] == [EnrolmentStatus.ENROLLED] * 2


def test_the_subject_is_one_with_the_survivor_though_only_another_is_named(desk: Desk) -> None:
    first, other = (desk.enrolled(number) for number in NUMBERS)
    subject = desk.in_review(first, other)
    desk.decide(subject, Decision.SAME_PERSON, first.person, (other.person,))
    assert [desk.person(one).survivor_key for one in (subject, other)] == [first.person_key] * 2
    assert desk.enrolment(subject).status is EnrolmentStatus.ENROLLED


@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sets(st.integers(0, 5), max_size=3), min_size=2, max_size=6), st.data())
def test_once_all_cases_are_decided_nobody_waits(
    new_storage: Callable[[], AbstractContextManager[SqlStorage]], resembling: list[set[int]], data: st.DataObject
) -> None:
    """resembling: those whom each subject resembles, by their place among those before; without any, it is unique."""
    with new_storage() as storage:
        desk = Desk(storage)
        visits = [desk.enrolled(NUMBERS[0])]
        for places in resembling:
            before = [visits[place] for place in sorted(places) if place < len(visits)] or visits[:1]
            visits.append(desk.in_review(*before))
        waiting = visits[1:]
        while waiting:
            subject = data.draw(st.sampled_from(waiting), "subject")
            decision = data.draw(st.sampled_from(Decision), "decision")
            people = [one.person for one in visits]
            survivor = data.draw(st.sampled_from(people), "survivor")
            merged = data.draw(st.sets(st.sampled_from(people), max_size=2), "merged")
            try:
                desk.decide(subject, decision, survivor, tuple(merged))
            except (UnknownSurvivor, MalformedRequest):
                desk.decide(subject, Decision.DISTINCT)
            waiting.remove(subject)
        people_now = [desk.person(one) for one in visits]
        assert PersonStatus.PENDING not in [one.status for one in people_now]
        assert all(one.number for one in people_now if one.status is PersonStatus.ACTIVE)
        assert EnrolmentStatus.IN_REVIEW not in [desk.enrolment(one).status for one in visits]


def closed(desk: Desk, subject: Visit, people: list[Visit]) -> DecideCase:
    desk.decide(subject, Decision.DISTINCT)
    return asking(subject, Decision.DATA_ERROR)


def asking(visit: Visit, decision: Decision, survivor: UUID | None = None, merged: tuple[UUID, ...] = ()) -> DecideCase:
    assert visit.case is not None
    return DecideCase(visit.case, decision, "compared", survivor, merged)


Ask = Callable[[Desk, Visit, list[Visit]], DecideCase]
SAME = Decision.SAME_PERSON
REFUSED: dict[str, tuple[Ask, type[JisrError]]] = {
    "no survivor": (lambda desk, subject, people: asking(subject, SAME), MalformedRequest),
    "a survivor of another case": (lambda desk, subject, people: asking(subject, SAME, new_uuid()), UnknownSurvivor),
    "a stranger among the merged": (
        lambda desk, subject, people: asking(subject, SAME, people[0].person, (subject.person, new_uuid())),
        UnknownSurvivor,
    ),
    "the subject remains, of two candidates": (
        lambda desk, subject, people: asking(subject, SAME, subject.person),
        MalformedRequest,
    ),
    "an unknown case": (
        lambda desk, subject, people: DecideCase(new_uuid(), Decision.DISTINCT, "compared"),
        NoSuchCase,
    ),
    "a case that is closed": (closed, CaseClosed),
}


@pytest.mark.parametrize("case", REFUSED)
def test_nothing_is_kept_of_a_decision_that_is_refused(desk: Desk, database: Engine, case: str) -> None:
    people = [desk.enrolled(number) for number in NUMBERS]
    subject = desk.in_review(*people)
    ask, error = REFUSED[case]
    command = ask(desk, subject, people)
    before = all_rows(database)
    with pytest.raises(error):
        desk.send(command)
    assert all_rows(database) == before


def test_nothing_is_kept_where_a_number_would_lead_to_a_person_without_one(desk: Desk, database: Engine) -> None:
    """Refused late, once the case was closed in the same transaction."""
    first = desk.enrolled(NUMBERS[0])
    second = desk.in_review(first)
    third = desk.in_review(first, second)
    before = all_rows(database)
    with pytest.raises(UnknownSurvivor, match="still under review"):
        desk.decide(third, SAME, second.person, (first.person, third.person))
    assert all_rows(database) == before

"""Captures added to a person, on both kinds of database. The people are made up, all else is real."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path

import pytest

from matcher import Position, Template, TooFewFeatures, template_from_bytes, template_to_bytes
from service.adjudication.domain.cases import Case, Decision
from service.adjudication.domain.evidence import Band, Candidate, Hypothesis, Thresholds
from service.adjudication.errors import UnknownSurvivor
from service.adjudication.usecases.decide import DecideCase, decide_case
from service.adjudication.usecases.read_cases import read_case
from service.audit.domain.actions import Action
from service.audit.ports import EntryQuery
from service.bootstrap import Recognition
from service.deduplication.domain.search import Generations, SearchPolicy, belong_to
from service.deduplication.steps.generations import searched_of
from service.deduplication.steps.replica import Replica
from service.deduplication.steps.searched import Extracted, Searched
from service.deduplication.usecases.add_captures import record_added
from service.deduplication.usecases.conclude import record_batch, search_batch
from service.deduplication.usecases.process import _batches
from service.enrolment.domain.enrolments import CAPTURE_MISSING, NO_USABLE_CAPTURE, PERSON_GONE, Enrolment
from service.enrolment.domain.enrolments import EnrolmentStatus as Status
from service.kit.errors import MalformedRequest
from service.registry.domain.people import Person, PersonStatus
from service.storage.unit import SqlStorage
from service.tasks.domain.tasks import Outcome, TaskKind, of_person
from service.tasks.ports import TaskQuery
from service.tasks.steps.open import open_task
from tests.matcher.made_up import again
from tests.service.conftest import Noon
from tests.service.made_up import NOW, TESTER, enrolled, of_extractor, sent, stored_capture

FACE, THUMB, INDEX = Position.FACE, Position.RIGHT_THUMB, Position.RIGHT_INDEX
BOTH = (FACE, THUMB)
POLICY = SearchPolicy(fpir_review=0.5, fpir_duplicate=0.005, candidates=3)
AMINA, MOUSSA, STRANGER = 1, 2, 3
Shots = Sequence[tuple[int, Position]]
"""Of whom, and of which position."""


@dataclass
class Registry:
    """Amina and Moussa, each with a face and a thumb unless stated otherwise."""

    storage: SqlStorage
    recognition: Recognition
    times: "count[int]" = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self.recognition.index.clear()
        self.replica = Replica(self.recognition.index, Path("no snapshots"))

    def templates(self, shots: Shots) -> list[Template]:
        made = [again(who, [position], time=next(self.times), noise=0.4)[0] for who, position in shots]
        return of_extractor(self.recognition.extractor, made)

    def people(self, *positions: Sequence[Position]) -> list[int]:
        """Amina, then Moussa, each with these positions; their keys."""
        people = [self.templates([(who, one) for one in some]) for who, some in enumerate(positions, start=AMINA)]
        keys = enrolled(self.storage, people)
        with self.storage.write() as uow:
            open_task(uow, TaskKind.CAPTURES_DUE, of_person(keys[0]), now=NOW)
            uow.commit()
        return keys

    def received(self, owner: int | None, shots: Shots) -> Extracted:
        made = self.templates(shots)
        with self.storage.write() as uow:
            one = sent(adds_to_key=owner)
            uow.enrolments.add(one)
            uow.flush()
            keys = [stored_capture(uow, one, template.position).key for template in made]
            uow.commit()
        return Extracted(one.key, dict(zip(keys, made, strict=True)))

    def search(self, one: Extracted) -> Searched:
        return search_batch(
            [one],
            actor=TESTER,
            storage=self.storage,
            comparator=self.recognition.comparator,
            replica=self.replica,
            policy=POLICY,
        )

    def record(self, searched: Searched) -> Enrolment:
        record_added(
            searched,
            actor=TESTER,
            storage=self.storage,
            comparator=self.recognition.comparator,
            replica=self.replica,
            clock=Noon(),
            policy=POLICY,
        )
        return self.enrolment(searched.batch[0])

    def enrolment(self, one: Extracted) -> Enrolment:
        with self.storage.read() as uow:
            return uow.enrolments.by_key(one.enrolment_key)

    def add(self, owner: int, *shots: tuple[int, Position]) -> Enrolment:
        return self.record(self.search(self.received(owner, shots)))

    def case(self, one: Enrolment) -> tuple[Case, list[tuple[int, Band]]]:
        """And its candidates, strongest first."""
        with self.storage.read() as uow:
            case = uow.cases.of_enrolment(one.key)
            assert case is not None
            return case, [(each.person_key, each.band) for each in uow.cases.candidates(case.key)]

    def decide(self, one: Enrolment, decision: Decision, survivor: int | None = None) -> None:
        remains = None if survivor is None else self.person(survivor).id
        command = DecideCase(self.case(one)[0].id, decision, "compared", remains)
        decide_case(command, actor=TESTER, storage=self.storage, clock=Noon(), number_length=10)

    def person(self, key: int) -> Person:
        with self.storage.read() as uow:
            return uow.people.by_key(key)

    def positions(self, key: int) -> list[str]:
        with self.storage.read() as uow:
            return [one.position for one in uow.templates.of_people([key]).get(key, ())]

    def due(self) -> Outcome | None:
        """How the task that Amina's captures are due has ended."""
        with self.storage.read() as uow:
            (one,) = uow.tasks.page(TaskQuery())
            return one.outcome


@pytest.fixture
def registry(storage: SqlStorage, recognition: Recognition) -> Registry:
    return Registry(storage, recognition)


def test_captures_of_the_person_are_added_and_both_generations_are_found(registry: Registry) -> None:
    amina, moussa = registry.people(BOTH, BOTH)
    added = registry.add(amina, (AMINA, FACE), (AMINA, THUMB), (AMINA, INDEX))
    assert (added.status, added.person_key, added.reason) == (Status.ENROLLED, amina, None)
    assert registry.positions(amina) == [FACE, THUMB, FACE, THUMB, INDEX]
    assert registry.due() is Outcome.CAPTURES_ADDED
    assert registry.positions(moussa) == [FACE, THUMB]
    found = registry.search(registry.received(None, [(AMINA, INDEX)])).enrolled[0]
    assert found[0].person_key == amina
    with registry.storage.read() as uow:
        assert uow.cases.of_enrolment(added.key) is None
        noted = uow.audit_records.find(EntryQuery(people=[registry.person(amina).id]))
        assert [one.action for one in noted] == [Action.ENROLMENT_CONCLUDE]
        assert uow.searches.best_after(0, 9) == []  # no search of a newcomer


@pytest.mark.parametrize("there", [(), (FACE,)])
def test_where_nothing_is_comparable_and_no_one_else_is_found_they_are_added(
    registry: Registry, there: Sequence[Position]
) -> None:
    amina, _ = registry.people(there, BOTH)
    assert registry.add(amina, (AMINA, THUMB)).status is Status.ENROLLED
    assert registry.positions(amina) == [*there, THUMB]


def test_where_nothing_is_comparable_another_s_captures_make_a_case(registry: Registry) -> None:
    amina, moussa = registry.people((FACE,), BOTH)
    added = registry.add(amina, (MOUSSA, THUMB))
    case, candidates = registry.case(added)
    assert added.status is Status.IN_REVIEW
    assert candidates == [(moussa, Band.DUPLICATE), (amina, Band.UNIQUE)]
    assert (case.band, registry.positions(amina), registry.due()) == (Band.DUPLICATE, [FACE], None)
    view = read_case(case.id, actor=TESTER, storage=registry.storage)
    assert view.added_to is not None
    assert (view.added_to.key, view.subject.person.demographics.names) == (amina, ())
    registry.decide(added, Decision.SAME_PERSON, moussa)
    assert (registry.positions(amina), registry.positions(moussa)) == ([FACE], [FACE, THUMB, THUMB])
    with registry.storage.read() as uow:
        after = uow.enrolments.by_key(added.key)
    assert (after.status, after.adds_to_key, registry.due()) == (Status.ENROLLED, moussa, None)


def test_captures_that_do_not_resemble_the_person_make_a_case_that_names_them(registry: Registry) -> None:
    amina, _ = registry.people(BOTH, BOTH)
    added = registry.add(amina, (STRANGER, FACE), (STRANGER, THUMB))
    case, candidates = registry.case(added)
    assert (case.band, candidates) == (Band.REVIEW, [(amina, Band.UNIQUE)])
    assert registry.positions(case.person_key) == [FACE, THUMB]
    with pytest.raises(MalformedRequest) as refused:
        registry.decide(added, Decision.DISTINCT)
    assert refused.value.field == "decision"
    with pytest.raises(UnknownSurvivor):
        registry.decide(added, Decision.SAME_PERSON, case.person_key)
    registry.decide(added, Decision.SAME_PERSON, amina)
    assert registry.positions(amina) == [FACE, THUMB, FACE, THUMB]
    subject = registry.person(case.person_key)
    assert (subject.status, subject.number, registry.due()) == (PersonStatus.MERGED, None, Outcome.CAPTURES_ADDED)


def test_captures_that_are_taken_back_leave_nothing(registry: Registry) -> None:
    amina, _ = registry.people(BOTH, BOTH)
    added = registry.add(amina, (STRANGER, FACE))
    registry.decide(added, Decision.DATA_ERROR)
    case, _ = registry.case(added)
    subject = registry.person(case.person_key)
    assert (subject.status, subject.number, registry.positions(subject.key)) == (PersonStatus.WITHDRAWN, None, [])
    with registry.storage.read() as uow:
        assert uow.enrolments.by_key(added.key).status is Status.UNUSABLE
    assert (registry.positions(amina), registry.due()) == ([FACE, THUMB], None)


def test_captures_of_which_some_are_another_s_make_a_case(registry: Registry) -> None:
    amina, moussa = registry.people(BOTH, BOTH)
    added = registry.add(amina, (AMINA, FACE), (MOUSSA, THUMB))
    _, candidates = registry.case(added)
    assert {key for key, _ in candidates} == {amina, moussa}
    strange = registry.add(amina, (AMINA, FACE), (STRANGER, THUMB))
    assert strange.status is Status.IN_REVIEW


def test_captures_under_another_position_than_their_own_make_a_case(registry: Registry) -> None:
    (amina,) = registry.people((THUMB,))
    made = registry.templates([(AMINA, THUMB)])
    one = registry.received(amina, [(AMINA, INDEX)])
    (key,) = one.results
    moved = Extracted(one.enrolment_key, {key: replace(made[0], position=INDEX)})
    assert registry.record(registry.search(moved)).status is Status.IN_REVIEW


def test_captures_that_are_odd_by_themselves_make_a_case(registry: Registry) -> None:
    amina, _ = registry.people(BOTH, BOTH)
    one = registry.received(amina, [(AMINA, FACE), (AMINA, THUMB)])
    odd = Extracted(one.enrolment_key, one.results, repeated=[(FACE.value, THUMB.value)])
    added = registry.record(registry.search(odd))
    assert [mark.code for mark in registry.case(added)[0].marks] == ["identical_files"]


def test_who_comes_while_captures_are_in_review_is_compared_with_them(registry: Registry) -> None:
    amina, _ = registry.people(BOTH, BOTH)
    added = registry.add(amina, (STRANGER, FACE), (STRANGER, THUMB))
    subject = registry.case(added)[0].person_key
    newcomer = registry.received(None, [(STRANGER, FACE), (STRANGER, THUMB)])
    record_batch(
        registry.search(newcomer),
        actor=TESTER,
        storage=registry.storage,
        comparator=registry.recognition.comparator,
        replica=registry.replica,
        clock=Noon(),
        policy=POLICY,
        number_length=10,
    )
    second = registry.enrolment(newcomer)
    assert [key for key, _ in registry.case(second)[1]] == [subject]
    with pytest.raises(UnknownSurvivor):  # who has no name yet, and may be taken back
        registry.decide(second, Decision.SAME_PERSON, subject)


def test_what_was_searched_before_others_changed_is_decided_as_of_now(registry: Registry) -> None:
    amina, moussa = registry.people((FACE,), (FACE,))
    first, second = (registry.search(registry.received(moussa, [(STRANGER, THUMB)])) for _ in range(2))
    assert registry.record(first).status is Status.ENROLLED
    assert registry.record(second).status is Status.ENROLLED  # compared with what the first added
    third = registry.search(registry.received(amina, [(STRANGER, THUMB)]))
    with registry.storage.write() as uow:
        uow.changes.lock()
        uow.people.by_key(amina).merge_into(uow.people.by_key(moussa))
        uow.templates.move(amina, moussa)
        uow.commit()
    merged = registry.record(third)
    assert (merged.status, merged.person_key, merged.adds_to_key) == (Status.ENROLLED, moussa, moussa)
    assert registry.record(third).finished_at == merged.finished_at  # it has its outcome


def test_captures_of_no_use_are_added_to_no_one(registry: Registry) -> None:
    amina, moussa = registry.people(BOTH, BOTH)
    one, lost, gone = (registry.received(who, [(AMINA, FACE)]) for who in (amina, amina, moussa))
    (key,) = lost.results
    with registry.storage.write() as uow:
        uow.people.by_key(moussa).withdraw()
        uow.commit()
    for each, reason in (
        (Extracted(one.enrolment_key, dict.fromkeys(one.results, TooFewFeatures("x"))), NO_USABLE_CAPTURE),
        (Extracted(lost.enrolment_key, {}, {key: CAPTURE_MISSING}), CAPTURE_MISSING),
        (gone, PERSON_GONE),
    ):
        ended = registry.record(registry.search(each))
        assert (ended.status, ended.reason, ended.person_key) == (Status.UNUSABLE, reason, None)
    assert registry.positions(amina) == [FACE, THUMB]


def test_each_that_adds_captures_is_a_batch_by_itself() -> None:
    lot = [sent(adds_to_key=1 if letter == "a" else None, device=letter) for letter in "eeeaeaaee"]
    assert ["".join(one.device for one in batch) for batch in _batches(lot, 2)] == ["ee", "e", "a", "e", "a", "a", "ee"]
    assert list(_batches([], 2)) == []


def test_of_each_position_the_newest_alone_is_searched_where_a_setting_says_so(registry: Registry) -> None:
    (amina,) = registry.people(BOTH)
    registry.add(amina, (AMINA, THUMB))
    with registry.storage.read() as uow:
        records = uow.templates.of_people([amina])[amina]
    face, former, newest = records
    assert [one.position for one in records] == [FACE, THUMB, THUMB]
    assert len(searched_of(records, Generations.ALL)) == 3
    alone = [template_to_bytes(one) for one in searched_of(records[::-1], Generations.NEWEST)]
    assert alone == [newest.content, face.content]
    kept: list[float] = []
    for which in Generations:
        registry.recognition.index.clear()
        replica = Replica(registry.recognition.index, Path("no snapshots"), which)
        replica.build(registry.storage)
        probe = [template_from_bytes(former.content)]
        (found,) = registry.recognition.index.search(probe, 1)
        kept.append(round(found.evidence[THUMB].score, 3))
    assert kept[0] > kept[1]  # the very capture is found only among all


def candidate(person: int, rarity: float, hypothesis: Hypothesis = Hypothesis.AS_STATED) -> Candidate:
    return Candidate(person, rarity, rarity, hypothesis, {})


def test_only_what_is_certain_belongs_to_the_person() -> None:
    at = Thresholds(2, 4)
    assert belong_to(1, candidate(1, 4), [], at)
    assert belong_to(1, candidate(1, 4), [candidate(1, 9)], at)
    assert belong_to(1, None, [], at)
    assert not belong_to(1, candidate(1, 3.9), [], at)
    assert not belong_to(1, candidate(1, 9, Hypothesis.FACE_ALONE), [], at)
    assert not belong_to(1, candidate(1, 9), [candidate(2, 9)], at)
    assert not belong_to(1, None, [candidate(1, 9, Hypothesis.ANY_POSITION)], at)

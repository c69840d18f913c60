"""Searching and comparing with real captures, on both kinds of database; nothing is kept."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

import matcher
from matcher import Candidate, Comparator, Comparison, SearchIndex, Template
from service.adjudication.domain.cases import Decision
from service.adjudication.domain.evidence import OF_CAPTURES, Band, Hypothesis
from service.adjudication.usecases.decide import DecideCase, decide_case
from service.adjudication.usecases.read_outcome import Outcome, read_outcome
from service.bootstrap import App
from service.deduplication.errors import NothingToCompare
from service.deduplication.steps.replica import Replica
from service.deduplication.usecases.identify import Identification, Verification, identify, verify
from service.enrolment.domain.enrolments import ExceptionReason, PositionException
from service.enrolment.errors import CapturesRefused, NothingToEnrol
from service.registry.domain.people import PersonStatus
from service.registry.errors import NoSuchPerson
from tests.service.conftest import Noon
from tests.service.made_up import TESTER, all_rows, received, sent_captures

Shots = dict[str, bytes | str]
FIRST: Shots = {"face": "obama.jpg", "right_index": "p1_1.png"}
AGAIN: Shots = {"face": "obama2.jpg", "right_index": "p1_2.png"}
SECOND: Shots = {"face": "biden.jpg", "right_index": "p2_1.png"}


def enrol(app: App, shots: Shots, *exceptions: PositionException) -> Outcome:
    """Received and processed."""
    enrolment = received(app, shots, exceptions=exceptions)
    app.worker.processor.process_waiting(actor=TESTER)
    return read_outcome(enrolment, actor=TESTER, storage=app.store.storage)


def number_of(outcome: Outcome) -> str:
    assert outcome.person is not None
    assert outcome.person.number is not None
    return outcome.person.number


def searched(app: App, shots: Shots, hypotheses: Sequence[Hypothesis] = OF_CAPTURES) -> Identification:
    return identify(
        sent_captures(shots),
        actor=TESTER,
        storage=app.store.storage,
        extractor=app.extractor,
        replica=app.replica,
        policy=app.policy,
        hypotheses=hypotheses,
    )


def compared(app: App, number: str, shots: Shots) -> Verification:
    return verify(
        number,
        sent_captures(shots),
        actor=TESTER,
        storage=app.store.storage,
        extractor=app.extractor,
        comparator=app.comparator,
        policy=app.policy,
    )


def test_a_person_is_found_by_later_captures_and_nothing_is_kept(app: App) -> None:
    number = number_of(enrol(app, FIRST))
    enrol(app, SECOND)
    before = all_rows(app.store.database)
    found = searched(app, AGAIN)
    assert (found.band, found.gallery_size) == (Band.DUPLICATE, 2)
    (one,) = found.found
    assert (one.person.number, one.band) == (number, Band.DUPLICATE)
    assert set(one.candidate.evidence) == {"face", "right_index"}
    assert one.candidate.log10_lr >= found.thresholds.duplicate_at > found.thresholds.review_at
    assert all_rows(app.store.database) == before


def test_an_empty_registry_finds_no_one(app: App) -> None:
    found = searched(app, FIRST)
    assert (found.band, found.gallery_size, found.found) == (Band.UNIQUE, 0, [])


def test_a_stranger_is_not_found(app: App) -> None:
    enrol(app, FIRST)
    found = searched(app, SECOND)
    assert (found.band, found.gallery_size, found.found) == (Band.UNIQUE, 1, [])


def test_a_finger_of_another_name_is_found_by_any_search(app: App) -> None:
    number = number_of(enrol(app, FIRST))
    swapped: Shots = {"left_thumb": AGAIN["right_index"]}
    for hypotheses in (OF_CAPTURES, (Hypothesis.ANY_POSITION,)):
        (one,) = searched(app, swapped, hypotheses).found
        assert one.person.number == number
        assert one.candidate.evidence["left_thumb"].found_at == "right_index"


def test_a_person_enrolled_by_another_process_is_found_at_once(app: App) -> None:
    """The index catches up with the database before it searches."""
    number = number_of(enrol(app, FIRST))
    app.replica.index.clear()
    app.replica.build(app.store.storage)
    second = number_of(enrol(app, SECOND))
    assert [one.person.number for one in searched(app, SECOND).found] == [second]
    assert [one.person.number for one in searched(app, AGAIN).found] == [number]


def test_after_a_merge_the_survivor_is_named_and_has_the_captures_of_both(app: App) -> None:
    first = enrol(app, {"face": "obama.jpg"})
    old = number_of(first)
    again = enrol(app, AGAIN)
    assert again.case is not None
    assert again.person is not None
    command = DecideCase(again.case.id, Decision.SAME_PERSON, "compared", again.person.id)
    decide_case(command, actor=TESTER, storage=app.store.storage, clock=Noon(), number_length=10)
    (one,) = searched(app, {"face": "obama3.jpg"}).found
    assert (one.person.id, one.person.status) == (again.person.id, PersonStatus.ACTIVE)
    assert one.person.number not in (None, old)
    assert [one.person.id for one in searched(app, {"right_index": "p1_1.png"}).found] == [again.person.id]

    verified = compared(app, old, FIRST)
    assert (verified.person.id, verified.band) == (again.person.id, Band.DUPLICATE)
    assert set(verified.evidence) == {"face", "right_index"}


def test_a_person_is_verified_by_their_own_captures_alone(app: App) -> None:
    number = number_of(enrol(app, FIRST))
    before = all_rows(app.store.database)
    yes, no = compared(app, number, AGAIN), compared(app, number, SECOND)
    assert (yes.band, no.band) == (Band.DUPLICATE, Band.UNIQUE)
    assert yes.log10_lr > yes.thresholds.duplicate_at > 0 > no.log10_lr
    assert yes.thresholds == no.thresholds == app.policy.thresholds(1)
    assert all_rows(app.store.database) == before


class CommonIndex(SearchIndex):
    """The real index; different people often reach what it finds."""

    def __init__(self, whole: object) -> None:
        vars(self).update(vars(whole))

    def search(
        self,
        templates: Sequence[Template],
        limit: int = 20,
        *,
        hypotheses: Sequence[matcher.Hypothesis] = tuple(matcher.Hypothesis),
    ) -> list[Candidate]:
        return [replace(one, rarity=2.5) for one in super().search(templates, limit, hypotheses=hypotheses)]


class CommonComparator(Comparator):
    """The real comparator, likewise."""

    def __init__(self, whole: object) -> None:
        vars(self).update(vars(whole))

    def compare(self, probe: Sequence[Template], reference: Sequence[Template]) -> Comparison:
        return replace(super().compare(probe, reference), rarity=2.5)


def test_rarity_is_judged_and_not_the_likelihood_ratio(app: App) -> None:
    """2.5 is in the band `review` of one person and in none of a hundred."""
    number = number_of(enrol(app, FIRST))
    common = replace(app, replica=Replica(CommonIndex(app.replica.index), Path("no snapshots")))
    found = searched(common, AGAIN)
    (one,) = found.found
    assert (found.band, one.band, one.candidate.rarity) == (Band.REVIEW, Band.REVIEW, 2.5)
    assert one.candidate.log10_lr > found.thresholds.duplicate_at
    rarer = replace(common, policy=replace(app.policy, fpir_review=0.0001, fpir_duplicate=0.0001))
    assert (searched(rarer, AGAIN).band, searched(rarer, AGAIN).found) == (Band.UNIQUE, [])
    verified = compared(replace(app, comparator=CommonComparator(app.comparator)), number, AGAIN)
    assert (verified.band, verified.rarity) == (Band.REVIEW, 2.5)
    assert verified.log10_lr > verified.thresholds.duplicate_at


def test_fingers_are_not_compared_to_a_face(app: App) -> None:
    number = number_of(enrol(app, {"face": "obama.jpg"}))
    with pytest.raises(NothingToCompare, match="enrolled with face"):
        compared(app, number, {"left_thumb": "p1_1.png"})
    without = number_of(enrol(app, {}, PositionException("face", ExceptionReason.REFUSED)))
    with pytest.raises(NothingToCompare, match="enrolled with no capture at all"):
        compared(app, without, FIRST)


def test_a_number_no_one_has_names_no_person(app: App) -> None:
    for number in ("2345678901", "", "no number"):
        with pytest.raises(NoSuchPerson):
            compared(app, number, FIRST)


def test_captures_that_cannot_be_searched_with_are_refused(app: App) -> None:
    with pytest.raises(NothingToEnrol):
        searched(app, {})
    with pytest.raises(CapturesRefused, match="face: "):
        searched(app, {"face": "p1_1.png", "right_index": "p1_1.png"})

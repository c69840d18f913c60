"""Which pairs of a walk get a case, on both kinds of database; the pairs are made up."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from service.adjudication.domain.cases import Case, CaseCandidate, CaseStatus, Decision, Origin
from service.adjudication.domain.evidence import Band, Candidate, Hypothesis, PositionEvidence, Thresholds
from service.adjudication.ports import CaseQuery
from service.adjudication.usecases.decide import DecideCase, decide_case
from service.deduplication.steps.pair_cases import open_cases
from service.enrolment.domain.enrolments import EnrolmentStatus
from service.kit.errors import NoSuchRow
from service.kit.ids import new_uuid
from service.registry.domain.people import PersonStatus
from service.storage.unit import SqlStorage
from tests.service.conftest import Noon
from tests.service.made_up import NOW, TESTER, enrolled, sent

EVIDENCE = {"face": PositionEvidence(0.71, 5.5)}
THRESHOLDS = Thresholds(4, 6)


@dataclass(frozen=True)
class Walked:
    """A registry of four people, and what a walk over it finds."""

    storage: SqlStorage
    keys: Sequence[int]

    def found(self, *pairs: tuple[int, int]) -> int:
        """A step has found pairs of these, by their place among the four; the number of cases opened."""
        return self.found_keys(*((self.keys[one], self.keys[other]) for one, other in pairs))

    def found_keys(self, *pairs: tuple[int, int]) -> int:
        made = [(one, other, Candidate(other, 5.5, 5.5, Hypothesis.AS_STATED, EVIDENCE)) for one, other in pairs]
        with self.storage.write() as uow:
            uow.changes.lock()
            opened = open_cases(uow, made, thresholds=THRESHOLDS, gallery_size=4, now=NOW)
            uow.commit()
        return opened

    def cases(self) -> list[Case]:
        with self.storage.read() as uow:
            return list(uow.cases.page(CaseQuery()))

    def decide(self, case: Case, decision: Decision, survivor: int | None = None) -> None:
        with self.storage.read() as uow:
            named = None if survivor is None else uow.people.by_key(self.keys[survivor]).id
        command = DecideCase(case.id, decision, "compared", named)
        decide_case(command, actor=TESTER, storage=self.storage, clock=Noon(), number_length=10)

    def enrolment_case(self, subject: int, *candidates: int) -> Case:
        """A case such as the worker opens."""
        with self.storage.write() as uow:
            person = uow.people.by_key(self.keys[subject])
            enrolment = sent(person_key=person.key, status=EnrolmentStatus.IN_REVIEW)
            person.status, person.number = PersonStatus.PENDING, None
            uow.enrolments.add(enrolment)
            uow.flush()
            case = Case(new_uuid(), enrolment.key, person.key, Band.REVIEW, 4, 6, 4, NOW)
            uow.cases.add(case)
            uow.flush()
            uow.cases.add_candidates(
                [
                    CaseCandidate(case.key, self.keys[one], rank, 5.5, 5.5, Hypothesis.AS_STATED, Band.REVIEW, EVIDENCE)
                    for rank, one in enumerate(candidates, start=1)
                ]
            )
            uow.commit()
        return case


@pytest.fixture
def walked(storage: SqlStorage) -> Walked:
    return Walked(storage, enrolled(storage, [[], [], [], []]))


def test_a_case_names_who_was_enrolled_later_as_the_subject_and_states_what_the_walk_saw(walked: Walked) -> None:
    assert walked.found((0, 2), (1, 3)) == 2
    first, second = walked.cases()
    assert (first.person_key, second.person_key) == (walked.keys[2], walked.keys[3])
    assert (first.origin, first.status, first.band) == (Origin.GALLERY, CaseStatus.OPEN, Band.REVIEW)
    assert (first.review_at, first.duplicate_at, first.gallery_size, first.opened_at) == (4, 6, 4, NOW)
    with walked.storage.read() as uow:
        (candidate,) = uow.cases.candidates(first.key)
    assert (candidate.person_key, candidate.rank, candidate.log10_lr) == (walked.keys[0], 1, 5.5)
    assert (candidate.band, candidate.evidence) == (Band.REVIEW, EVIDENCE)


def test_the_evidence_of_a_case_is_by_the_positions_of_its_subject(walked: Walked) -> None:
    """Of a pair it is by those of the lower key, who is the subject only once merged into a person enrolled later."""
    by_lower = {"face": PositionEvidence(0.71, 5.5), "right_thumb": PositionEvidence(0.2, 3.0, "left_index")}
    by_higher = {"face": by_lower["face"], "left_index": PositionEvidence(0.2, 3.0, "right_thumb")}
    walked.found((0, 3))
    walked.decide(walked.cases()[0], Decision.SAME_PERSON, survivor=3)
    pairs = [
        (
            walked.keys[one],
            walked.keys[other],
            Candidate(walked.keys[other], 8.0, 5.5, Hypothesis.ANY_POSITION, by_lower),
        )
        for one, other in ((1, 2), (0, 2))
    ]
    with walked.storage.write() as uow:
        uow.changes.lock()
        assert open_cases(uow, pairs, thresholds=THRESHOLDS, gallery_size=4, now=NOW) == 2
        uow.commit()
    _, first, second = walked.cases()
    assert [one.person_key for one in (first, second)] == [walked.keys[2], walked.keys[3]]
    with walked.storage.read() as uow:
        shown = [uow.cases.candidates(one.key)[0] for one in (first, second)]
    assert [one.evidence for one in shown] == [by_higher, by_lower]
    assert [one.person_key for one in shown] == [walked.keys[1], walked.keys[2]]
    assert {(one.rarity, one.log10_lr, one.hypothesis) for one in shown} == {(5.5, 8.0, Hypothesis.ANY_POSITION)}


def test_a_step_that_is_repeated_opens_nothing_twice(walked: Walked) -> None:
    """As one is whose cases were opened before the walk was killed, and whose rows were not kept."""
    assert walked.found((0, 2), (1, 3)) == 2
    assert walked.found((0, 2), (1, 3), (0, 1)) == 1
    assert len(walked.cases()) == 3


def test_a_step_opens_all_of_its_cases_or_none(walked: Walked) -> None:
    with pytest.raises(NoSuchRow):
        walked.found_keys((walked.keys[0], walked.keys[1]), (walked.keys[0], 999))
    assert walked.cases() == []


def test_walks_at_once_open_one_case_a_pair(walked: Walked) -> None:
    with ThreadPoolExecutor(4) as pool:
        opened = list(pool.map(lambda _: walked.found((0, 1), (2, 3)), range(4)))
    assert sum(opened) == len(walked.cases()) == 2


@pytest.mark.parametrize("pair", [(0, 2), (1, 2)])
def test_a_pair_of_an_enrolment_s_case_gets_no_other(walked: Walked, pair: tuple[int, int]) -> None:
    case = walked.enrolment_case(2, 0, 1)
    assert walked.found(pair) == 0
    walked.decide(case, Decision.DISTINCT)
    assert walked.found(pair) == 0
    assert walked.found((0, 1)) == 1  # both resembled the subject, but no one compared them


@pytest.mark.parametrize("decision", [Decision.DISTINCT, Decision.DATA_ERROR, Decision.INSUFFICIENT])
def test_who_was_decided_on_is_not_raised_again_under_any_of_their_names(walked: Walked, decision: Decision) -> None:
    walked.found((0, 1), (0, 2), (1, 3))
    first, second, third = walked.cases()
    walked.decide(first, decision)
    walked.decide(second, Decision.SAME_PERSON, survivor=2)  # 0 is another name of 2
    walked.decide(third, Decision.SAME_PERSON, survivor=3)  # and 1 of 3
    assert walked.found((2, 3)) == 0
    assert walked.found((0, 1)) == 0


def test_people_who_became_one_since_they_were_found_get_no_case(walked: Walked) -> None:
    walked.found((0, 1))
    (case,) = walked.cases()
    walked.decide(case, Decision.SAME_PERSON, survivor=0)
    assert walked.found((0, 1)) == 0
    assert walked.found((1, 2)) == 1
    with walked.storage.read() as uow:  # of the survivor
        assert uow.cases.candidates(walked.cases()[-1].key)[0].person_key == walked.keys[0]


def test_who_was_withdrawn_since_they_were_found_gets_no_case(walked: Walked) -> None:
    walked.decide(walked.enrolment_case(1, 0), Decision.DATA_ERROR)
    assert walked.found((1, 2)) == 0


def test_a_candidate_left_out_of_a_merge_is_compared_with_the_survivor(walked: Walked) -> None:
    """The decision made the subject one with the first; whether the second is that person too, it did not say."""
    walked.decide(walked.enrolment_case(2, 0, 1), Decision.SAME_PERSON, survivor=0)
    assert walked.found((0, 1)) == 1
    walked.decide(walked.cases()[-1], Decision.DISTINCT)
    assert walked.found((0, 1)) == 0


def test_a_decision_closes_the_cases_that_it_leaves_nothing_to_decide_in(walked: Walked) -> None:
    walked.found((0, 1), (0, 2), (1, 2), (0, 3), (2, 3))
    held = walked.enrolment_case(2, 0)
    by_pair = dict(zip(((0, 1), (0, 2), (1, 2), (0, 3), (2, 3)), walked.cases(), strict=False))
    walked.decide(by_pair[0, 1], Decision.SAME_PERSON, survivor=0)
    assert [one.status for one in walked.cases()] == [CaseStatus.DECIDED, *[CaseStatus.OPEN] * 5]
    walked.decide(by_pair[0, 2], Decision.SAME_PERSON, survivor=0)
    after = {one.id: one for one in walked.cases()}
    closed = after[by_pair[1, 2].id]
    assert (closed.status, closed.decision, closed.decided_by) == (CaseStatus.DECIDED, Decision.SAME_PERSON, TESTER.id)
    assert (closed.survivor_key, closed.decided_at) == (walked.keys[0], Noon().now())
    for still in (by_pair[0, 3], by_pair[2, 3], held):  # of two people still, and an enrolment that waits for an answer
        assert after[still.id].status is CaseStatus.OPEN

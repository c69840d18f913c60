"""Enrolments concluded in batches, against one after the other. The people are made up, all else is real."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matcher import Candidate, Hypothesis, Position, Readings, SearchIndex, Template, TooFewFeatures
from service.adjudication.domain.cases import Decision
from service.adjudication.domain.evidence import Band
from service.adjudication.domain.marks import Mark
from service.adjudication.usecases.decide import DecideCase, decide_case
from service.bootstrap import Recognition
from service.deduplication.domain.search import SearchPolicy
from service.deduplication.steps.replica import Replica
from service.deduplication.steps.searched import Extracted, Searched
from service.deduplication.usecases.conclude import record_batch, search_batch
from service.enrolment.domain.enrolments import EnrolmentStatus
from service.registry.domain.households import HouseholdClaim, Role
from service.storage.unit import SqlStorage
from tests.matcher.made_up import again
from tests.service.conftest import Noon
from tests.service.made_up import TESTER, of_extractor, sent, stored_capture

THUMB, INDEX = Position.RIGHT_THUMB, Position.RIGHT_INDEX
KINDS = ((Position.FACE, THUMB), (Position.FACE,), (THUMB,), (THUMB, INDEX))
THUMB_TWICE = 3
"""The kind of visit in which one capture of the thumb is given as that of the index finger too."""
POLICY = SearchPolicy(fpir_review=0.5, fpir_duplicate=0.005, candidates=3)
Visit = tuple[int, int]
"""Who comes, and with which positions."""


class InterruptedIndex(SearchIndex):
    """The real index; something happens in the registry while it searches."""

    def __init__(self, whole: SearchIndex) -> None:
        vars(self).update(vars(whole))
        self.meanwhile: Callable[[], object] = lambda: None

    def search_many(
        self,
        templates_of_many: Sequence[Sequence[Template]],
        limit: int = 20,
        *,
        hypotheses: Sequence[Hypothesis] = tuple(Hypothesis),
        readings: Readings | None = None,
    ) -> list[list[Candidate]]:
        found = super().search_many(templates_of_many, limit, hypotheses=hypotheses, readings=readings)
        meanwhile, self.meanwhile = self.meanwhile, lambda: None
        meanwhile()
        return found


@dataclass
class Counter:
    """A registry whose enrolments come extracted. visits: one more makes other captures."""

    storage: SqlStorage
    recognition: Recognition
    index: InterruptedIndex = field(init=False)
    replica: Replica = field(init=False)
    ids: list[UUID] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.recognition.index.clear()
        self.index = InterruptedIndex(self.recognition.index)
        self.replica = Replica(self.index, Path("no snapshots"))

    def receive(self, visits: Sequence[Visit]) -> list[Extracted]:
        return [self._receive(who, KINDS[kind]) for who, kind in visits]

    def _receive(self, who: int, positions: Sequence[Position]) -> Extracted:
        time = len(self.ids) + 1
        made = of_extractor(self.recognition.extractor, again(who, positions, time=time, noise=0.6))
        twice = positions == KINDS[THUMB_TWICE]
        if twice:
            made[1] = replace(made[0], position=INDEX)
        with self.storage.write() as uow:
            one = sent(claim=HouseholdClaim(str(UUID(int=who)), Role.HEAD))
            uow.enrolments.add(one)
            uow.flush()
            keys = [stored_capture(uow, one, template.position).key for template in made]
            uow.commit()
        self.ids.append(one.id)
        repeated = [tuple(position.value for position in positions)] if twice else ()
        return Extracted(one.key, dict(zip(keys, made, strict=True)), repeated=repeated)

    def conclude(self, *batch: Extracted) -> None:
        self.record(self.search(*batch))

    def search(self, *batch: Extracted) -> Searched:
        return search_batch(
            batch,
            actor=TESTER,
            storage=self.storage,
            comparator=self.recognition.comparator,
            replica=self.replica,
            policy=POLICY,
        )

    def record(self, searched: Searched) -> None:
        record_batch(
            searched,
            actor=TESTER,
            storage=self.storage,
            comparator=self.recognition.comparator,
            replica=self.replica,
            clock=Noon(),
            policy=POLICY,
            number_length=10,
        )

    def decide(self, visit: int, decision: Decision, survivor: int | None = None) -> None:
        """About the case of a visit; the survivor is who came with another."""
        with self.storage.read() as uow:
            case = uow.cases.of_enrolment(self._key(uow, visit))
            assert case is not None
            remains = None
            if survivor is not None:
                person_key = uow.enrolments.by_key(self._key(uow, survivor)).person_key
                assert person_key is not None
                remains = uow.people.by_key(person_key).id
        command = DecideCase(case.id, decision, "compared", remains)
        decide_case(command, actor=TESTER, storage=self.storage, clock=Noon(), number_length=10)

    def outcomes(self) -> list[Any]:
        """Of all visits, in an order and in words that do not depend on how they were batched."""
        with self.storage.read() as uow:
            visit_of = {
                uow.enrolments.by_key(self._key(uow, visit)).person_key: visit for visit in range(len(self.ids))
            }
            return [list(self._outcome(uow, visit, visit_of)) for visit in range(len(self.ids))]

    def _outcome(self, uow: Any, visit: int, visit_of: dict[int | None, int]) -> Iterator[Any]:
        enrolment = uow.enrolments.by_key(self._key(uow, visit))
        yield enrolment.status
        yield enrolment.household_key
        case = uow.cases.of_enrolment(enrolment.key)
        if case is not None:
            yield case.band, case.gallery_size, round(case.review_at, 6), round(case.duplicate_at, 6), case.marks
            for one in uow.cases.candidates(case.key):
                ratios = {position: round(each.log10_lr, 3) for position, each in one.evidence.items()}
                yield visit_of[one.person_key], one.rank, one.band, round(one.rarity, 3), ratios

    def _key(self, uow: Any, visit: int) -> int:
        found = uow.enrolments.by_id(self.ids[visit])
        return int(found.key)


def one_after_another(storage: SqlStorage, recognition: Recognition, visits: Sequence[Visit]) -> list[Any]:
    """The slow twin."""
    counter = Counter(storage, recognition)
    for one in counter.receive(visits):
        counter.conclude(one)
    return counter.outcomes()


@pytest.mark.slow
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, len(KINDS) - 1)), min_size=2, max_size=9), st.data())
def test_batches_have_the_outcome_of_one_after_another(
    new_storage: Callable[[], AbstractContextManager[SqlStorage]],
    recognition: Recognition,
    visits: list[Visit],
    data: st.DataObject,
) -> None:
    with new_storage() as storage:
        wanted = one_after_another(storage, recognition, visits)
    with new_storage() as storage:
        counter = Counter(storage, recognition)
        waiting = counter.receive(visits)
        ahead: deque[Searched] = deque()
        while waiting or ahead:  # a batch may be searched before some of the earlier ones are recorded
            if waiting and (not ahead or data.draw(st.booleans(), "search ahead")):
                size = data.draw(st.integers(1, len(waiting)), "batch")
                ahead.append(counter.search(*waiting[:size]))
                waiting = waiting[size:]
            else:
                counter.record(ahead.popleft())
        assert counter.outcomes() == wanted


def test_two_posts_of_one_person_at_once_are_one_person_and_one_case(
    storage: SqlStorage, recognition: Recognition
) -> None:
    counter = Counter(storage, recognition)
    counter.conclude(*counter.receive([(1, 0), (1, 0)]))
    first, second = counter.outcomes()
    assert first[0] is EnrolmentStatus.ENROLLED
    assert second[0] is EnrolmentStatus.IN_REVIEW
    assert (second[2][0], second[3][0]) == (Band.DUPLICATE, 0)


def test_marks_open_a_case_of_their_own_and_hold_back_no_one_else(
    storage: SqlStorage, recognition: Recognition
) -> None:
    counter = Counter(storage, recognition)
    counter.conclude(*counter.receive([(1, THUMB_TWICE), (2, 0), (1, THUMB_TWICE)]))
    first, second, third = counter.outcomes()
    marks = (Mark("same_finger", (THUMB, INDEX)), Mark("identical_files", (THUMB, INDEX)))
    assert first[0] is EnrolmentStatus.IN_REVIEW
    assert (first[2][0], first[2][1], first[2][-1], first[3:]) == (Band.REVIEW, 0, marks, [])
    assert second[0] is EnrolmentStatus.ENROLLED
    assert (third[2][-1], [one[0] for one in third[3:]]) == (marks, [0])  # one case, with a candidate and marks
    counter.decide(0, Decision.DISTINCT)
    assert counter.outcomes()[0][0] is EnrolmentStatus.ENROLLED


def test_captures_with_marks_are_noted_though_nothing_could_be_extracted_from_one(
    storage: SqlStorage, recognition: Recognition
) -> None:
    counter = Counter(storage, recognition)
    (one,) = counter.receive([(1, THUMB_TWICE)])
    thumb, index = one.results
    results = {thumb: one.results[thumb], index: TooFewFeatures("3 minutiae")}
    counter.conclude(Extracted(one.enrolment_key, results, repeated=one.repeated))
    ((status, _, case),) = counter.outcomes()
    assert (status, [mark.code for mark in case[-1]]) == (EnrolmentStatus.IN_REVIEW, ["identical_files"])
    with storage.read() as uow:
        assert [uow.enrolments.capture(key).reasons for key in (thumb, index)] == [["identical_files"]] * 2


def test_a_person_enrolled_while_the_index_searched_is_found(storage: SqlStorage, recognition: Recognition) -> None:
    counter = Counter(storage, recognition)
    first, second, third = counter.receive([(1, 0), (2, 0), (1, 0)])
    counter.index.meanwhile = lambda: counter.conclude(second, third)
    counter.conclude(first)
    statuses = [one[0] for one in counter.outcomes()]
    assert statuses == [EnrolmentStatus.IN_REVIEW, EnrolmentStatus.ENROLLED, EnrolmentStatus.ENROLLED]
    case = counter.outcomes()[0][2]
    assert case[1] == 2  # people in the gallery as of the outcome


def test_a_person_merged_while_the_index_searched_is_found_under_the_survivor_s_name(
    storage: SqlStorage, recognition: Recognition
) -> None:
    counter = Counter(storage, recognition)
    first, second, third = counter.receive([(1, 0), (1, 0), (1, 0)])
    counter.conclude(first)
    counter.conclude(second)
    counter.index.meanwhile = lambda: counter.decide(1, Decision.SAME_PERSON, survivor=0)
    counter.conclude(third)
    *_, last = counter.outcomes()
    assert [candidate[0] for candidate in last[3:]] == [0]  # once, as the survivor, with both captures
    assert last[2][1] == 1


def test_a_person_whose_captures_were_taken_back_while_the_index_searched_is_not_found(
    storage: SqlStorage, recognition: Recognition
) -> None:
    counter = Counter(storage, recognition)
    first, second, third = counter.receive([(1, 0), (1, 0), (1, 0)])
    counter.conclude(first)
    counter.conclude(second)
    counter.index.meanwhile = lambda: counter.decide(1, Decision.DATA_ERROR)
    counter.conclude(third)
    *_, last = counter.outcomes()
    assert [candidate[0] for candidate in last[3:]] == [0]


def test_what_another_worker_has_concluded_is_left_as_it_is(storage: SqlStorage, recognition: Recognition) -> None:
    counter = Counter(storage, recognition)
    first, second = counter.receive([(1, 0), (2, 0)])
    counter.index.meanwhile = lambda: counter.conclude(first)
    counter.conclude(first, second)
    assert [one[0] for one in counter.outcomes()] == [EnrolmentStatus.ENROLLED] * 2
    with storage.read() as uow:
        assert len(uow.templates.searched(0)) == 2


def test_a_batch_is_concluded_whole_or_not_at_all(storage: SqlStorage, recognition: Recognition) -> None:
    counter = Counter(storage, recognition)
    first, second = counter.receive([(1, 0), (2, 0)])
    with pytest.raises(KeyError):
        counter.conclude(first, Extracted(second.enrolment_key, {99: TooFewFeatures("x")}))
    with storage.read() as uow:
        assert uow.enrolments.count_by_status() == {EnrolmentStatus.RECEIVED: 2}
        assert uow.changes.last() == 0


def test_captures_that_gave_nothing_are_noted_and_the_rest_is_searched(
    storage: SqlStorage, recognition: Recognition
) -> None:
    counter = Counter(storage, recognition)
    first, second, third = counter.receive([(1, 0), (1, 0), (2, 1)])
    face, thumb = second.results
    problem = TooFewFeatures("3 minutiae")
    counter.conclude(first)
    counter.conclude(Extracted(second.enrolment_key, {face: second.results[face], thumb: problem}))
    counter.conclude(Extracted(third.enrolment_key, dict.fromkeys(third.results, problem)))
    outcomes = counter.outcomes()
    assert [one[0] for one in outcomes[1:]] == [EnrolmentStatus.IN_REVIEW, EnrolmentStatus.UNUSABLE]
    with storage.read() as uow:
        record = uow.enrolments.capture(thumb)
        assert (record.problem, record.detail, record.quality) == ("too_few_features", "3 minutiae", None)
        assert uow.enrolments.capture(face).quality is not None

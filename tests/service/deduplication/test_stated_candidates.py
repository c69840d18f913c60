"""Cases by what people state, where captures share no position; and such evidence beside captures."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine

from matcher import Position, Template
from service.adjudication.domain.cases import Case, CaseCandidate
from service.adjudication.domain.evidence import Band, Hypothesis
from service.bootstrap import Recognition
from service.deduplication.domain.search import SearchPolicy
from service.deduplication.steps.replica import Replica
from service.deduplication.steps.searched import Extracted
from service.deduplication.usecases.conclude import record_batch, search_batch
from service.enrolment.domain.enrolments import EnrolmentStatus
from service.registry.domain.people import Demographics, Name
from service.storage.unit import SqlStorage
from tests.matcher.made_up import again
from tests.service.conftest import Noon
from tests.service.deduplication.test_check_statement import ARABIC, HASSAN, OTHERS, add
from tests.service.made_up import TESTER, of_extractor, sent, storage_of, stored_capture

POLICY = SearchPolicy(fpir_review=0.01, fpir_duplicate=0.0001, candidates=3)
FACE, THUMB = Position.FACE, Position.RIGHT_THUMB
Found = tuple[Case | None, Sequence[CaseCandidate]]
Enrol = Callable[[Demographics, int, Sequence[Position]], Found]


@pytest.fixture
def storage(database: Engine) -> SqlStorage:
    found = storage_of(database)
    add(found, *OTHERS)
    return found


@pytest.fixture
def enrol(storage: SqlStorage, recognition: Recognition) -> Enrol:
    """Enrol somebody, by their captures' owner; the case that came of it."""
    recognition.index.clear()
    replica, times = Replica(recognition.index, Path("no snapshots")), iter(range(1, 100))

    def enrol_one(who: Demographics, owner: int, positions: Sequence[Position]) -> Found:
        made: list[Template] = of_extractor(recognition.extractor, again(owner, positions, time=next(times), noise=0.6))
        with storage.write() as uow:
            one = sent(demographics=who)
            uow.enrolments.add(one)
            uow.flush()
            keys = [stored_capture(uow, one, template.position).key for template in made]
            uow.commit()
        batch = [Extracted(one.key, dict(zip(keys, made, strict=True)))]
        common = {"actor": TESTER, "storage": storage, "comparator": recognition.comparator, "replica": replica}
        searched = search_batch(batch, policy=POLICY, **common)  # type: ignore[arg-type]
        record_batch(searched, policy=POLICY, clock=Noon(), number_length=10, **common)  # type: ignore[arg-type]
        with storage.read() as uow:
            case = uow.cases.of_enrolment(one.key)
            assert (case is None) == (uow.enrolments.by_key(one.key).status is EnrolmentStatus.ENROLLED)
            return case, [] if case is None else uow.cases.candidates(case.key)

    return enrol_one


@pytest.mark.parametrize(("first", "second"), [([], []), ([FACE], []), ([FACE], [THUMB])])
def test_who_shares_no_position_gets_a_case_by_what_they_state(
    enrol: Enrol, first: Sequence[Position], second: Sequence[Position]
) -> None:
    assert enrol(HASSAN, 1, first) == (None, [])
    case, (candidate,) = enrol(ARABIC, 1, second)
    assert case is not None
    assert case.band is not Band.UNIQUE
    assert (candidate.hypothesis, candidate.evidence) == (Hypothesis.STATED_ALIKE, {})
    assert candidate.demographics is not None
    assert candidate.demographics["birth"].level == "day"


def test_captures_that_differ_outweigh_what_is_stated(enrol: Enrol) -> None:
    enrol(HASSAN, 1, [FACE, THUMB])
    assert enrol(HASSAN, 2, [FACE, THUMB]) == (None, [])


def test_captures_that_agree_are_not_lowered_by_what_is_stated(enrol: Enrol) -> None:
    enrol(HASSAN, 1, [FACE, THUMB])
    case, (candidate,) = enrol(Demographics((Name("Latn", "Khaled Idriss Bachir"),)), 1, [FACE, THUMB])
    assert case is not None
    assert case.band is candidate.band is Band.DUPLICATE
    assert candidate.hypothesis is Hypothesis.AS_STATED
    assert candidate.demographics is not None
    assert candidate.demographics["given"].log10_lr < 0


def test_a_twin_without_captures_is_no_case(enrol: Enrol) -> None:
    enrol(HASSAN, 1, [])
    twin = replace(HASSAN, names=(Name("Latn", "Bilal Robleh Waberi"), *HASSAN.names[1:]))
    assert enrol(twin, 2, []) == (None, [])


def test_what_is_kept_of_a_name_does_not_tell_which_it_is(enrol: Enrol) -> None:
    """Its exact weight would: it follows from how frequent the name is."""
    enrol(HASSAN, 1, [])
    case, (candidate,) = enrol(ARABIC, 1, [])
    assert case is not None
    assert candidate.demographics is not None
    for weight in (candidate.log10_lr, *(one.log10_lr for one in candidate.demographics.values())):
        assert weight == round(weight)
    edges = (case.review_at, case.duplicate_at)
    assert candidate.rarity * 2 == round(candidate.rarity * 2) or candidate.rarity in edges
    assert candidate.rarity >= case.review_at

import math

from hypothesis import given
from hypothesis import strategies as st

import matcher
from service.adjudication.domain.evidence import (
    OF_CAPTURES,
    Band,
    Candidate,
    Hypothesis,
    PositionEvidence,
    Thresholds,
    from_the_other_side,
)
from service.deduplication.domain.search import SearchPolicy, decide

THRESHOLDS = Thresholds(review_at=4, duplicate_at=6)


def candidate(key: int, rarity: float, log10_lr: float = 0) -> Candidate:
    return Candidate(key, log10_lr, rarity, Hypothesis.AS_STATED, {})


def test_both_thresholds_are_inclusive() -> None:
    bands = [THRESHOLDS.band(x) for x in (3.99, 4, 5.99, 6)]
    assert bands == [Band.UNIQUE, Band.REVIEW, Band.REVIEW, Band.DUPLICATE]


def test_the_strongest_candidate_decides_and_weak_ones_are_not_shown() -> None:
    band, shown = decide([candidate(1, 4.5), candidate(2, 7.0), candidate(3, 1.0)], THRESHOLDS)
    assert band is Band.DUPLICATE
    assert [one.person_key for one in shown] == [2, 1]


def test_equal_evidence_is_ordered_by_person() -> None:
    assert [one.person_key for one in decide([candidate(9, 5), candidate(2, 5)], THRESHOLDS)[1]] == [2, 9]


def test_rarity_decides_whatever_the_likelihood_ratio_and_orders_first() -> None:
    band, shown = decide([candidate(1, 3.9, log10_lr=9), candidate(2, 4.5, log10_lr=2)], THRESHOLDS)
    assert (band, [one.person_key for one in shown]) == (Band.REVIEW, [2])
    some = [candidate(1, 5, log10_lr=1), candidate(2, 5, log10_lr=3), candidate(3, 5.5, log10_lr=0)]
    assert [one.person_key for one in decide(some, THRESHOLDS)[1]] == [3, 2, 1]


def test_the_hypotheses_are_the_matcher_s() -> None:
    assert [one.value for one in OF_CAPTURES] == [one.value for one in matcher.Hypothesis]


def test_evidence_is_the_same_from_both_sides() -> None:
    face, thumb = PositionEvidence(0.7, 5.5), PositionEvidence(0.2, 3.0, "left_thumb")
    turned = from_the_other_side({"face": face, "right_thumb": thumb})
    assert turned == {"face": face, "left_thumb": PositionEvidence(0.2, 3.0, "right_thumb")}
    assert from_the_other_side(turned) == {"face": face, "right_thumb": thumb}


def test_from_the_other_side_a_print_is_shrunk_that_was_enlarged() -> None:
    turned = from_the_other_side({"right_thumb": PositionEvidence(0.2, 3.0, scale=0.8)})
    assert turned == {"right_thumb": PositionEvidence(0.2, 3.0, scale=1.25)}


def test_of_two_fingers_found_at_one_the_stronger_is_kept_from_its_side() -> None:
    weak, strong = PositionEvidence(0.1, 1.0, "left_index"), PositionEvidence(0.2, 3.0, "left_index")
    for pair in ({"right_index": weak, "right_ring": strong}, {"right_ring": strong, "right_index": weak}):
        assert from_the_other_side(pair) == {"left_index": PositionEvidence(0.2, 3.0, "right_ring")}


def test_no_candidate_is_unique() -> None:
    assert decide([], THRESHOLDS) == (Band.UNIQUE, [])


@given(st.integers(1, 10**9), st.floats(1e-6, 0.5), st.floats(1e-6, 0.5))
def test_thresholds_grow_with_the_gallery_and_with_caution(people: int, one: float, other: float) -> None:
    lax, strict = max(one, other), min(one, other)
    policy = SearchPolicy(lax, strict, 10)
    thresholds, bigger = policy.thresholds(people), policy.thresholds(10 * people)
    assert thresholds.review_at <= thresholds.duplicate_at
    assert math.isclose(bigger.review_at - thresholds.review_at, 1, abs_tol=1e-9)


def test_the_first_enrolment_has_a_threshold() -> None:
    assert SearchPolicy(0.01, 0.0001, 10).thresholds(0) == Thresholds(2, 4)

import math

from hypothesis import given
from hypothesis import strategies as st

from service.domain.decision import Band, Policy, Suspect, decide

POLICY = Policy(review_at=4, duplicate_at=6)


def suspect(key: int, log10_lr: float) -> Suspect:
    return Suspect(key, log10_lr, {})


def test_both_thresholds_are_inclusive() -> None:
    assert [POLICY.band(x) for x in (3.99, 4, 5.99, 6)] == [Band.UNIQUE, Band.REVIEW, Band.REVIEW, Band.DUPLICATE]


def test_the_strongest_suspect_decides_and_weak_ones_are_not_shown() -> None:
    band, shown = decide([suspect(1, 4.5), suspect(2, 7.0), suspect(3, 1.0)], POLICY)
    assert band is Band.DUPLICATE
    assert [one.person_key for one in shown] == [2, 1]


def test_equal_evidence_is_ordered_by_person() -> None:
    assert [one.person_key for one in decide([suspect(9, 5), suspect(2, 5)], POLICY)[1]] == [2, 9]


def test_nobody_to_suspect_is_unique() -> None:
    assert decide([], POLICY) == (Band.UNIQUE, [])


@given(st.integers(1, 10**9), st.floats(1e-6, 0.5), st.floats(1e-6, 0.5))
def test_thresholds_grow_with_the_gallery_and_with_caution(people: int, one: float, other: float) -> None:
    lax, strict = max(one, other), min(one, other)
    policy = Policy.for_gallery(people, lax, strict)
    assert policy.review_at <= policy.duplicate_at
    bigger = Policy.for_gallery(10 * people, lax, strict)
    assert math.isclose(bigger.review_at - policy.review_at, 1, abs_tol=1e-9)


def test_the_first_enrolment_has_a_threshold() -> None:
    assert Policy.for_gallery(0, 0.01, 0.0001) == Policy(2, 4)

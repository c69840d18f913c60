"""The figures of the evasion benchmark: intervals, and what counts as caught or as a false alarm."""

import numpy as np
import pytest

from benchmarks.evasion.figures import Trial, clustered_interval, distinct, exact_interval, exact_share_interval, share
from benchmarks.evasion.measure import LAYOUTS, UNNAMED, Newcomer, Plan, Tried, false_alarms, tries_figures
from benchmarks.evasion.registry import REFUSED, Outcome


@pytest.mark.parametrize(("count", "of"), [(0, 10), (3, 10), (3.4, 10), (10, 10)])
def test_exact_intervals_hold_the_share(count: float, of: int) -> None:
    low, high = exact_interval(count, of)
    assert 0 <= low <= count / of <= high <= 1
    assert high - low > 0.2


def test_an_exact_interval_is_as_published() -> None:
    assert exact_interval(0, 20) == pytest.approx([0, 0.1684], abs=1e-4)
    assert exact_interval(5, 20) == pytest.approx([0.0866, 0.4910], abs=1e-4)
    assert exact_interval(0, 0) == [0, 1]


def test_searches_with_the_same_finger_count_once() -> None:
    trials = [Trial(False, {"a", "b"})] * 300 + [Trial(False, {"c"})] * 300
    assert distinct(trials) == 3
    assert exact_share_interval(trials) == exact_interval(0, 3)
    assert exact_share_interval([Trial(True, {str(at)}) for at in range(50)]) == exact_interval(50, 50)
    assert exact_share_interval([Trial(True, set("abcd"))]) == exact_interval(1, 1)
    assert clustered_interval(trials, 100, 1) == exact_interval(0, 3)


def test_an_interval_by_fingers_is_wider_where_fingers_differ() -> None:
    by_finger = [Trial(at % 20 < 14, {str(at % 20)}) for at in range(400)]
    spread = [Trial(at < 280, {str(at % 20)}) for at in range(400)]
    (low, high), (inner_low, inner_high) = clustered_interval(by_finger, 500, 1), clustered_interval(spread, 500, 1)
    assert low < inner_low <= share(by_finger) == 0.7 <= inner_high < high
    assert high - low > 0.3
    expected = 2 * 1.96 * np.sqrt(0.7 * 0.3 / 20)
    assert high - low == pytest.approx(expected, rel=0.2)


def test_a_finger_counts_wholly_in_each_search_that_depends_on_it() -> None:
    rng = np.random.default_rng(1)
    pairs = [rng.permutation(20)[:2].tolist() for _ in range(400)]
    trials = [Trial(first < 14, {str(first), str(second)}) for first, second in pairs]
    low, high = clustered_interval(trials, 500, 1)
    assert low < 0.7 < high
    assert high - low > 2 * 1.96 * np.sqrt(0.7 * 0.3 / 20)


def tried(by: str, *marks: str, case: bool = True, status: str = "in_review", name: str = "a") -> Tried:
    return Tried(Outcome(status, 1, 2, case, {}, marks), by, True, frozenset({name}))


def test_a_try_is_caught_by_name_or_by_a_mark() -> None:
    some = [
        tried("as_stated", "same_finger"),
        tried("hands_swapped"),
        tried(UNNAMED, "same_finger"),
        tried(UNNAMED),
        tried(UNNAMED, case=False, status="enrolled"),
        tried(UNNAMED, case=False, status=f"{REFUSED} not_a_fingerprint"),
        tried(UNNAMED, case=False, status="enrolled"),
        tried(UNNAMED, case=False, status="enrolled"),
    ]
    found = tries_figures({"way": some}, Plan(10, 10, 8, 8, 100, 1))
    assert found["caught"]["way"] == 3 / 8
    assert found["caught_by_name"]["way"] == 2 / 8
    assert found["caught_by_mark_alone"]["way"] == 1 / 8
    assert found["hypotheses"]["way"] == {"as_stated": 1 / 8, "hands_swapped": 1 / 8}
    assert found["marks"]["way"] == {"same_finger": 2 / 8}
    assert found["not_caught"]["way"] == {
        "enrolled": 3 / 8,
        "case that names others alone": 1 / 8,
        f"{REFUSED} not_a_fingerprint": 1 / 8,
    }
    assert found["ci95"]["way"] == [3 / 8, 3 / 8]  # one finger, drawn again and again
    assert found["preselection_recall"]["way"] == 1


def test_any_case_of_a_newcomer_is_a_false_alarm() -> None:
    layouts = list(LAYOUTS)
    some = [
        Newcomer(layouts[0], Outcome("in_review", case=True, named={5: "as_stated"}), frozenset("abcd")),
        Newcomer(layouts[0], Outcome("enrolled"), frozenset("abcd")),
        Newcomer(layouts[1], Outcome("in_review", case=True, marks=("same_finger",)), frozenset("e")),
        Newcomer(layouts[1], Outcome(REFUSED), frozenset("e")),
    ]
    found = false_alarms("fpir_review", some)
    assert found["fpir_review"] == 0.5
    assert found["fpir_by_marks_alone"] == 0.25
    assert found["fpir_by_layout"] == {layouts[0]: 0.5, layouts[1]: 0.5}
    assert found["fpir_distinct_fingers"] == 5
    assert found["fpir_ci95"] == exact_interval(2, 4)
    assert "fpir_real_only_ci95" in false_alarms("fpir_real_only", some)

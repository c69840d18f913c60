"""Error rates against counting by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.rates import Trial, bootstrap, curve, figures

scores = st.lists(st.integers(0, 6), min_size=1, max_size=30)


def trial(mated: list[float], others: list[float]) -> Trial:
    score = np.array([*mated, *others], np.float32)
    kind = np.arange(len(score)) < len(mated)
    return Trial(score, kind, np.arange(len(score)) % 4, (np.arange(len(score)) + ~kind) % 4)


def test_separate_scores_make_no_errors() -> None:
    result = figures(trial([0.8, 0.9], [0.1, 0.2, 0.3]), replicates=0)
    assert (result["eer"], result["fnmr_at_fmr_1e2"], result["fnmr_at_fmr_1e3"]) == (0, 0, 0)


def test_one_swap_of_four() -> None:
    rates = curve(trial([0.9, 0.8, 0.7, 0.2], [0.5, 0.1, 0.1, 0.1]))
    assert rates.eer == pytest.approx(0.25)
    assert rates.fnmr_at(0.01) == pytest.approx(0.25)
    assert rates.fnmr_at(0.25) == 0


@given(mated=scores, others=scores, target=st.floats(0, 1))
def test_fnmr_is_the_lowest_of_all_thresholds_that_keep_the_fmr(
    mated: list[float], others: list[float], target: float
) -> None:
    thresholds = [*sorted({*mated, *others}), np.inf]
    kept = [np.mean(np.less(mated, t)) for t in thresholds if np.mean(np.greater_equal(others, t)) <= target]
    assert curve(trial(mated, others)).fnmr_at(target) == pytest.approx(min(kept))


def test_replicates_count_pairs_by_the_draws_of_both_subjects() -> None:
    made = trial([0.9] * 6, [0.1] * 6)
    for weight in bootstrap(made, 20, seed=1):
        assert weight[made.mated].sum() > 0
        assert (weight >= 0).all()
    assert np.mean([w.mean() for w in bootstrap(made, 4000, seed=1)]) == pytest.approx(1, abs=0.15)

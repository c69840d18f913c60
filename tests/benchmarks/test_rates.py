"""Error rates against counting by hand, and their intervals against a slow oracle."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from benchmarks import rates
from benchmarks.rates import FIGURES, Curve, Trial, counted, curve, figures

scores = st.lists(st.integers(0, 6), min_size=1, max_size=30)


def trial(mated: list[float], others: list[float]) -> Trial:
    score = np.array([*mated, *others], np.float32)
    kind = np.arange(len(score)) < len(mated)
    return Trial(score, kind, np.arange(len(score)) % 4, (np.arange(len(score)) + ~kind) % 4)


def test_separate_scores_make_no_errors() -> None:
    result = figures(trial([0.8, 0.9], [0.1, 0.2, 0.3]), replicates=0)
    assert (result["eer"], result["fnmr_at_fmr_1e2"], result["fnmr_at_fmr_1e3"]) == (0, 0, 0)


def test_one_swap_of_four() -> None:
    swapped = curve(trial([0.9, 0.8, 0.7, 0.2], [0.5, 0.1, 0.1, 0.1]))
    assert swapped.eer == pytest.approx(0.25)
    assert swapped.fnmr_at(0.01) == pytest.approx(0.25)
    assert swapped.fnmr_at(0.25) == 0


@given(mated=scores, others=scores, target=st.floats(0, 1))
def test_fnmr_is_the_lowest_of_all_thresholds_that_keep_the_fmr(
    mated: list[float], others: list[float], target: float
) -> None:
    thresholds = [*sorted({*mated, *others}), np.inf]
    kept = [np.mean(np.less(mated, t)) for t in thresholds if np.mean(np.greater_equal(others, t)) <= target]
    assert curve(trial(mated, others)).fnmr_at(target) == pytest.approx(min(kept))


def test_replicates_are_those_of_weighing_every_comparison() -> None:
    made = faces(700, 250)
    assert figures(made, 50, seed=3) == slow_figures(made, 50, seed=3)


def test_equal_scores_pass_together_in_every_replicate() -> None:
    made = faces(400, 150)
    made = Trial(np.round(made.score, 1), made.mated, made.first, made.second)
    assert figures(made, 50, seed=3) == slow_figures(made, 50, seed=3)


def test_a_short_head_gives_the_same_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    made = faces(300, 100)
    wanted = figures(made, 20)
    monkeypatch.setattr(rates, "HEAD", 10)
    assert figures(made, 20) == wanted


def test_replicates_count_pairs_by_the_draws_of_both_subjects() -> None:
    made, everything = trial([0.9] * 6, [0.1] * 6), np.ones(12, np.bool_)
    draws = np.array([[1, 1, 1, 1], [2, 0, 1, 1], [4, 0, 0, 0]])
    assert counted(made, everything, draws).tolist() == [6 + 6, 6 + 6, 8 + 0]
    assert counted(made, made.mated, draws).tolist() == [6, 6, 8]


def faces(pictures: int, people: int) -> Trial:
    """All pairs of pictures of made-up people: thousands of scores, an EER of some percent."""
    rng = np.random.default_rng(5)
    owner = np.unique(rng.integers(0, people, pictures), return_inverse=True)[1]
    vectors = rng.standard_normal((people, 64))[owner] + 1.2 * rng.standard_normal((pictures, 64))
    first, second = np.triu_indices(pictures, 1)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    scores = (vectors @ vectors.T)[first, second].astype(np.float32)
    return Trial(scores, owner[first] == owner[second], owner[first], owner[second])


def slow_figures(made: Trial, replicates: int, seed: int) -> dict[str, Any]:
    """The oracle: every comparison has a weight in every replicate. `figures` must give the same, digit by digit."""
    subjects = int(max(made.first.max(), made.second.max())) + 1
    draws = np.random.default_rng(seed).multinomial(subjects, np.full(subjects, 1 / subjects), size=replicates)
    weights = [np.where(made.mated, d[made.first], d[made.first] * d[made.second]) for d in draws]
    whole, *again = [slow_curve(made, weight) for weight in [np.ones(len(made.score)), *weights]]
    result: dict[str, Any] = {name: figure(whole) for name, figure in FIGURES.items()}
    for name, figure in FIGURES.items():
        result[f"{name}_ci95"] = np.quantile([figure(one) for one in again], (0.025, 0.975)).tolist()
    return result


def slow_curve(made: Trial, weight: NDArray[Any]) -> Curve:
    order = np.argsort(-made.score, kind="stable")
    counts, mated = weight[order].astype(np.float64), made.mated[order]
    last = np.append(np.diff(made.score[order]) != 0, True)
    matched, falsely = (np.append(0, np.cumsum(counts * kind)[last]) for kind in (mated, ~mated))
    return Curve(falsely / falsely[-1], 1 - matched / matched[-1])

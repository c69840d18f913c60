import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from matcher.calibrate import cllr
from matcher.fit import fit_curve, fit_line, fit_rate
from matcher.parameters import CAPTURE_WORTHLESS, COMPARISONS_BEHIND_A_RATE, TAIL_DECADES

Floats = NDArray[np.float64]

SHIFT = 3.0


def gaussian_scores(mated: int, non_mated: int, seed: int) -> tuple[Floats, Floats]:
    """Scores N(3, 1) and N(0, 1); their log LR is 3·s − 4.5 (natural)."""
    rng = np.random.default_rng(seed)
    return rng.normal(SHIFT, 1, mated), rng.normal(0, 1, non_mated)


def true_log10_lr(scores: Floats) -> Floats:
    return np.asarray((SHIFT * scores - SHIFT**2 / 2) / np.log(10))


def test_the_curve_is_the_known_likelihood_ratio_where_data_lie() -> None:
    curve = fit_curve(*gaussian_scores(20_000, 200_000, seed=1))
    scores = np.linspace(0.7, 3.0, 50)
    assert np.abs(curve(scores) - true_log10_lr(scores)).mean() < 0.06


def test_evidence_on_new_scores_keeps_its_promise() -> None:
    curve = fit_curve(*gaussian_scores(3_000, 100_000, seed=2))
    mated, non_mated = (curve(scores) for scores in gaussian_scores(3_000, 1_000_000, seed=3))
    for t in (1, 2, 3):
        assert np.mean(non_mated >= t) <= 10.0**-t
    ideal = cllr(*(true_log10_lr(scores) for scores in gaussian_scores(3_000, 1_000_000, seed=3)))
    assert cllr(mated, non_mated) < ideal + 0.03


def test_the_line_is_the_known_likelihood_ratio() -> None:
    line = fit_line(*gaussian_scores(50_000, 50_000, seed=4))
    assert line.slope == pytest.approx(SHIFT / np.log(10), rel=0.03)
    assert line.offset == pytest.approx(SHIFT**2 / 2 / np.log(10), rel=0.03)


def test_hardness_lowers_all_but_the_floor() -> None:
    scores = gaussian_scores(1_000, 10_000, seed=5)
    easy, hard = fit_curve(*scores), fit_curve(*scores, hardness=1.0)
    at = np.linspace(1.5, 6, 20)
    np.testing.assert_allclose(hard(at), np.maximum(easy(at) - 1, easy.log10_lr[0]), atol=0.05)
    assert fit_line(*scores, hardness=1.0).offset == pytest.approx(fit_line(*scores).offset + 1, abs=1e-3)


some_scores = st.lists(st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.5000001, 1.0]) | st.floats(0, 1, width=32), min_size=1)


@settings(deadline=None)
@given(some_scores, some_scores)
def test_the_curve_of_any_scores_rises_within_its_bounds(mated: list[float], non_mated: list[float]) -> None:
    curve = fit_curve(np.array(mated), np.array(non_mated))
    ratios = curve(np.linspace(-1, 2, 200))
    assert (np.diff(ratios) >= 0).all()
    assert ratios.min() >= np.log10(CAPTURE_WORTHLESS) - 1e-3
    assert ratios.max() <= max(np.log10(len(non_mated) / COMPARISONS_BEHIND_A_RATE), 0) + 1e-3


@pytest.mark.parametrize(("count", "most"), [(3_000, 3.0), (30_000, TAIL_DECADES)])
def test_scores_that_never_overlap_give_what_a_tail_or_their_number_supports(count: int, most: float) -> None:
    rng = np.random.default_rng(6)
    non_mated = rng.exponential(0.01, count)
    curve = fit_curve(rng.uniform(0.6, 0.9, 500), non_mated)
    assert curve.log10_lr[-1] == pytest.approx(most, abs=1e-3)
    assert curve(np.array([0.61]))[0] == curve.log10_lr[-1]
    assert curve(np.array([0.05]))[0] == curve.log10_lr[0]


@pytest.mark.parametrize("safety", [1.0, 1.5])
def test_rates_of_exponential_scores_are_continued_as_they_are(safety: float) -> None:
    scores = np.random.default_rng(7).exponential(0.01, 1_000_000)
    rate = fit_rate(scores, safety)
    seen = np.array([0.01, 0.03, 0.05])
    assert rate(seen) == pytest.approx(-seen / 0.01 / np.log(10), abs=0.05)
    start = 0.01 * 3 * np.log(10)
    assert rate(np.array([0.2]))[0] == pytest.approx(-3 - (0.2 - start) / (0.01 * safety) / np.log(10), rel=0.1)


@given(some_scores)
@example([0.0, 6e-8])
@settings(deadline=None)
def test_the_rate_of_any_scores_falls(non_mated: list[float]) -> None:
    rates = fit_rate(np.array(non_mated))(np.linspace(-1, 2, 200))
    assert (np.diff(rates) <= 0).all()
    assert rates.max() <= 0

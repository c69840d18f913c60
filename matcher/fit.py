"""Fitting the curves of `calibrate` on scores of known pairs. Apart from it because SciPy is slow to import.

The curve of a modality is isotonic regression (pool adjacent violators; Brümmer and Du Preez, "The PAV algorithm
optimizes binary proper scoring rules", 2013) of mated against non-mated scores, both classes weighing the same, and
kept between a floor and a cap:

- Cap: evidence for "same" is not believed beyond what the non-mated scores can support. At a likelihood ratio of
  r no more than 1/r of non-mated comparisons score so high; to know a rate within 30 % takes 30 such comparisons
  (Doddington's rule of 30), so r ≤ comparisons / 30.
- Floor: evidence against "same" is not believed beyond the chance that a mated capture is worthless: a finger taken in
  another's place, a bandage, a smear. The evaluation sets hold none of these, the field does.

Where the data's non-mated pairs are easier than the field's, `hardness` is subtracted from all a curve says.
"""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression, minimize

from matcher.calibrate import Curve, Line, Scores
from matcher.parameters import CAPTURE_WORTHLESS, COMPARISONS_BEHIND_A_RATE


def fit_curve(mated: Scores, non_mated: Scores, hardness: float = 0.0) -> Curve:
    """The curve of the module's description. mated (m,), non_mated (n,): scores. hardness: in log10 units."""
    cap = math.log10(max(len(non_mated) / COMPARISONS_BEHIND_A_RATE, 1)) - hardness
    floor = math.log10(CAPTURE_WORTHLESS)
    scores, ratios = _pool_adjacent_violators(mated, non_mated)
    knots, first = np.unique(np.round(scores, 6), return_index=True)
    levels = np.asarray(np.round(np.clip(ratios[first] - hardness, floor, cap), 4), np.float64)
    keep = _corners(levels)
    return Curve(tuple(knots[keep].tolist()), tuple(levels[keep].tolist()))


def fit_line(mated: Scores, non_mated: Scores, hardness: float = 0.0) -> Line:
    """Logistic regression, both classes weighing the same."""

    def loss(line: NDArray[np.float64]) -> float:
        slope, offset = line
        wrong = np.logaddexp(0, -(slope * mated - offset)).mean(), np.logaddexp(0, slope * non_mated - offset).mean()
        return float(sum(wrong))

    slope, offset = minimize(loss, np.array([1.0, 0.0]), method="L-BFGS-B", bounds=[(0, None), (0, None)]).x
    return Line(round(slope / math.log(10), 4), round(offset / math.log(10) + hardness, 4))


def _pool_adjacent_violators(mated: Scores, non_mated: Scores) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Centres of the pooled blocks and their log10 LR; ±inf where a block holds one class alone."""
    pooled = np.concatenate([mated, non_mated]).astype(np.float64)
    scores, place = np.unique(pooled, return_inverse=True)
    of_mated = np.bincount(place[: len(mated)], minlength=len(scores)) / len(mated)
    of_non_mated = np.bincount(place[len(mated) :], minlength=len(scores)) / len(non_mated)
    weight = of_mated + of_non_mated
    fitted = isotonic_regression(of_mated / weight, weights=weight)
    starts = fitted.blocks[:-1]
    mass = np.add.reduceat(weight, starts)
    centres = np.add.reduceat(weight * scores, starts) / mass
    share = fitted.x[starts]
    with np.errstate(divide="ignore"):
        return centres, np.log10(share) - np.log10(1 - share)


def _corners(ratios: NDArray[np.float64]) -> NDArray[np.bool_]:
    """The knots a piecewise straight curve needs: all but those inside a level stretch."""
    level = np.diff(ratios) == 0
    inside = np.concatenate([[False], level]) & np.concatenate([level, [False]])
    return np.asarray(~inside)

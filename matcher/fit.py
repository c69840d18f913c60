"""Fits the curves of `calibrate` to scores of known pairs. A module of its own because SciPy is slow to import.

The curve of a modality is isotonic regression (pool adjacent violators; Brümmer and Du Preez, "The PAV algorithm
optimizes binary proper scoring rules", 2013) of mated against non-mated scores, with equal weight of both classes. The
highest non-mated scores are too few to give a rate, so they are replaced by the exponential tail fitted to them (peaks
over a threshold, shape 0: heavier than the tail of most scores), made heavier where asked for, and continued for
TAIL_DECADES. Beyond what was observed the curve is thus an extrapolation. Where there are too few scores to fit a tail,
it ends at comparisons / 3 (rule of 3). It is kept above a floor: evidence against "same" is not believed beyond the
chance that a mated capture is worthless: another finger captured by mistake, a bandage, a smear. The evaluation sets
hold none of these, the field does.

If the non-mated pairs of the data are easier than those of the field, `hardness` is subtracted from the whole curve.
"""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression, minimize

from matcher.calibrate import Curve, Line, Rate, Scores
from matcher.parameters import (
    CAPTURE_WORTHLESS,
    COMPARISONS_BEHIND_A_RATE,
    TAIL_DECADES,
    TAIL_LEAST,
    TAIL_SHARE,
)

_SCORE_DECIMALS = 6
_SCORE_STEP = 10.0**-_SCORE_DECIMALS


def fit_curve(mated: Scores, non_mated: Scores, hardness: float = 0.0, safety: float = 1.0) -> Curve:
    """The curve that the module describes. mated (m,), non_mated (n,): scores. hardness: in log10 units.

    safety: by which the scale of the tail is multiplied.
    """
    floor = math.log10(CAPTURE_WORTHLESS)
    few = len(non_mated) * TAIL_SHARE < TAIL_LEAST
    cap = math.log10(max(len(non_mated) / COMPARISONS_BEHIND_A_RATE, 1)) - hardness if few else TAIL_DECADES - hardness
    scores, ratios = _pool_adjacent_violators(mated, *_with_tail(non_mated, safety))
    knots, first = np.unique(np.round(scores, _SCORE_DECIMALS), return_index=True)
    levels = np.asarray(np.round(np.clip(ratios[first] - hardness, floor, cap), 4), np.float64)
    keep = _corners(levels)
    return Curve(tuple(knots[keep].tolist()), tuple(levels[keep].tolist()))


def fit_rate(non_mated: Scores, safety: float = 1.0) -> Rate:
    """How many non-mated comparisons reach a score: as counted, and beyond the tail's start as the tail states.

    safety: by which the scale of the tail is multiplied.
    """
    shares = 10.0 ** -np.arange(0, -math.log10(TAIL_SHARE), 0.25)
    scores = np.quantile(non_mated, 1 - shares, method="higher")
    start, scale = _tail(non_mated, safety)
    knots = np.round([*scores, start, start + scale * math.log(10)], _SCORE_DECIMALS)
    rates = np.append(np.log10(shares), [math.log10(TAIL_SHARE), math.log10(TAIL_SHARE) - 1])
    kept = np.append(np.diff(knots) > 0, True)
    return Rate(tuple(knots[kept].tolist()), tuple(np.round(rates[kept], 4).tolist()))


def fit_line(mated: Scores, non_mated: Scores, hardness: float = 0.0) -> Line:
    """Logistic regression with equal weight of both classes."""

    def loss(line: NDArray[np.float64]) -> float:
        slope, offset = line
        wrong = np.logaddexp(0, -(slope * mated - offset)).mean(), np.logaddexp(0, slope * non_mated - offset).mean()
        return float(sum(wrong))

    slope, offset = minimize(loss, np.array([1.0, 0.0]), method="L-BFGS-B", bounds=[(0, None), (0, None)]).x
    return Line(round(float(slope) / math.log(10), 4), round(float(offset) / math.log(10) + hardness, 4))


def _with_tail(non_mated: Scores, safety: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Scores and their shares: scores below the tail as they are, the tail as points of an exponential."""
    start, scale = _tail(non_mated, safety)
    excess = non_mated[non_mated > start]
    if len(excess) < TAIL_LEAST:
        return np.asarray(non_mated, np.float64), np.full(len(non_mated), 1 / len(non_mated))
    beyond = 10.0 ** -np.arange(0, TAIL_DECADES, 0.1)
    points = start - scale * np.log((beyond[:-1] + beyond[1:]) / 2)
    body = np.asarray(non_mated[non_mated <= start], np.float64)
    shares = np.full(len(body), 1 / len(non_mated)), -np.diff(beyond) * len(excess) / len(non_mated)
    return np.concatenate([body, points]), np.concatenate(shares)


def _tail(non_mated: Scores, safety: float) -> tuple[float, float]:
    """Where the tail starts, and the scale of its exponential, with its standard error added.

    With few scores, the scale of all above the median. Never less than the step that curves are rounded to.
    """
    start = float(np.quantile(non_mated, 1 - TAIL_SHARE, method="higher"))
    excess = non_mated[non_mated > start] - start
    if len(excess) < TAIL_LEAST:
        middle = float(np.median(non_mated))
        excess = non_mated[non_mated > middle] - middle
    if not len(excess):
        return start, safety
    return start, max(safety * float(excess.mean()) * (1 + 1 / math.sqrt(len(excess))), _SCORE_STEP)


def _pool_adjacent_violators(
    mated: Scores, non_mated: Scores, non_mated_shares: Scores
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Centres of the pooled blocks and their log10 LR; ±inf, at its inner end, for a block of one class alone."""
    pooled = np.concatenate([mated, non_mated]).astype(np.float64)
    scores, at = np.unique(pooled, return_inverse=True)
    of_mated = np.bincount(at[: len(mated)], minlength=len(scores)) / len(mated)
    of_non_mated = np.bincount(at[len(mated) :], weights=non_mated_shares, minlength=len(scores))
    weight = of_mated + of_non_mated
    fitted = isotonic_regression(of_mated / weight, weights=weight)
    starts, ends = fitted.blocks[:-1], fitted.blocks[1:] - 1
    centres = np.add.reduceat(weight * scores, starts) / np.add.reduceat(weight, starts)
    share = fitted.x[starts]
    knots = np.select([share <= 0, share >= 1], [scores[ends], scores[starts]], centres)
    with np.errstate(divide="ignore"):
        return knots, np.log10(share) - np.log10(1 - share)


def _corners(ratios: NDArray[np.float64]) -> NDArray[np.bool_]:
    """The knots that a piecewise linear curve needs: all but those inside a level part."""
    level = np.diff(ratios) == 0
    inside = np.concatenate([[False], level]) & np.concatenate([level, [False]])
    return np.asarray(~inside)

"""From comparison scores to log10 likelihood ratios, by curves fitted on real scores.

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

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression, minimize

from matcher.errors import CalibrationUnusable
from matcher.parameters import CAPTURE_WORTHLESS, COMPARISONS_BEHIND_A_RATE

Scores = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Curve:
    """Score to log10 likelihood ratio: straight between knots, level outside them.

    scores: rising strictly. log10_lr: never falling.
    """

    scores: tuple[float, ...]
    log10_lr: tuple[float, ...]

    def __post_init__(self) -> None:
        scores, ratios = np.asarray(self.scores), np.asarray(self.log10_lr)
        fits = len(scores) == len(ratios) > 0 and bool(np.isfinite(scores).all() and np.isfinite(ratios).all())
        if not fits or (np.diff(scores) <= 0).any() or (np.diff(ratios) < 0).any():
            raise CalibrationUnusable("a curve's scores must rise strictly and its log10_lr must never fall")

    def __call__(self, scores: Scores) -> NDArray[np.float64]:
        """Any shape in, float64 of the same shape out."""
        return np.asarray(np.interp(scores, self.scores, self.log10_lr), np.float64)

    def of_best(self, score: float, comparisons: int) -> float:
        """log10 LR when `score` is the best of several comparisons between two people at one position.

        The best of n strangers' comparisons exceeds a score at most n times as often as one does: costs log10 n.
        """
        ratio = float(np.interp(score, self.scores, self.log10_lr)) - math.log10(comparisons)
        return max(ratio, self.log10_lr[0])


@dataclass(frozen=True, slots=True)
class Line:
    """log10 LR ≈ slope·cosine − offset, both ≥ 0: what one inner product can say, enough for a short list."""

    slope: float
    offset: float

    def __post_init__(self) -> None:
        if not (self.slope >= 0 and self.offset >= 0 and math.isfinite(self.slope) and math.isfinite(self.offset)):
            raise CalibrationUnusable(f"slope {self.slope} and offset {self.offset} must be finite and not negative")


@dataclass(frozen=True, slots=True)
class Calibration:
    """All that is known of one modality's scores.

    model: hash of the networks whose scores these were. fitted: ISO date. data: the sets, by name.
    mated, non_mated: numbers of comparisons. curve: of the deciding score. line: of the vectors' cosine.
    """

    model: str
    fitted: str
    data: tuple[str, ...]
    mated: int
    non_mated: int
    curve: Curve
    line: Line

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Self:
        curve = Curve(tuple(row["curve"]["scores"]), tuple(row["curve"]["log10_lr"]))
        return cls(**{**row, "data": tuple(row["data"]), "curve": curve, "line": Line(**row["line"])})


def write_calibrations(path: Path, calibrations: Mapping[str, Calibration]) -> None:
    """One JSON object, a modality a key."""
    rows = {name: asdict(calibration) for name, calibration in calibrations.items()}
    path.write_text(json.dumps(rows, indent=1) + "\n")


def read_calibrations(path: Path, models: Mapping[str, str]) -> dict[str, Calibration]:
    """Curves for the modalities of `models` (modality → hash of the loaded networks).

    Raises CalibrationUnusable when the file is missing or unreadable, or a curve was fitted on other networks' scores.
    """
    try:
        rows = json.loads(path.read_text())
        found = {name: Calibration.from_json(rows[name]) for name in models}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CalibrationUnusable(f"no calibration for {', '.join(models)} in {path}: {error!r}") from error
    for name, model in models.items():
        if found[name].model != model:
            raise CalibrationUnusable(
                f"the {name} curve in {path} was fitted for model {found[name].model}, loaded is {model}; "
                "`python -m scripts.fit_calibration` fits it anew"
            )
    return found


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


def cllr(mated: Scores, non_mated: Scores) -> float:
    """Cost of log10 likelihood ratios (Brümmer): 0 is perfect, 1 is what saying nothing costs."""
    wrong = np.log2(1 + 10.0 ** -np.asarray(mated)).mean() + np.log2(1 + 10.0 ** np.asarray(non_mated)).mean()
    return float(wrong / 2)


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

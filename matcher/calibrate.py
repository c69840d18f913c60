"""From comparison scores to log10 likelihood ratios, by curves that `fit` fitted to real scores."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from matcher.errors import CalibrationUnusable

Scores = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Curve:
    """Score to log10 likelihood ratio: linear between knots, constant outside them.

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

    def of_best(self, scores: Scores, comparisons: NDArray[np.integer[Any]]) -> NDArray[np.float64]:
        """log10 LR (n,) of scores (n,) each of which is the best of n comparisons of two people at one position.

        The best of n non-mated comparisons exceeds a score at most n times as often as one does, so log10 n is
        subtracted.
        """
        return np.asarray(np.maximum(self(scores) - np.log10(comparisons), self.log10_lr[0]), np.float64)


@dataclass(frozen=True, slots=True)
class Rate:
    """Score to log10 of the share of non-mated comparisons that reach it: linear between knots and beyond the last.

    scores: rising strictly, two or more. log10_rate: never rising, 0 or less; the last lower than the one before.
    """

    scores: tuple[float, ...]
    log10_rate: tuple[float, ...]

    def __post_init__(self) -> None:
        scores, rates = np.asarray(self.scores), np.asarray(self.log10_rate)
        fits = len(scores) == len(rates) > 1 and bool(np.isfinite(scores).all() and np.isfinite(rates).all())
        if not fits or (np.diff(scores) <= 0).any() or (np.diff(rates) > 0).any() or rates[0] > 0:
            raise CalibrationUnusable("a rate's scores must rise strictly and its log10_rate must never rise above 0")
        if rates[-1] == rates[-2]:
            raise CalibrationUnusable("a rate must fall beyond its last knot")

    def __call__(self, scores: Scores) -> NDArray[np.float64]:
        """Any shape in, float64 of the same shape out, 0 or less."""
        last, before = self.scores[-1], self.scores[-2]
        slope = (self.log10_rate[-1] - self.log10_rate[-2]) / (last - before)
        beyond = slope * np.maximum(np.asarray(scores) - last, 0)
        return np.asarray(np.interp(scores, self.scores, self.log10_rate) + beyond, np.float64)


@dataclass(frozen=True, slots=True)
class Line:
    """log10 LR ≈ slope·cosine − offset, both ≥ 0: what one inner product can express, enough for the preselection."""

    slope: float
    offset: float

    def __post_init__(self) -> None:
        if not (self.slope >= 0 and self.offset >= 0 and math.isfinite(self.slope) and math.isfinite(self.offset)):
            raise CalibrationUnusable(f"slope {self.slope} and offset {self.offset} must be finite and not negative")


@dataclass(frozen=True, slots=True)
class Calibration:
    """What is known about the scores of one modality.

    model: hash of the networks that made the scores. fitted: ISO date. data: names of the sets.
    mated, non_mated: numbers of comparisons. curve, rate: of the score that decides. line: of the vectors' cosine.
    """

    model: str
    fitted: str
    data: tuple[str, ...]
    mated: int
    non_mated: int
    curve: Curve
    rate: Rate
    line: Line

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Self:
        curve = Curve(tuple(row["curve"]["scores"]), tuple(row["curve"]["log10_lr"]))
        rate = Rate(tuple(row["rate"]["scores"]), tuple(row["rate"]["log10_rate"]))
        return cls(**{**row, "data": tuple(row["data"]), "curve": curve, "rate": rate, "line": Line(**row["line"])})


def write_calibrations(path: Path, calibrations: Mapping[str, Calibration]) -> None:
    """One JSON object, by modality."""
    rows = {name: asdict(calibration) for name, calibration in calibrations.items()}
    path.write_text(json.dumps(rows, indent=1) + "\n")


def read_calibrations(path: Path, models: Mapping[str, str]) -> dict[str, Calibration]:
    """Curves for the modalities of `models` (modality → hash of the loaded networks).

    Raises CalibrationUnusable if the file is missing or unreadable, or a curve was fitted to scores of other networks.
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
                "`python -m scripts.fit_calibration` fits it again"
            )
    return found


def cllr(mated: Scores, non_mated: Scores) -> float:
    """Cost of log10 likelihood ratios (Brümmer): 0 is perfect, 1 is the cost of always stating 0."""
    wrong = np.log2(1 + 10.0 ** -np.asarray(mated)).mean() + np.log2(1 + 10.0 ** np.asarray(non_mated)).mean()
    return float(wrong / 2)

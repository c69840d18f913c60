"""Error rates of comparison scores, and how sure one can be of them. Terms of ISO/IEC 19795-1."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """All comparisons of a set: score (n,), higher is more alike; mated bool (n,); first, second int (n,), subjects."""

    score: Scores
    mated: NDArray[np.bool_]
    first: NDArray[np.intp]
    second: NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """FMR and FNMR, shares 0 to 1, by falling threshold; a comparison matches when its score reaches the threshold."""

    fmr: NDArray[np.float64]
    fnmr: NDArray[np.float64]

    @property
    def eer(self) -> float:
        """Mean of the two rates where they are closest."""
        at = int(np.argmin(np.abs(self.fmr - self.fnmr)))
        return float(self.fmr[at] + self.fnmr[at]) / 2

    def fnmr_at(self, fmr: float) -> float:
        """The lowest FNMR of all thresholds whose FMR is not above `fmr`."""
        return float(self.fnmr[self.fmr <= fmr].min())


def curve(trial: Trial, weight: NDArray[np.float64] | None = None) -> Curve:
    """weight: how much each comparison counts, (n,); all alike unless given."""
    order = np.argsort(-trial.score, kind="stable")
    counts = (np.ones(len(order)) if weight is None else weight)[order]
    mated = trial.mated[order]
    last = np.append(np.diff(trial.score[order]) != 0, True)  # equal scores pass a threshold together
    matched, falsely = (np.append(0, np.cumsum(counts * kind)[last]) for kind in (mated, ~mated))
    return Curve(falsely / max(falsely[-1], 1e-12), 1 - matched / max(matched[-1], 1e-12))


FIGURES: dict[str, Callable[[Curve], float]] = {
    "eer": lambda rates: rates.eer,
    "fnmr_at_fmr_1e2": lambda rates: rates.fnmr_at(1e-2),
    "fnmr_at_fmr_1e3": lambda rates: rates.fnmr_at(1e-3),
}


def figures(trial: Trial, replicates: int, seed: int = 1) -> dict[str, Any]:
    """EER and FNMR at two FMRs; each with its 95 % interval over bootstrapped subjects as `<figure>_ci95`."""
    whole = curve(trial)
    result: dict[str, Any] = {name: figure(whole) for name, figure in FIGURES.items()}
    again = [curve(trial, weight) for weight in bootstrap(trial, replicates, seed)]
    for name, figure in FIGURES.items():
        values = [figure(one) for one in again]
        result[f"{name}_ci95"] = [float(v) for v in np.percentile(values, [2.5, 97.5])] if values else []
    return result


def bootstrap(trial: Trial, replicates: int, seed: int) -> list[NDArray[np.float64]]:
    """Weights of each replicate: subjects drawn with replacement, a pair counts by the draws of both."""
    rng = np.random.default_rng(seed)
    subjects = int(max(trial.first.max(), trial.second.max())) + 1
    draws = rng.multinomial(subjects, np.full(subjects, 1 / subjects), size=replicates).astype(np.float64)
    return [np.where(trial.mated, d[trial.first], d[trial.first] * d[trial.second]) for d in draws]

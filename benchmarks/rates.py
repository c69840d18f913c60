"""Error rates of comparison scores, and their uncertainty. Terms of ISO/IEC 19795-1.

A trial may have tens of millions of comparisons. So they are sorted once, replicates of the bootstrap are made one at
a time, and each is counted only as far down the scores as its figures read.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.progress import track
from scipy.sparse import coo_array

Scores = NDArray[np.float32]
Subjects = NDArray[np.integer[Any]]
Draws = NDArray[np.int64]

HEAD = 1 << 16  # comparisons counted at first; four times as many until the figures are reached


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """All comparisons of a set: score (n,), higher is more similar; mated bool (n,); first, second int (n,), subjects.

    Subjects are numbered from 0. Of a mated comparison both are the same.
    """

    score: Scores
    mated: NDArray[np.bool_]
    first: Subjects
    second: Subjects


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
        return float(self.fnmr[np.searchsorted(self.fmr, fmr, side="right") - 1])


Figures = Mapping[str, Callable[[Curve], float]]

HIGHEST_FMR = 1e-2  # of any figure below
FIGURES: Figures = {
    "eer": lambda rates: rates.eer,
    "fnmr_at_fmr_1e2": lambda rates: rates.fnmr_at(HIGHEST_FMR),
    "fnmr_at_fmr_1e3": lambda rates: rates.fnmr_at(1e-3),
}


def figures(
    trial: Trial, replicates: int, seed: int = 1, wanted: Figures = FIGURES, progress: str = ""
) -> dict[str, Any]:
    """Each figure, and its 95 % interval over bootstrapped subjects as `<figure>_ci95`, empty without replicates.

    wanted: figures that read no FMR above HIGHEST_FMR. progress: title of a progress bar; none unless given.
    """
    curves = bootstrap(trial, replicates, seed, HIGHEST_FMR)
    shown = track(curves, progress, total=1 + replicates, disable=not progress)
    whole, *drawn = [{name: figure(one) for name, figure in wanted.items()} for one in shown]
    return whole | {f"{name}_ci95": interval([one[name] for one in drawn]) for name in wanted}


def curve(trial: Trial) -> Curve:
    """The whole curve of a trial."""
    return next(bootstrap(trial, 0, seed=0))


def bootstrap(trial: Trial, replicates: int, seed: int, fmr: float = 1.0) -> Iterator[Curve]:
    """The curve of the trial, then that of each replicate, one at a time.

    fmr: the highest FMR that is read; a curve ends where FMR has passed both this and FNMR, so its EER is there too.
    """
    draws = draw_subjects(trial, replicates, seed)
    draws = np.concatenate([np.ones((1, draws.shape[1]), np.int64), draws])
    totals = counted(trial, trial.mated, draws), counted(trial, ~trial.mated, draws)
    ranking = Ranking(trial)
    for one, mated, non_mated in zip(draws, *totals, strict=True):
        yield ranking.curve(one, int(mated), int(non_mated), fmr)


def draw_subjects(trial: Trial, replicates: int, seed: int) -> Draws:
    """How often each replicate draws each subject, with replacement: (replicates, subjects)."""
    subjects = int(max(trial.first.max(), trial.second.max())) + 1
    return np.random.default_rng(seed).multinomial(subjects, np.full(subjects, 1 / subjects), size=replicates)


def counted(trial: Trial, chosen: NDArray[np.bool_], draws: Draws) -> NDArray[np.int64]:
    """How many of the chosen comparisons there are in each replicate, (replicates,). chosen: (n,), of one kind or both.

    A mated comparison counts as often as its subject is drawn, a non-mated one as often as both: the product.
    """
    subjects = draws.shape[1]
    mated, between = chosen & trial.mated, chosen & ~trial.mated
    by_subject = np.bincount(trial.first[mated], minlength=subjects)
    sides = trial.first[between], trial.second[between]
    by_pair = coo_array((np.ones(len(sides[0]), np.int32), sides), shape=(subjects, subjects)).tocsr()
    found: NDArray[np.int64] = draws @ by_subject + (np.asarray(draws @ by_pair, np.int64) * draws).sum(axis=1)
    return found


class Ranking:
    """A trial's comparisons by falling score, to be counted again and again."""

    def __init__(self, trial: Trial) -> None:
        order = np.argsort(-trial.score)
        self._score, self._mated = trial.score[order], trial.mated[order]
        self._first, self._second = trial.first[order], trial.second[order]

    def curve(self, draws: Draws, mated: int, non_mated: int, fmr: float) -> Curve:
        """The curve of one replicate, as `bootstrap` gives it.

        draws: (subjects,). mated, non_mated: how many comparisons of each kind these make.
        """
        size = HEAD
        while True:
            matched, falsely = self._counts(draws, size)
            found = Curve(falsely / max(non_mated, 1e-12), 1 - matched / max(mated, 1e-12))
            if size >= len(self._score) or found.fmr[-1] > max(fmr, found.fnmr[-1]):
                return found
            size *= 4

    def _counts(self, draws: Draws, size: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Matches by threshold, mated and non-mated, first those of a threshold above all scores.

        size: of the comparisons counted; a last threshold that only some of them reach with others is left out.
        """
        mated = self._mated[:size]
        counts = draws[self._first[:size]]
        counts *= np.where(mated, 1, draws[self._second[:size]])
        last = self._score[:size] != np.append(self._score[1 : size + 1], np.nan)[:size]  # equal scores match together
        matched, falsely = (np.append(0, np.cumsum(counts * kind)[last]) for kind in (mated, ~mated))
        return matched, falsely


def interval(values: Sequence[float]) -> list[float]:
    """The middle 95 % of bootstrap replicates; empty for none."""
    return [float(end) for end in np.quantile(values, (0.025, 0.975))] if len(values) else []

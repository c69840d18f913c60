"""Shares and their intervals, where many searches share few fingers and faces."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import beta

from benchmarks.rates import interval


@dataclass(frozen=True, slots=True)
class Trial:
    """One search. hit: what is counted. of: the real fingers, or the face, that it depends on."""

    hit: bool
    of: Collection[str]


def share(trials: Sequence[Trial]) -> float:
    """Of the trials that are hits; 0 of none."""
    return sum(one.hit for one in trials) / max(len(trials), 1)


def distinct(trials: Sequence[Trial]) -> int:
    """How many different fingers or faces the trials depend on."""
    return len(set().union(*(one.of for one in trials)))


def exact_interval(count: float, of: int) -> list[float]:
    """Clopper and Pearson's, 95 %; also for a count that is no whole number. Of nothing: 0 to 1."""
    low = 0.0 if count <= 0 or not of else float(beta.ppf(0.025, count, of - count + 1))
    high = 1.0 if count >= of or not of else float(beta.ppf(0.975, count + 1, of - count))
    return [low, high]


def exact_share_interval(trials: Sequence[Trial]) -> list[float]:
    """Clopper and Pearson's, as if trials with the same finger or face always ended alike.

    So it counts no more trials than different fingers or faces: it is wider than the truth, never narrower.
    """
    independent = min(len(trials), distinct(trials))
    return exact_interval(share(trials) * independent, independent)


def clustered_interval(trials: Sequence[Trial], replicates: int, seed: int) -> list[float]:
    """95 % by drawing the fingers or faces again; where all or none are hits, `exact_share_interval`.

    A trial counts as often as all that it depends on are drawn: the product, as in `rates.counted`.
    """
    if share(trials) in {0.0, 1.0}:
        return exact_share_interval(trials)
    names = sorted(set().union(*(one.of for one in trials)))
    number = {name: at for at, name in enumerate(names)}
    draws = np.random.default_rng(seed).multinomial(len(names), np.full(len(names), 1 / len(names)), size=replicates)
    weights = np.stack([draws[:, [number[name] for name in one.of]].prod(axis=1) for one in trials], axis=1)
    hits, totals = weights @ np.array([one.hit for one in trials]), weights.sum(axis=1)
    return interval((hits[totals > 0] / totals[totals > 0]).tolist())

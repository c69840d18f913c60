"""How often two different people reach as much evidence by chance.

A likelihood ratio of r is reached by at most 1/r of non-mated comparisons. That is only a bound: with several positions
chance reaches it far more rarely. Here the rate is computed from the measured rates of single scores. Under one
hypothesis the evidence is a sum over pairs, so its distribution is the convolution of theirs. The mixture exceeds t
about as often as any of its weighted parts does, so their rates are added.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from matcher.calibrate import Calibration
from matcher.fuse import HYPOTHESES, Layout, weight_of
from matcher.parameters import FALSE_SHARE, RARITY_MARGIN
from matcher.types import Hypothesis

STEP = 0.02
"""Of the grid of log10 LR. Evidence is rounded up to it, so that rates are never too low."""
LOWEST_RATE = -30.0
"""log10; rarer is all the same."""
SCORES = 20_000
"""Steps in which a curve is inverted."""
Mass = tuple[int, NDArray[np.float64]]
"""A distribution over the grid: the index of the first value, and the probabilities from there on."""


class Rarity:
    """Rates of non-mated evidence, by layout. calibrations: by modality. Safe to share between threads."""

    def __init__(self, calibrations: Mapping[str, Calibration]) -> None:
        self._calibrations = calibrations
        self._sum = lru_cache(None)(self._convolved)
        self._alone = lru_cache(None)(self._single)
        self._rates = lru_cache(None)(self._table)

    def __call__(
        self, layout: Layout, log10_lr: NDArray[np.float64], among: Sequence[Hypothesis] = HYPOTHESES
    ) -> NDArray[np.float64]:
        """log10 of the number of non-mated comparisons of a layout for each one that reaches a mixture's log10 LR (n,).

        RARITY_MARGIN is taken off. Where nothing can be compared by the hypotheses that count, −RARITY_MARGIN.
        """
        first, rates = self._rates(layout, tuple(among))
        at = np.ceil(np.where(np.isfinite(log10_lr), log10_lr, first * STEP) / STEP - 1e-6).astype(np.int64) - first
        return np.asarray(-rates[np.clip(at, 0, len(rates) - 1)] - RARITY_MARGIN, np.float64)

    def _table(self, layout: Layout, among: Sequence[Hypothesis]) -> tuple[int, NDArray[np.float64]]:
        """log10 of the rate of reaching at least a value of the mixture, by value from the first on."""
        parts = []
        for hypothesis in HYPOTHESES:
            weight = weight_of(hypothesis, layout, among)
            if math.isfinite(weight):
                first, mass = self._of(hypothesis, layout)
                parts.append((first + math.ceil(weight / STEP), mass[::-1].cumsum()[::-1]))
        if not parts:
            return 0, np.zeros(1)
        start, end = min(first for first, _ in parts), max(first + len(rate) for first, rate in parts)
        total = np.zeros(end - start)
        for first, rate in parts:
            total[: first - start] += 1
            total[first - start : first - start + len(rate)] += rate
        return start, np.log10(np.clip(total, 10.0**LOWEST_RATE, 1))

    def _of(self, hypothesis: Hypothesis, layout: Layout) -> Mass:
        """The distribution of a hypothesis' log10 LR among people of whom none is the probe's."""
        face = layout.face
        if hypothesis is Hypothesis.FACE_ALONE:
            return self._sum(True, 0, 1, False)
        if hypothesis is Hypothesis.FINGERS_ALONE:
            return self._sum(False, layout.stated, 1, False)
        if hypothesis is Hypothesis.SOME_FALSE:
            return self._sum(face, layout.stated, 1, True)
        if hypothesis is Hypothesis.HANDS_SWAPPED:
            return self._sum(face, layout.mirrored, 1, False)
        if hypothesis is Hypothesis.ANY_POSITION:
            return self._sum(face, layout.probe, layout.person, False)
        return self._sum(face, layout.stated, 1, False)

    def _convolved(self, face: bool, fingers: int, choices: int, doubted: bool) -> Mass:
        """Of a face, if there is one, and some fingers, each the best of some choices; doubted: each may be false."""
        first, mass = 0, np.ones(1)
        for one in [self._alone("face", 1, doubted)] * face + [self._alone("finger", choices, doubted)] * fingers:
            first, mass = first + one[0], np.convolve(mass, one[1])
        return first, mass

    def _single(self, name: str, choices: int, doubted: bool) -> Mass:
        """Of the best of some comparisons of one modality."""
        calibration = self._calibrations[name]
        curve, rate = calibration.curve, calibration.rate
        scores = np.linspace(min(curve.scores[0], rate.scores[0]), curve.scores[-1], SCORES)
        change: Callable[[NDArray[np.float64]], NDArray[np.float64]] = _doubted if doubted else _as_it_is
        values = change(curve(scores) - math.log10(choices))
        reached = -np.expm1(choices * np.log1p(-np.minimum(10.0 ** rate(scores), 1 - 1e-12)))
        steps = np.ceil(values / STEP - 1e-6).astype(np.int64)
        first, last = int(steps[0]), int(steps[-1])
        # P(value > step k) = P(score ≥ the first score whose value lies above it)
        above = np.searchsorted(steps, np.arange(first, last + 1), side="right")
        beyond = np.where(above < len(scores), reached[np.minimum(above, len(scores) - 1)], 0.0)
        return first, -np.diff(np.concatenate([[1.0], beyond]))


def _doubted(log10_lr: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.log10(1 - FALSE_SHARE + FALSE_SHARE * 10.0**log10_lr)


def _as_it_is(log10_lr: NDArray[np.float64]) -> NDArray[np.float64]:
    return log10_lr

"""Comparisons within sets of fingerprints: by minutiae, and by the fixed-length vector alone."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.fingerprint_sets import Print, Sets
from benchmarks.groups import ByGroup, Labels, by_group, label
from benchmarks.rates import Subjects, Trial
from matcher.finger import Prepared, compare, prepare, prepare_many
from matcher.finger.vector import FingerVector
from matcher.types import Vector

Trials = Mapping[str, Trial]


def warm_up(one: Print) -> None:
    """The first call loads or compiles what the later ones run."""
    prepared = prepare(one.minutiae)
    compare(prepared, [prepared])


def by_minutiae(sets: Sets) -> tuple[Trials, float]:
    """The trial of each set, and how many comparisons there were per second."""
    done = {name: compared(prints) for name, prints in sets.items()}
    trials = {name: trial for name, (trial, _, _) in done.items()}
    return trials, sum(made for _, made, _ in done.values()) / sum(spent for _, _, spent in done.values())


def compared(prints: Sequence[Print]) -> tuple[Trial, int, float]:
    """The trial of a set, each probe with the candidate list of those after it, comparisons made, and their seconds."""
    prepared: list[Prepared] = [prepare(view) for one in prints for view in one.views]
    owners = np.repeat(np.arange(len(prints)), [len(one.views) for one in prints])
    scores = np.zeros((len(prints), len(prints)), np.float32)
    comparisons, seconds = 0, 0.0
    for view, row in zip(prepared, owners.tolist(), strict=True):
        later = int(np.searchsorted(owners, row, side="right"))
        began = time.thread_time()
        found = compare(view, prepared[later:])
        seconds += time.thread_time() - began
        comparisons += len(found)
        np.maximum.at(scores[row], owners[later:], found)
    return trial_of(prints, scores), comparisons, seconds


def prepare_ms(prints: Sequence[Print]) -> float:
    """Of a print's cylinders, made for 50 prints per call as in the last stage of a search."""
    began = time.thread_time()
    for start in range(0, len(prints), 50):
        prepare_many([one.minutiae for one in prints[start : start + 50]])
    return 1e3 * (time.thread_time() - began) / len(prints)


@dataclass(frozen=True, slots=True, eq=False)
class Embedded:
    """Vectors of a set's n prints, each the mean of its views.

    vectors: float32 (n, d), zeros where a print has none. has: bool (n,).
    """

    finger: NDArray[np.int64]
    vectors: Vector
    has: NDArray[np.bool_]

    @property
    def cosines(self) -> NDArray[np.float32]:
        """Of all with all, (n, n); −1 with a print that has no vector."""
        return np.where(self.has[:, None] & self.has, self.vectors @ self.vectors.T, -1).astype(np.float32)

    @property
    def rank1(self) -> float:
        """Share of prints whose most similar other print is of the same finger."""
        others = np.where(np.eye(len(self.finger), dtype=bool), -2, self.cosines)
        return float(np.mean(self.finger[others.argmax(axis=1)] == self.finger))


def embedded(prints: Sequence[Print]) -> Embedded:
    embed = FingerVector()
    has = np.array([len(one.minutiae) > 0 for one in prints])
    vectors = np.zeros((len(prints), embed.dimension), np.float32)
    for row, one in enumerate(prints):
        if has[row]:
            vectors[row] = np.mean([embed(view) for view in one.views], axis=0)  # as the preselection has them
    return Embedded(np.array([one.finger for one in prints]), vectors, has)


def trial_of(prints: Sequence[Print], scores: NDArray[np.float32]) -> Trial:
    """scores: (n, n), of which the upper triangle counts."""
    first, second = np.triu_indices(len(prints), 1)
    finger = np.array([one.finger for one in prints])
    return Trial(scores[first, second], finger[first] == finger[second], finger[first], finger[second])


def groups(sets: Sets, trials: Trials, labels: Labels, replicates: int) -> ByGroup:
    """Rates per group over all sets at one threshold; captures are compared within their set only."""
    own = [label(labels, f"{name}/{one.name}", one.name) for name, prints in sets.items() for one in prints]
    corners = [np.triu_indices(len(prints), 1) for prints in sets.values()]
    counts = [len(prints) for prints in sets.values()]
    first, second = (_numbered([corner[side] for corner in corners], counts) for side in (0, 1))
    return by_group(_pooled(sets, trials), (first, second), own, replicates, seed=1)


def _pooled(sets: Sets, trials: Trials) -> Trial:
    """One trial of all sets; their fingers are different subjects."""
    ordered = [trials[name] for name in sets]
    fingers = [1 + max(one.finger for one in prints) for prints in sets.values()]
    return Trial(
        np.concatenate([one.score for one in ordered]),
        np.concatenate([one.mated for one in ordered]),
        _numbered([one.first for one in ordered], fingers),
        _numbered([one.second for one in ordered], fingers),
    )


def _numbered(indexes: Sequence[Subjects], counts: Sequence[int]) -> Subjects:
    """Indexes into each of several lists of these lengths → into all lists one after the other."""
    starts = np.cumsum([0, *counts])
    return np.concatenate([one + start for one, start in zip(indexes, starts, strict=False)])

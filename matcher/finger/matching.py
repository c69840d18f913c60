"""Prepared prints → comparison scores: the most similar cylinders, then global relaxation (LGS-R of the paper)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from matcher import parameters as p
from matcher.finger.cylinders import Columns, Prepared, Prints, building

if TYPE_CHECKING:
    from matcher.finger.matching_kernels import Matching


def compare(probe: Prepared, references: Sequence[Prepared]) -> NDArray[np.float32]:
    """Scores float32 (n,), 0 to 1, of one probe against each reference, in their order."""
    if not references:
        return np.zeros(0, np.float32)
    starts = np.zeros(len(references) + 1, np.int64)
    np.cumsum([len(reference) for reference in references], out=starts[1:])
    names = ("bits", "mask", "frame", "angle", "index")
    columns = {name: np.concatenate([getattr(one, name) for one in references]) for name in names}
    return compare_many(probe, Prints(Prepared(**columns), starts))


def paired_minutiae(probe: Prepared, reference: Prepared) -> tuple[float, NDArray[np.int32]]:
    """The score of two prints and the pairs that made it: int32 (k, 2), rows of their Minutiae, best first."""
    from matcher.finger import matching_kernels as kernels  # Numba is slow to import

    rows, columns = np.empty(p.RELAX_PAIRS, np.int32), np.empty(p.RELAX_PAIRS, np.int32)
    score, used = kernels.match(_how(), *_arrays(probe), *_arrays(reference), rows, columns)
    pairs = np.stack([probe.index[rows[:used]], reference.index[columns[:used]]], axis=1)
    return float(score), pairs


def compare_many(probe: Prepared, references: Prints) -> NDArray[np.float32]:
    """`compare` for prints in columns."""
    from matcher.finger import matching_kernels as kernels  # Numba is slow to import

    scores = np.empty(len(references), np.float32)
    kernels.match_many(_how(), *_arrays(probe), *_arrays(references.cylinders), references.starts, scores)
    return scores


def search_scores(probes: Sequence[Prepared], references: Columns, *, in_full: bool) -> NDArray[np.float32]:
    """The best score of some prints of one finger against each reference: float32 (n,).

    Only prints count to which the cylinders of a reference's surest minutiae alone are alike, −∞ where there is none:
    nearly all references are of other fingers, and making all their cylinders takes most of the time. in_full: all do.
    """
    from matcher.finger.scoring_kernels import score_prints  # Numba is slow to import

    columns = references.x, references.y, references.direction, references.quality, references.starts
    scores = np.empty((len(probes), len(references)), np.float32)
    sketch = 0 if in_full else p.SKETCH_MINUTIAE
    for probe, row in zip(probes, scores, strict=True):
        score_prints(building(), _how(), *_arrays(probe), *columns, sketch, np.float32(p.SKETCH_SCORE), row)
    return np.asarray(scores.max(axis=0))


def _arrays(print_: Prepared) -> tuple[NDArray[np.uint64], NDArray[np.uint64], NDArray[np.float32], NDArray[np.uint8]]:
    return print_.bits, print_.mask, print_.frame, print_.angle


@lru_cache(maxsize=1)
def _how() -> Matching:
    from matcher.finger import matching_kernels as kernels  # Numba is slow to import

    angle = np.arange(256) * 2 * math.pi / 256
    steps = np.arange(16 * kernels.DISTANCE_STEPS) / kernels.DISTANCE_STEPS
    return kernels.Matching(
        common_cells=p.COMMON_CELLS,
        fewest=p.FEWEST_CYLINDERS,
        gate=round(p.PAIR_DIRECTION / (2 * math.pi) * 256),
        vote_from=round(p.VOTE_SIMILARITY * (kernels.LEVELS - 1)),
        pairs_least=p.PAIRS_LEAST,
        pairs_most=p.PAIRS_MOST,
        pairs_centre=p.PAIRS_CENTRE,
        pairs_slope=p.PAIRS_SLOPE,
        relax_pairs=p.RELAX_PAIRS,
        rounds=p.RELAX_ROUNDS,
        weight=p.RELAX_WEIGHT,
        distance=_sigmoid(steps, *p.RELAX_DISTANCE),
        direction=_sigmoid(np.minimum(angle, 2 * math.pi - angle), *p.RELAX_DIRECTION),
        bearing=_sigmoid(np.arccos(np.linspace(-1, 1, 1025)), *p.RELAX_BEARING),
    )


def _sigmoid(value: NDArray[np.float64], centre: float, slope: float) -> NDArray[np.float32]:
    """The paper's Z: rises if slope is positive."""
    return (1 / (1 + np.exp(np.clip(-slope * (value - centre), -80, 80)))).astype(np.float32)

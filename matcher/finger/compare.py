"""Prepared prints → comparison scores: the most similar cylinders, then global relaxation (the paper's LGS-R)."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from matcher import parameters as p
from matcher.finger.cylinders import Prepared


def compare(probe: Prepared, references: Sequence[Prepared], *, threads: int = 1) -> NDArray[np.float32]:
    """Scores float32 (n,), 0 to 1, of one probe against each reference, in their order.

    threads: how many share the list; 1 stays in the caller's thread.
    """
    parts = [part for part in np.array_split(np.arange(len(references)), max(threads, 1)) if len(part)]
    if not parts:
        return np.zeros(0, np.float32)
    lists = [references[part[0] : part[-1] + 1] for part in parts]
    if len(lists) == 1:
        return _scores(probe, lists[0])
    with ThreadPoolExecutor(len(lists)) as pool:
        return np.concatenate(list(pool.map(lambda part: _scores(probe, part), lists)))


def paired_minutiae(probe: Prepared, reference: Prepared) -> tuple[float, NDArray[np.int32]]:
    """The score of two prints and the pairs that made it: int32 (k, 2), rows of their Minutiae, best first."""
    from matcher.finger import kernels  # Numba is slow to import

    rows, columns = np.empty(p.RELAX_PAIRS, np.int32), np.empty(p.RELAX_PAIRS, np.int32)
    score, used = kernels.match(*_arrays(probe), *_arrays(reference), rows, columns)
    pairs = np.stack([probe.index[rows[:used]], reference.index[columns[:used]]], axis=1)
    return float(score), pairs


def _scores(probe: Prepared, references: Sequence[Prepared]) -> NDArray[np.float32]:
    from matcher.finger import kernels  # Numba is slow to import

    starts = np.zeros(len(references) + 1, np.int64)
    np.cumsum([len(reference.angle) for reference in references], out=starts[1:])
    scores = np.empty(len(references), np.float32)
    bits, mask, frame, angle = map(np.concatenate, zip(*map(_arrays, references), strict=True))
    kernels.match_many(*_arrays(probe), bits, mask, frame, angle, starts, scores)
    return scores


def _arrays(print_: Prepared) -> tuple[NDArray[np.uint64], NDArray[np.uint64], NDArray[np.float32], NDArray[np.uint8]]:
    return print_.bits, print_.mask, print_.frame, print_.angle

"""The compiled loop of a search: references from their minutiae to scores. Imported on first use, like the others.

It releases the interpreter lock for many references at a time, so that threads run side by side.
"""

# Numba gives the types of compiled functions, which mypy cannot follow.
# mypy: ignore-errors

import math

import numpy as np
from numba import njit

from matcher.finger.cylinder_kernels import SLICES, WORDS, build_cylinders
from matcher.finger.matching_kernels import match


@njit(cache=True, nogil=True)
def score_prints(building, matching, bits, mask, frame, angle, x, y, direction, quality, starts, sketch, least, scores):
    """Fill scores (n,) of a prepared print (bits, mask, frame, angle) against n prints; −∞ where no sketch is alike.

    x, y, direction, quality: float64 (m,); print r owns the rows starts[r] to starts[r + 1]. sketch: minutiae of a
    sketch; 0: none is made. least: score of one that is alike.
    """
    for r in range(len(scores)):
        a, b = starts[r], starts[r + 1]
        xs, ys, directions = x[a:b], y[a:b], direction[a:b]
        if 0 < sketch < b - a:
            few = surest(quality[a:b], sketch)
            score, cylinders = _score(building, matching, bits, mask, frame, angle, xs, ys, directions, few)
            if cylinders >= matching.fewest and score < least:
                scores[r] = -np.inf
                continue
        every = np.ones(b - a, np.bool_)
        scores[r], _ = _score(building, matching, bits, mask, frame, angle, xs, ys, directions, every)


@njit(cache=True, nogil=True)
def surest(quality, most):
    """bool (n,): the `most` minutiae of the highest quality; of equals the first."""
    chosen = np.zeros(len(quality), np.bool_)
    for _ in range(most):
        best = -1
        for i in range(len(quality)):
            if not chosen[i] and (best < 0 or quality[i] > quality[best]):
                best = i
        chosen[best] = True
    return chosen


@njit(cache=True, nogil=True)
def _score(building, matching, bits, mask, frame, angle, x, y, direction, wanted):
    """Score against the cylinders of the wanted minutiae of one print, and the number of these cylinders."""
    n = len(x)
    made, valid = np.zeros((n, SLICES * WORDS), np.uint64), np.zeros((n, WORDS), np.uint64)
    usable = build_cylinders(building, x, y, direction, np.array([0, n]), wanted, made, valid)
    count = 0
    frames, angles = np.empty((n, 4), np.float32), np.empty(n, np.uint8)
    for i in range(n):
        if not usable[i]:
            continue
        made[count], valid[count] = made[i], valid[i]
        frames[count, 0], frames[count, 1] = x[i], y[i]
        frames[count, 2], frames[count, 3] = math.cos(direction[i]), math.sin(direction[i])
        angles[count] = np.int64(np.rint(direction[i] * (256 / (2 * math.pi)))) % 256
        count += 1
    rows, columns = np.empty(matching.relax_pairs, np.int32), np.empty(matching.relax_pairs, np.int32)
    theirs = made[:count], valid[:count], frames[:count], angles[:count]
    score, _ = match(matching, bits, mask, frame, angle, *theirs, rows, columns)
    return score, count

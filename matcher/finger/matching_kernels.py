"""The compiled loops that compare cylinders. Imported on first use: Numba takes a second to load.

All loops release the interpreter lock, so threads run side by side; none starts threads of its own.
"""

# Numba gives the types of compiled functions, which mypy cannot follow.
# mypy: ignore-errors

import math
from typing import NamedTuple

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

from matcher.finger.cylinder_kernels import CELLS, SLICES, WORDS

# Fixed when this file is compiled. Tuned numbers come as arguments: Numba's cache would not notice their change.
DISTANCE_STEPS = 8
"""Entries of the distance table per pixel."""

ROTATIONS = 32
"""Bins of the vote on the rotation between the prints."""

ENOUGH = 8
"""Pairs considered for each that takes part."""

LEVELS = 256
"""Similarities are sorted in this many steps."""


class Matching(NamedTuple):
    """How prints are compared (matcher.parameters, FEWEST_CYLINDERS, PAIRS_*, RELAX_*).

    distance, direction, bearing: float32 tables of the relaxation factors, by distance difference in eighths of pixels,
    by 256ths of a full rotation, and by cosine in 1024 steps from −1 to 1.
    """

    common_cells: float
    fewest: int
    gate: int
    vote_from: int
    pairs_least: int
    pairs_most: int
    pairs_centre: float
    pairs_slope: float
    relax_pairs: int
    rounds: int
    weight: float
    distance: np.ndarray
    direction: np.ndarray
    bearing: np.ndarray


@intrinsic
def popcount(typingctx, word):
    def generate(context, builder, signature, args):
        return builder.trunc(builder.ctpop(args[0]), ir.IntType(32))

    return types.int32(types.uint64), generate


ROOT = np.sqrt(np.arange(SLICES * CELLS + 1)).astype(np.float32)


@njit(cache=True, nogil=True)
def similarity(bits_a, mask_a, i, bits_b, mask_b, j, least):
    """1 - ‖a xor b‖ / (‖a‖ + ‖b‖) over the cells valid in cylinders i of a and j of b; 0 if fewer than `least` are."""
    common = 0
    for w in range(WORDS):
        common += popcount(mask_a[i, w] & mask_b[j, w])
    if common < least:
        return np.float32(0)
    ones_a, ones_b, other = 0, 0, 0
    for w in range(WORDS):
        both = mask_a[i, w] & mask_b[j, w]
        for k in range(SLICES):
            a = bits_a[i, k * WORDS + w] & both
            b = bits_b[j, k * WORDS + w] & both
            ones_a += popcount(a)
            ones_b += popcount(b)
            other += popcount(a ^ b)
    if ones_a == 0 or ones_b == 0:
        return np.float32(0)
    return np.float32(1) - ROOT[other] / (ROOT[ones_a] + ROOT[ones_b])


@njit(cache=True, nogil=True)
def best_pairs(how, bits_a, mask_a, angle_a, bits_b, mask_b, angle_b, most, rows, columns, values):
    """Greedy assignment: fill rows, columns, values (each (most,)) with the most similar pairs; return how many.

    Prints of one finger differ by one rotation, so only pairs near the rotation that most similar pairs vote for take
    part. angle_*: uint8, 256ths of a full rotation.
    """
    na, nb = len(bits_a), len(bits_b)
    least = math.ceil(how.common_cells * math.pi / 4 * CELLS)
    steps = np.empty((na, nb), np.uint8)
    votes = np.zeros(ROTATIONS, np.int64)
    for i in range(na):
        angle = np.int32(angle_a[i])
        for j in range(nb):
            value = similarity(bits_a, mask_a, i, bits_b, mask_b, j, least)
            step = np.int32(value * np.float32(LEVELS - 1) + np.float32(0.5))
            steps[i, j] = step
            if step > how.vote_from:
                clear = step - how.vote_from
                votes[((angle - np.int32(angle_b[j])) & 255) * ROTATIONS >> 8] += clear * clear
    rotation = best_rotation(votes, how.gate)
    found = np.empty(na * nb, np.int32)
    starts = np.zeros(LEVELS + 1, np.int32)
    count = 0
    for i in range(na):
        angle = np.int32(angle_a[i]) - rotation
        for j in range(nb):
            off = (angle - np.int32(angle_b[j])) & 255
            if min(off, 256 - off) <= how.gate and steps[i, j] > 0:
                found[count] = i << 16 | j
                starts[LEVELS - steps[i, j]] += 1
                count += 1
    last = LEVELS - 1  # pairs beyond this level are too many and too weak to matter
    for level in range(LEVELS):
        starts[level + 1] += starts[level]
        if starts[level + 1] >= ENOUGH * most:
            last = level
            break
    order = np.empty(starts[last + 1], np.int32)
    for e in range(count):
        level = LEVELS - 1 - steps[found[e] >> 16, found[e] & 0xFFFF]
        if level <= last:
            order[starts[level]] = found[e]
            starts[level] += 1
    taken_a = np.zeros(na, np.bool_)
    taken_b = np.zeros(nb, np.bool_)
    kept = 0
    for pair in order:
        i, j = pair >> 16, pair & 0xFFFF
        if taken_a[i] or taken_b[j]:
            continue
        taken_a[i] = True
        taken_b[j] = True
        rows[kept], columns[kept] = i, j
        values[kept] = np.float32(steps[i, j]) / np.float32(LEVELS - 1)
        kept += 1
        if kept == most:
            break
    return kept


@njit(cache=True, nogil=True)
def best_rotation(votes, gate):
    """The rotation, in 256ths, with the most votes within `gate` around it."""
    reach = gate * ROTATIONS // 256
    best, most = 0, -1
    for centre in range(ROTATIONS):
        total = votes[centre]
        for off in range(1, reach + 1):
            total += votes[(centre + off) % ROTATIONS] + votes[(centre - off) % ROTATIONS]
        if total > most:
            best, most = centre, total
    return best * (256 // ROTATIONS) + 128 // ROTATIONS


@njit(cache=True, nogil=True)
def relax(how, frame_a, angle_a, frame_b, angle_b, rows, columns, values, kept, agree):
    """Let the pairs confirm each other; return their new values (kept,).

    agree: (kept, kept) scratch; agree[k, t] is how far pair k confirms pair t. frame_*: (n, 4) of x, y, cos, sin.
    """
    for t in range(kept):
        agree[t, t] = 0
        at, bt = rows[t], columns[t]
        for k in range(t):
            ak, bk = rows[k], columns[k]
            agree[t, k] = 0
            agree[k, t] = 0
            angle = (int(angle_a[ak]) - int(angle_a[at]) - int(angle_b[bk]) + int(angle_b[bt])) & 255
            factor = how.direction[angle]
            if factor < 1e-3:
                continue
            ax, ay = frame_a[ak, 0] - frame_a[at, 0], frame_a[ak, 1] - frame_a[at, 1]
            bx, by = frame_b[bk, 0] - frame_b[bt, 0], frame_b[bk, 1] - frame_b[bt, 1]
            da, db = math.sqrt(ax * ax + ay * ay), math.sqrt(bx * bx + by * by)
            step = int(abs(da - db) * DISTANCE_STEPS)
            if step >= len(how.distance) or da == 0 or db == 0:
                continue
            factor *= how.distance[step]
            # both bearings in the frame of their own minutia, then the cosine between them
            agree[k, t] = factor * _bearing(how.bearing, frame_a[at], ax, ay, frame_b[bt], bx, by, da * db)
            agree[t, k] = factor * _bearing(how.bearing, frame_a[ak], -ax, -ay, frame_b[bk], -bx, -by, da * db)
    now = values[:kept].copy()
    if kept < 2:
        return now
    support = np.empty_like(now)
    keep, take = np.float32(how.weight), np.float32((1 - how.weight) / (kept - 1))
    for _ in range(how.rounds):
        support[:] = 0
        for k in range(kept):  # the inner loop runs over adjacent memory, so the compiler vectorises it
            for t in range(kept):
                support[t] += agree[k, t] * now[k]
        for t in range(kept):
            now[t] = keep * now[t] + take * support[t]
    return now


@njit(cache=True, nogil=True)
def _bearing(table, frame_a, ax, ay, frame_b, bx, by, lengths):
    au, av = frame_a[2] * ax + frame_a[3] * ay, frame_a[2] * ay - frame_a[3] * ax
    bu, bv = frame_b[2] * bx + frame_b[3] * by, frame_b[2] * by - frame_b[3] * bx
    cosine = (au * bu + av * bv) / lengths
    return table[int(min(max(cosine, -1), 1) * 512 + 512.5)]


@njit(cache=True, nogil=True)
def pair_count(how, smaller):
    """The number of pairs that make the score, by the smaller of the two numbers of cylinders."""
    rise = 1 / (1 + math.exp(-how.pairs_slope * (smaller - how.pairs_centre)))
    return how.pairs_least + round(rise * (how.pairs_most - how.pairs_least))


@njit(cache=True, nogil=True)
def match(how, bits_a, mask_a, frame_a, angle_a, bits_b, mask_b, frame_b, angle_b, rows, columns):
    """Score of two prints, and the number of pairs that made it; rows, columns (RELAX_PAIRS,) hold them, best first."""
    smaller = min(len(bits_a), len(bits_b))
    if smaller < how.fewest:
        return np.float32(0), 0
    most = min(smaller, how.relax_pairs)
    values = np.empty(most, np.float32)
    kept = best_pairs(how, bits_a, mask_a, angle_a, bits_b, mask_b, angle_b, most, rows, columns, values)
    if kept == 0:
        return np.float32(0), 0
    agree = np.empty((kept, kept), np.float32)
    relaxed = relax(how, frame_a, angle_a, frame_b, angle_b, rows, columns, values, kept, agree)
    order = np.argsort(-relaxed / values[:kept])
    wanted = pair_count(how, smaller)
    used = min(wanted, kept)
    total = np.float32(0)
    chosen_rows, chosen_columns = np.empty(used, np.int32), np.empty(used, np.int32)
    for e in range(used):
        total += relaxed[order[e]]
        chosen_rows[e], chosen_columns[e] = rows[order[e]], columns[order[e]]
    rows[:used] = chosen_rows
    columns[:used] = chosen_columns
    return total / np.float32(wanted), used


@njit(cache=True, nogil=True)
def match_many(how, bits_a, mask_a, frame_a, angle_a, bits, mask, frame, angle, starts, scores):
    """Fill scores (n,): reference r owns the rows starts[r] to starts[r + 1] of bits, mask, frame, angle."""
    rows, columns = np.empty(how.relax_pairs, np.int32), np.empty(how.relax_pairs, np.int32)
    for r in range(len(scores)):
        a, b = starts[r], starts[r + 1]
        scores[r], _ = match(
            how, bits_a, mask_a, frame_a, angle_a, bits[a:b], mask[a:b], frame[a:b], angle[a:b], rows, columns
        )

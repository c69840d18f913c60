"""The compiled inner loops of Minutia Cylinder-Code. Imported on first use: Numba takes a second to load.

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

# The layout of a cylinder, fixed when this file is compiled. Tuned numbers come as arguments: Numba's cache on disk
# would not notice their change.
SIDE, SLICES = 8, 6
CELLS = SIDE * SIDE
WORDS = CELLS // 64
"""64-bit words a slice: bit c of word w is cell 64 w + c, rows first."""

LANES = 8
"""Sums kept of a cell: one a slice, then what arrived in all, then nothing: eight are one vector of the processor."""

NEARLY = 1e-6
"""Pixels, or square pixels, within which a distance worked out another way may differ."""

DISTANCE_STEPS = 8
"""Entries of the distance table a pixel."""

TURNS = 32
"""Bins of the vote on how far one print is turned against the other."""

ENOUGH = 8
"""Pairs looked at for each that takes part."""

LEVELS = 256
"""Similarities are sorted in this many steps."""


class Building(NamedTuple):
    """How cylinders are made; lengths in pixels, angles in radians (matcher.parameters, CYLINDER_*).

    cells: int64 (c,), those within the radius.
    bell: float32 (n + 1,), what a neighbour adds to a cell by their squared distance, from 0 to a bit beyond reach².
    shares: float32 (n + 1, LANES), each direction slice's share of it by the turn to the neighbour, from 0 to 2π; then
    1, whose sum is what arrived at the cell in all.
    doubt: what the tables' steps may cost in exactness, as a share of what arrived.
    """

    radius: float
    reach: float
    sigma_distance: float
    sigma_direction: float
    bit: float
    hull_margin: float
    least_cells: float
    least_neighbours: int
    cells: np.ndarray
    bell: np.ndarray
    shares: np.ndarray
    doubt: float


class Matching(NamedTuple):
    """How prints are compared (matcher.parameters, PAIRS_*, RELAX_*).

    distance, direction, bearing: float32 tables of the relaxation factors, by distance difference in eighths of pixels,
    by 256ths of a turn, and by cosine in 1024 steps from −1 to 1.
    """

    common_cells: float
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


@intrinsic
def add_scaled(typingctx, target, row, factor, source, at):
    """target[row] += factor * source[at] for arrays (n, LANES) of float32, as one operation of the processor."""
    wide, word = ir.VectorType(ir.FloatType(), LANES), ir.IntType(32)

    def place(context, builder, kind, array, row):
        data = context.make_array(kind)(context, builder, array).data
        start = builder.gep(data, [builder.mul(row, ir.Constant(row.type, LANES))])
        return builder.bitcast(start, wide.as_pointer())

    def generate(context, builder, signature, args):
        into, out_of = place(context, builder, target, *args[:2]), place(context, builder, source, *args[3:])
        nothing = ir.Constant(wide, ir.Undefined)
        factors = builder.insert_element(nothing, args[2], ir.Constant(word, 0))
        factors = builder.shuffle_vector(factors, nothing, ir.Constant(ir.VectorType(word, LANES), [0] * LANES))
        product = builder.fmul(factors, builder.load(out_of, align=4))
        builder.store(builder.fadd(builder.load(into, align=4), product), into, align=4)
        return context.get_dummy_value()

    return types.none(target, types.intp, types.float32, source, types.intp), generate


@njit(cache=True, nogil=True)
def near_edges(hull, x, y, far, edges):
    """Fill edges (h,) with the edges of the counter-clockwise polygon hull (h, 2) that matter within `far` of (x, y), a
    point inside: what lies beyond the line of one of the others is farther away. Return how many.
    """
    count = 0
    for i in range(len(hull)):
        j = i + 1 if i + 1 < len(hull) else 0
        ux, uy = hull[j, 0] - hull[i, 0], hull[j, 1] - hull[i, 1]
        side = ux * (y - hull[i, 1]) - uy * (x - hull[i, 0])
        if side <= 0 or side * side <= (far + NEARLY) ** 2 * (ux * ux + uy * uy):
            edges[count] = i
            count += 1
    return count


@njit(cache=True, nogil=True)
def near_hull(hull, edges, x, y, margin):
    """Whether (x, y) is inside the counter-clockwise polygon hull (h, 2), as far as `edges` tell, or within margin of
    one of them.
    """
    inside = True
    for i in edges:
        j = i + 1 if i + 1 < len(hull) else 0
        ux, uy = hull[j, 0] - hull[i, 0], hull[j, 1] - hull[i, 1]
        vx, vy = x - hull[i, 0], y - hull[i, 1]
        if ux * vy - uy * vx >= 0:
            continue
        inside = False
        length = ux * ux + uy * uy
        t = 0.0 if length == 0 else min(1.0, max(0.0, (ux * vx + uy * vy) / length))
        dx, dy = vx - t * ux, vy - t * uy
        if dx * dx + dy * dy <= margin * margin:
            return True
    return inside


@njit(cache=True, nogil=True)
def convex_hull(x, y):
    """The corners (h, 2) of the smallest convex polygon around n > 0 points, counter-clockwise (monotone chain)."""
    count = len(x)
    order = np.empty(count, np.int64)
    for i in range(count):  # by x, then y
        at = i
        while at > 0 and (x[order[at - 1]] > x[i] or (x[order[at - 1]] == x[i] and y[order[at - 1]] > y[i])):
            order[at] = order[at - 1]
            at -= 1
        order[at] = i
    hull = np.empty((2 * count + 1, 2))
    size, fixed = 0, 1
    for step in range(2 * count - 1):  # there along one side and back along the other
        if step == count:
            fixed = size
        i = order[step if step < count else 2 * count - 2 - step]
        if size > 0 and hull[size - 1, 0] == x[i] and hull[size - 1, 1] == y[i]:
            continue
        while size > fixed and _turn(hull[size - 2], hull[size - 1], x[i], y[i]) <= 0:
            size -= 1
        hull[size] = x[i], y[i]
        size += 1
    return hull[: max(size - 1, 1)]  # the last is the first again


@njit(cache=True, nogil=True)
def _turn(a, b, x, y):
    return (b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0])


@njit(cache=True, nogil=True)
def build_cylinders(how, x, y, direction, starts, bits, mask):
    """Fill bits (n, SLICES * WORDS) and mask (n, WORDS), both uint64 zeros; return bool (n,), which are usable.

    x, y, direction: float64 (n,) of many prints; print r owns the rows starts[r] to starts[r + 1].
    """
    usable = np.zeros(len(x), np.bool_)
    sums = np.empty((CELLS, LANES), np.float32)
    shares = np.empty((1, LANES), np.float32)
    for r in range(len(starts) - 1):
        a, b = starts[r], starts[r + 1]
        if b - a <= how.least_neighbours:
            continue
        xs, ys, directions = x[a:b], y[a:b], direction[a:b]
        hull = convex_hull(xs, ys)
        edges = np.empty(len(hull), np.int64)
        for m in range(b - a):
            neighbours = _gather(how, xs, ys, directions, m, sums, shares)
            valid = _valid_cells(how, xs, ys, directions, hull, edges, m, sums, mask[a + m])
            _set_bits(how, xs, ys, directions, m, sums, bits[a + m])
            usable[a + m] = neighbours >= how.least_neighbours and valid >= how.least_cells * len(how.cells)
    return usable


@njit(cache=True, nogil=True)
def _gather(how, x, y, direction, m, sums, shares):
    """Fill sums (CELLS, LANES) with what the neighbours of minutia m bring to each cell, and return their number.

    A cell whose distance from a neighbour cannot be told from the reach gets an infinite sum of all.
    shares: (1, LANES) scratch.
    """
    bell, table = how.bell, how.shares
    bell_step, turn_steps = (len(bell) - 1) / (how.reach * how.reach + 1), len(table) - 1
    spacing, middle = 2 * how.radius / SIDE, (SIDE - 1) / 2
    near, far = how.radius**2, (how.radius + how.reach) ** 2
    inside, outside = how.reach * how.reach - NEARLY, how.reach * how.reach + NEARLY
    width = how.reach / spacing + NEARLY
    c, s = math.cos(direction[m]) / spacing, math.sin(direction[m]) / spacing
    sums[:] = 0
    neighbours = 0
    for t in range(len(x)):
        dx, dy = x[t] - x[m], y[t] - y[m]
        d2 = dx * dx + dy * dy
        if t == m or not d2 <= far:
            continue
        if d2 <= near:
            neighbours += 1
        row, column = c * dx + s * dy + middle, c * dy - s * dx + middle
        turn = (direction[m] - direction[t]) * (0.5 / math.pi)
        place = (turn - math.floor(turn)) * turn_steps
        at = min(max(int(place), 0), turn_steps - 1)
        part = np.float32(place - at)
        shares[:] = 0
        add_scaled(shares, 0, 1 - part, table, at)
        add_scaled(shares, 0, part, table, at + 1)
        for i in range(max(math.ceil(row - width), 0), min(math.floor(row + width) + 1, SIDE)):
            du = (row - i) * spacing
            for j in range(max(math.ceil(column - width), 0), min(math.floor(column + width) + 1, SIDE)):
                dv = (column - j) * spacing
                d2 = du * du + dv * dv
                if not d2 <= outside:
                    continue
                if d2 > inside:
                    sums[i * SIDE + j, SLICES] = np.inf
                    continue
                place = d2 * bell_step
                at = int(place)
                add_scaled(sums, i * SIDE + j, bell[at] + np.float32(place - at) * (bell[at + 1] - bell[at]), shares, 0)
    return neighbours


@njit(cache=True, nogil=True)
def _valid_cells(how, x, y, direction, hull, edges, m, sums, mask):
    """Fill mask (WORDS,) of minutia m; return the number of valid cells."""
    spacing = 2 * how.radius / SIDE
    c, s = math.cos(direction[m]), math.sin(direction[m])
    margin = how.hull_margin
    edges = edges[: near_edges(hull, x[m], y[m], how.radius, edges)]
    valid = 0
    for cell in how.cells:
        a = (cell // SIDE - (SIDE - 1) / 2) * spacing
        b = (cell % SIDE - (SIDE - 1) / 2) * spacing
        # minutiae are within the hull, so what is near enough to one is near enough to the hull
        near = sums[cell, SLICES] > 0 or a * a + b * b < (margin - NEARLY) ** 2
        if near or near_hull(hull, edges, x[m] + c * a - s * b, y[m] + s * a + c * b, margin):
            valid += 1
            mask[cell // 64] |= np.uint64(1) << np.uint64(cell % 64)
    return valid


@njit(cache=True, nogil=True)
def _set_bits(how, x, y, direction, m, sums, bits):
    """Fill bits (SLICES * WORDS,) of minutia m from its sums."""
    doubt = how.doubt + (len(x) + 8) * 2**-23  # and what rounding may cost
    for cell in how.cells:
        clear = doubt * sums[cell, SLICES]
        if clear == 0:
            continue
        place = np.uint64(cell % 64)
        unclear = False
        for k in range(SLICES):
            over = sums[cell, k] - how.bit
            bits[k * WORDS + cell // 64] |= np.uint64(over > clear) << place
            unclear |= abs(over) <= clear
        if unclear:
            for k in range(SLICES):
                if abs(sums[cell, k] - how.bit) <= clear and cell_value(how, x, y, direction, m, cell, k) >= how.bit:
                    bits[k * WORDS + cell // 64] |= np.uint64(1) << place


@njit(cache=True, nogil=True)
def cell_value(how, x, y, direction, m, cell, k):
    """The paper's sum for a cell of direction slice k in the cylinder of minutia m, without tables."""
    spacing = 2 * how.radius / SIDE
    scale = 1 / (how.sigma_distance * math.sqrt(2 * math.pi))
    half = math.pi / SLICES
    spread = how.sigma_direction * math.sqrt(2)
    a = (cell // SIDE - (SIDE - 1) / 2) * spacing
    b = (cell % SIDE - (SIDE - 1) / 2) * spacing
    c, s = math.cos(direction[m]), math.sin(direction[m])
    px = x[m] + c * a - s * b
    py = y[m] + s * a + c * b
    total = 0.0
    for t in range(len(x)):
        d2 = (x[t] - px) ** 2 + (y[t] - py) ** 2
        if t == m or d2 > how.reach * how.reach:
            continue
        turn = direction[m] - direction[t] - ((2 * k + 1) * half - math.pi)
        turn = turn - 2 * math.pi * math.floor(turn / (2 * math.pi) + 0.5)
        share = 0.5 * (math.erf((turn + half) / spread) - math.erf((turn - half) / spread))
        total += scale * math.exp(-d2 / (2 * how.sigma_distance**2)) * share
    return total


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

    Prints of one finger differ by one turn, so only pairs near the turn that most similar pairs vote for take part.
    angle_*: uint8, 256ths of a turn.
    """
    na, nb = len(bits_a), len(bits_b)
    least = math.ceil(how.common_cells * math.pi / 4 * CELLS)
    steps = np.empty((na, nb), np.uint8)
    votes = np.zeros(TURNS, np.int64)
    for i in range(na):
        angle = np.int32(angle_a[i])
        for j in range(nb):
            value = similarity(bits_a, mask_a, i, bits_b, mask_b, j, least)
            step = np.int32(value * np.float32(LEVELS - 1) + np.float32(0.5))
            steps[i, j] = step
            if step > how.vote_from:
                clear = step - how.vote_from
                votes[((angle - np.int32(angle_b[j])) & 255) * TURNS >> 8] += clear * clear
    turn = best_turn(votes, how.gate)
    found = np.empty(na * nb, np.int32)
    starts = np.zeros(LEVELS + 1, np.int32)
    count = 0
    for i in range(na):
        angle = np.int32(angle_a[i]) - turn
        for j in range(nb):
            off = (angle - np.int32(angle_b[j])) & 255
            if min(off, 256 - off) <= how.gate and steps[i, j] > 0:
                found[count] = i << 16 | j
                starts[LEVELS - steps[i, j]] += 1
                count += 1
    last = LEVELS - 1  # the level behind which pairs are too many and too weak to matter
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
def best_turn(votes, gate):
    """The turn, in 256ths, whose surroundings within `gate` have most votes."""
    reach = gate * TURNS // 256
    best, most = 0, -1
    for centre in range(TURNS):
        total = votes[centre]
        for off in range(1, reach + 1):
            total += votes[(centre + off) % TURNS] + votes[(centre - off) % TURNS]
        if total > most:
            best, most = centre, total
    return best * (256 // TURNS) + 128 // TURNS


@njit(cache=True, nogil=True)
def relax(how, frame_a, angle_a, frame_b, angle_b, rows, columns, values, kept, agree):
    """Let the pairs confirm each other; returns their new values (kept,).

    agree: (kept, kept) scratch; agree[k, t] is how far pair k confirms pair t. frame_*: (n, 4) of x, y, cos, sin.
    """
    for t in range(kept):
        agree[t, t] = 0
        at, bt = rows[t], columns[t]
        for k in range(t):
            ak, bk = rows[k], columns[k]
            agree[t, k] = 0
            agree[k, t] = 0
            turn = (int(angle_a[ak]) - int(angle_a[at]) - int(angle_b[bk]) + int(angle_b[bt])) & 255
            factor = how.direction[turn]
            if factor < 1e-3:
                continue
            ax, ay = frame_a[ak, 0] - frame_a[at, 0], frame_a[ak, 1] - frame_a[at, 1]
            bx, by = frame_b[bk, 0] - frame_b[bt, 0], frame_b[bk, 1] - frame_b[bt, 1]
            da, db = math.sqrt(ax * ax + ay * ay), math.sqrt(bx * bx + by * by)
            step = int(abs(da - db) * DISTANCE_STEPS)
            if step >= len(how.distance) or da == 0 or db == 0:
                continue
            factor *= how.distance[step]
            # both bearings in their own minutia's frame, then the cosine between them
            agree[k, t] = factor * _bearing(how.bearing, frame_a[at], ax, ay, frame_b[bt], bx, by, da * db)
            agree[t, k] = factor * _bearing(how.bearing, frame_a[ak], -ax, -ay, frame_b[bk], -bx, -by, da * db)
    now = values[:kept].copy()
    if kept < 2:
        return now
    support = np.empty_like(now)
    keep, take = np.float32(how.weight), np.float32((1 - how.weight) / (kept - 1))
    for _ in range(how.rounds):
        support[:] = 0
        for k in range(kept):  # the inner loop runs over neighbours in memory, which the compiler makes wide
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
    """How many pairs make the score, by the smaller of the two numbers of cylinders."""
    rise = 1 / (1 + math.exp(-how.pairs_slope * (smaller - how.pairs_centre)))
    return how.pairs_least + round(rise * (how.pairs_most - how.pairs_least))


@njit(cache=True, nogil=True)
def match(how, bits_a, mask_a, frame_a, angle_a, bits_b, mask_b, frame_b, angle_b, rows, columns):
    """Score of two prints, and how many of rows, columns (RELAX_PAIRS,) hold the pairs that made it, best first."""
    smaller = min(len(bits_a), len(bits_b))
    if smaller == 0:
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

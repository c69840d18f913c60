"""The compiled loops that make cylinders. Imported on first use: Numba takes a second to load.

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
"""64-bit words per slice: bit c of word w is cell 64 w + c, rows first."""

LANES = 8
"""Sums kept per cell: one per slice, then the total, then an unused one: eight are one vector of the processor."""

NEARLY = 1e-6
"""Pixels, or square pixels, by which a distance may differ if it is computed in another way."""


class Building(NamedTuple):
    """How cylinders are made; lengths in pixels, angles in radians (matcher.parameters, CYLINDER_*).

    cells: int64 (c,), those within the radius.
    bell: float32 (n + 1,), contribution of a neighbour to a cell by squared distance, from 0 to a bit beyond reach².
    shares: float32 (n + 1, LANES), each direction slice's share of it, by the angle to the neighbour from 0 to 2π; then
    a 1, which sums up the total of the cell.
    doubt: largest error due to the steps of the tables, as a share of the total.
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


@intrinsic
def add_scaled(typingctx, target, row, factor, source, at):
    """target[row] += factor * source[at] for arrays (n, LANES) of float32, as one operation of the processor."""
    wide, word = ir.VectorType(ir.FloatType(), LANES), ir.IntType(32)

    def address(context, builder, kind, array, row):
        data = context.make_array(kind)(context, builder, array).data
        start = builder.gep(data, [builder.mul(row, ir.Constant(row.type, LANES))])
        return builder.bitcast(start, wide.as_pointer())

    def generate(context, builder, signature, args):
        into = address(context, builder, target, *args[:2])
        out_of = address(context, builder, source, *args[3:])
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
    point inside: points beyond the line of another edge are farther away. Return their number.
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
    """Whether (x, y) is on the inner side of all `edges` of the counter-clockwise polygon hull (h, 2), or within margin
    of one of them.
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
    for step in range(2 * count - 1):  # forward along one side and back along the other
        if step == count:
            fixed = size
        i = order[step if step < count else 2 * count - 2 - step]
        if size > 0 and hull[size - 1, 0] == x[i] and hull[size - 1, 1] == y[i]:
            continue
        while size > fixed and _side(hull[size - 2], hull[size - 1], x[i], y[i]) <= 0:
            size -= 1
        hull[size] = x[i], y[i]
        size += 1
    return hull[: max(size - 1, 1)]  # the last corner is the first again


@njit(cache=True, nogil=True)
def _side(a, b, x, y):
    return (b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0])


@njit(cache=True, nogil=True)
def build_cylinders(how, x, y, direction, starts, wanted, bits, mask):
    """Fill bits (n, SLICES * WORDS) and mask (n, WORDS), both uint64 zeros; return bool (n,), which are usable.

    x, y, direction: float64 (n,) of many prints; print r owns the rows starts[r] to starts[r + 1]. wanted: bool (n,),
    minutiae whose cylinders to make.
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
            if not wanted[a + m]:
                continue
            neighbours = _gather(how, xs, ys, directions, m, sums, shares)
            valid = _valid_cells(how, xs, ys, directions, hull, edges, m, sums, mask[a + m])
            _set_bits(how, xs, ys, directions, m, sums, bits[a + m])
            usable[a + m] = neighbours >= how.least_neighbours and valid >= how.least_cells * len(how.cells)
    return usable


@njit(cache=True, nogil=True)
def _gather(how, x, y, direction, m, sums, shares):
    """Fill sums (CELLS, LANES) with the contributions of the neighbours of minutia m to each cell; return their number.

    A cell at a distance from a neighbour that cannot be distinguished from the reach gets an infinite total.
    shares: (1, LANES) scratch.
    """
    bell, table = how.bell, how.shares
    bell_step, angle_steps = (len(bell) - 1) / (how.reach * how.reach + 1), len(table) - 1
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
        angle = (direction[m] - direction[t]) * (0.5 / math.pi)
        entry = (angle - math.floor(angle)) * angle_steps
        at = min(max(int(entry), 0), angle_steps - 1)
        part = np.float32(entry - at)
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
                entry = d2 * bell_step
                at = int(entry)
                add_scaled(sums, i * SIDE + j, bell[at] + np.float32(entry - at) * (bell[at + 1] - bell[at]), shares, 0)
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
        # minutiae are within the hull, so a cell near enough to one is near enough to the hull
        near = sums[cell, SLICES] > 0 or a * a + b * b < (margin - NEARLY) ** 2
        if near or near_hull(hull, edges, x[m] + c * a - s * b, y[m] + s * a + c * b, margin):
            valid += 1
            mask[cell // 64] |= np.uint64(1) << np.uint64(cell % 64)
    return valid


@njit(cache=True, nogil=True)
def _set_bits(how, x, y, direction, m, sums, bits):
    """Fill bits (SLICES * WORDS,) of minutia m from its sums."""
    doubt = how.doubt + (len(x) + 8) * 2**-23  # and the error of rounding
    for cell in how.cells:
        clear = doubt * sums[cell, SLICES]
        if clear == 0:  # no neighbour reaches the cell: its value is 0, below the threshold
            continue
        bit = np.uint64(cell % 64)
        unclear = False
        for k in range(SLICES):
            over = sums[cell, k] - how.bit
            bits[k * WORDS + cell // 64] |= np.uint64(over > clear) << bit
            unclear |= abs(over) <= clear
        if unclear:
            for k in range(SLICES):
                if abs(sums[cell, k] - how.bit) <= clear and cell_value(how, x, y, direction, m, cell, k) >= how.bit:
                    bits[k * WORDS + cell // 64] |= np.uint64(1) << bit


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
        angle = direction[m] - direction[t] - ((2 * k + 1) * half - math.pi)
        angle = angle - 2 * math.pi * math.floor(angle / (2 * math.pi) + 0.5)
        share = 0.5 * (math.erf((angle + half) / spread) - math.erf((angle - half) / spread))
        total += scale * math.exp(-d2 / (2 * how.sigma_distance**2)) * share
    return total

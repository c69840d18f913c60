"""Cylinders computed cell by cell by the paper's formulas."""

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from matcher import parameters as p
from matcher.types import Minutiae

SIDE, SLICES = 8, 6
REACH = 3 * p.CYLINDER_SIGMA_DISTANCE

Bools = NDArray[np.bool_]
Point = tuple[float, float]


def plain_bits(print_: Minutiae) -> tuple[Bools, Bools, Bools]:
    """Bits bool (n, SIDE², SLICES), mask bool (n, SIDE²), and which minutiae have a cylinder, bool (n,)."""
    points = [(float(x), float(y)) for x, y in zip(print_.x, print_.y, strict=True)]
    direction = print_.direction.astype(np.float64).tolist()
    hull = plain_hull(points)
    bits = np.zeros((len(points), SIDE**2, SLICES), np.bool_)
    mask = np.zeros((len(points), SIDE**2), np.bool_)
    usable = np.zeros(len(points), np.bool_)
    for m, (x, y) in enumerate(points):
        cells = list(cells_of_cylinder(x, y, direction[m]))
        for cell, at in cells:
            mask[m, cell] = plainly_near(hull, at)
            for k in range(SLICES):
                bits[m, cell, k] = mask[m, cell] and plain_value(points, direction, m, at, k) >= p.CYLINDER_BIT
        near = [t for t, (u, v) in enumerate(points) if t != m and (u - x) ** 2 + (v - y) ** 2 <= p.CYLINDER_RADIUS**2]
        enough = mask[m].sum() >= p.CYLINDER_LEAST_CELLS * len(cells) and len(near) >= p.CYLINDER_LEAST_NEIGHBOURS
        usable[m] = enough and len(points) > p.CYLINDER_LEAST_NEIGHBOURS
    return bits, mask, usable


def cells_of_cylinder(x: float, y: float, direction: float) -> Iterator[tuple[int, Point]]:
    c, s = math.cos(direction), math.sin(direction)
    for cell in range(SIDE**2):
        a, b = ((at - (SIDE - 1) / 2) * 2 * p.CYLINDER_RADIUS / SIDE for at in divmod(cell, SIDE))
        if a * a + b * b <= p.CYLINDER_RADIUS**2:
            yield cell, (x + c * a - s * b, y + s * a + c * b)


def plain_value(points: list[Point], direction: list[float], m: int, at: Point, k: int) -> float:
    """The contribution of the neighbours of minutia m to direction slice k of its cell at a point."""
    scale = 1 / (p.CYLINDER_SIGMA_DISTANCE * math.sqrt(2 * math.pi))
    half, spread = math.pi / SLICES, p.CYLINDER_SIGMA_DIRECTION * math.sqrt(2)
    total = 0.0
    for t, (x, y) in enumerate(points):
        square = (x - at[0]) ** 2 + (y - at[1]) ** 2
        if t == m or square > REACH * REACH:
            continue
        angle = direction[m] - direction[t] - ((2 * k + 1) * half - math.pi)
        angle = angle - 2 * math.pi * math.floor(angle / (2 * math.pi) + 0.5)
        share = 0.5 * (math.erf((angle + half) / spread) - math.erf((angle - half) / spread))
        total += scale * math.exp(-square / (2 * p.CYLINDER_SIGMA_DISTANCE**2)) * share
    return total


def plain_hull(points: list[Point]) -> list[tuple[Point, Point]]:
    """The edges of the convex hull counter-clockwise: no point lies to the right of one, nor beyond it in its line."""
    corners = sorted(set(points))
    pairs = [(a, b) for a in corners for b in corners if a != b or len(corners) == 1]
    return [(a, b) for a, b in pairs if all(side(a, b, c) > 0 or between(a, b, c) for c in corners)]


def side(a: Point, b: Point, c: Point) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def between(a: Point, b: Point, c: Point) -> bool:
    return side(a, b, c) == 0 and min(a, b) <= c <= max(a, b)


def plainly_near(hull: list[tuple[Point, Point]], at: Point) -> bool:
    return (
        all(side(a, b, at) >= 0 for a, b in hull)
        or min(square_apart(a, b, at) for a, b in hull) <= p.CYLINDER_HULL_MARGIN**2
    )


def square_apart(a: Point, b: Point, at: Point) -> float:
    """Square distance of a point from the line between two."""
    ux, uy, vx, vy = b[0] - a[0], b[1] - a[1], at[0] - a[0], at[1] - a[1]
    length = ux * ux + uy * uy
    t = 0.0 if length == 0 else min(1.0, max(0.0, (ux * vx + uy * vy) / length))
    return (vx - t * ux) ** 2 + (vy - t * uy) ** 2

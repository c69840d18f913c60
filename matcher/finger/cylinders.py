"""Minutiae → bit cylinders: Minutia Cylinder-Code of Cappelli, Ferrara and Maltoni (TPAMI 2010), bit version."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matcher import parameters as p
from matcher.types import Minutiae


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A print ready for comparison: n cylinders, one for every minutia with enough surroundings.

    bits: uint64 (n, 6): word k holds the 64 cells of direction slice k.
    mask: uint64 (n, 1), the cells near enough to the print to be judged.
    frame: float32 (n, 4): x, y in pixels at 500 dpi, cosine and sine of the direction.
    angle: uint8 (n,), the direction in 256ths of a turn.
    index: int32 (n,), the row of the minutia each cylinder belongs to.
    """

    bits: NDArray[np.uint64]
    mask: NDArray[np.uint64]
    frame: NDArray[np.float32]
    angle: NDArray[np.uint8]
    index: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.angle)


def prepare(minutiae: Minutiae) -> Prepared:
    """The cylinders of a print; none when it has fewer than three minutiae."""
    from matcher.finger import kernels  # Numba is slow to import

    count = len(minutiae)
    bits = np.zeros((count, kernels.SLICES * kernels.WORDS), np.uint64)
    mask = np.zeros((count, kernels.WORDS), np.uint64)
    x, y, direction = (np.asarray(a, np.float64) for a in (minutiae.x, minutiae.y, minutiae.direction))
    keep = np.zeros(0, np.int32)
    if count > p.CYLINDER_LEAST_NEIGHBOURS:
        hull = convex_hull(np.stack([x, y], axis=1))
        how = kernels.Building(
            radius=p.CYLINDER_RADIUS,
            sigma_distance=p.CYLINDER_SIGMA_DISTANCE,
            sigma_direction=p.CYLINDER_SIGMA_DIRECTION,
            bit=p.CYLINDER_BIT,
            hull_margin=p.CYLINDER_HULL_MARGIN,
            least_cells=p.CYLINDER_LEAST_CELLS,
            least_neighbours=p.CYLINDER_LEAST_NEIGHBOURS,
        )
        keep = np.flatnonzero(kernels.build_cylinders(how, x, y, direction, hull, bits, mask)).astype(np.int32)
    frame = np.stack([x, y, np.cos(direction), np.sin(direction)], axis=1).astype(np.float32)
    angle = (np.round(direction * (256 / (2 * math.pi))).astype(np.int64) % 256).astype(np.uint8)
    return Prepared(bits[keep], mask[keep], frame[keep], angle[keep], keep)


def convex_hull(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """The corners (h, 2) of the smallest convex polygon around points (n, 2), counter-clockwise (monotone chain)."""
    ordered = np.unique(points, axis=0)
    if len(ordered) < 3:
        return ordered
    lower, upper = _chain(ordered), _chain(ordered[::-1])
    return np.array(lower[:-1] + upper[:-1])


def _chain(points: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    chain: list[NDArray[np.float64]] = []
    for point in points:
        while len(chain) > 1 and _turn(chain[-2], chain[-1], point) <= 0:
            chain.pop()
        chain.append(point)
    return chain


def _turn(a: NDArray[np.float64], b: NDArray[np.float64], c: NDArray[np.float64]) -> float:
    return float((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]))

"""Minutiae → bit cylinders: Minutia Cylinder-Code of Cappelli, Ferrara and Maltoni (TPAMI 2010), bit version."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from matcher import parameters as p
from matcher.types import Minutiae

if TYPE_CHECKING:
    from matcher.finger.cylinder_kernels import Building

Column = NDArray[np.float64]
BELL_STEPS, ANGLE_STEPS = 1024, 1536
"""Entries of the kernels' tables. ANGLE_STEPS is a multiple of 12: the shares bend at twelfths of a full rotation."""


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A print ready for comparison: n cylinders, one for every minutia with enough neighbours.

    bits: uint64 (n, 6): word k holds the 64 cells of direction slice k.
    mask: uint64 (n, 1), the cells near enough to the print to be valid.
    frame: float32 (n, 4): x, y in pixels at 500 dpi, cosine and sine of the direction.
    angle: uint8 (n,), the direction in 256ths of a full rotation.
    index: int32 (n,), the row of the minutia each cylinder belongs to.
    """

    bits: NDArray[np.uint64]
    mask: NDArray[np.uint64]
    frame: NDArray[np.float32]
    angle: NDArray[np.uint8]
    index: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.angle)

    def __getitem__(self, rows: slice | NDArray[np.bool_]) -> Self:
        """Some of the cylinders."""
        return type(self)(self.bits[rows], self.mask[rows], self.frame[rows], self.angle[rows], self.index[rows])


@dataclass(frozen=True, slots=True, eq=False)
class Prints:
    """n prints ready for comparison: print i owns the cylinders starts[i] to starts[i + 1]. starts: int64 (n + 1,)."""

    cylinders: Prepared
    starts: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, i: int) -> Prepared:
        return self.cylinders[self.starts[i] : self.starts[i + 1]]


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """The minutiae of n prints, m in all. x, y, direction as in Minutiae, quality in any unit: float64 (m,).

    starts: int64 (n + 1,); print i owns the rows starts[i] to starts[i + 1].
    """

    x: Column
    y: Column
    direction: Column
    quality: Column
    starts: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.starts) - 1


def prepare(minutiae: Minutiae) -> Prepared:
    """The cylinders of a print; none if it has fewer than three minutiae."""
    return prepare_many([minutiae])[0]


def prepare_many(minutiae: Sequence[Minutiae]) -> Prints:
    """The cylinders of each print, in one call outside the interpreter lock."""
    starts = np.zeros(len(minutiae) + 1, np.int64)
    np.cumsum([len(one) for one in minutiae], out=starts[1:])
    x, y, direction, quality = (
        np.concatenate([np.zeros(0), *(getattr(one, name) for one in minutiae)])
        for name in ("x", "y", "direction", "quality")
    )
    return _prepare_columns(Columns(x, y, direction, quality, starts))


def _prepare_columns(prints: Columns) -> Prints:
    """`prepare_many` for prints in columns."""
    from matcher.finger import cylinder_kernels as kernels  # Numba is slow to import

    x, y, direction, starts = prints.x, prints.y, prints.direction, prints.starts
    bits = np.zeros((len(x), kernels.SLICES * kernels.WORDS), np.uint64)
    mask = np.zeros((len(x), kernels.WORDS), np.uint64)
    usable = kernels.build_cylinders(building(), x, y, direction, starts, np.ones(len(x), np.bool_), bits, mask)
    index = (np.arange(len(x)) - np.repeat(starts[:-1], np.diff(starts))).astype(np.int32)
    frame = np.empty((len(x), 4), np.float32)
    for column, values in enumerate((x, y, np.cos(direction), np.sin(direction))):
        frame[:, column] = values
    angle = (np.round(direction * (256 / (2 * math.pi))).astype(np.int64) % 256).astype(np.uint8)
    kept = np.append(0, np.cumsum(usable))[starts]
    return Prints(Prepared(bits, mask, frame, angle, index)[usable], kept)


@lru_cache(maxsize=1)
def building() -> Building:
    from matcher.finger import cylinder_kernels as kernels  # Numba is slow to import

    reach = 3 * p.CYLINDER_SIGMA_DISTANCE
    assert reach < p.CYLINDER_HULL_MARGIN, "the kernels assume that cells which a neighbour reaches are near the print"
    assert p.CYLINDER_BIT > 0, "the kernels leave the bits of cells that no neighbour reaches at 0"
    row, column = (
        (np.indices((kernels.SIDE, kernels.SIDE)) - (kernels.SIDE - 1) / 2) * 2 * p.CYLINDER_RADIUS / kernels.SIDE
    )
    bell, bell_error = _bell(reach)
    shares, share_error = _shares(kernels.SLICES, kernels.LANES)
    return kernels.Building(
        radius=p.CYLINDER_RADIUS,
        reach=reach,
        sigma_distance=p.CYLINDER_SIGMA_DISTANCE,
        sigma_direction=p.CYLINDER_SIGMA_DIRECTION,
        bit=p.CYLINDER_BIT,
        hull_margin=p.CYLINDER_HULL_MARGIN,
        least_cells=p.CYLINDER_LEAST_CELLS,
        least_neighbours=p.CYLINDER_LEAST_NEIGHBOURS,
        cells=np.flatnonzero(row**2 + column**2 <= p.CYLINDER_RADIUS**2),
        bell=bell,
        shares=shares,
        doubt=bell_error + share_error,
    )


def _bell(reach: float) -> tuple[NDArray[np.float32], float]:
    """The kernels' table over squared distance, and the largest relative error of linear interpolation in it: step² / 8
    times the second derivative.
    """
    width = 2 * p.CYLINDER_SIGMA_DISTANCE**2
    square = np.linspace(0, reach**2 + 1, BELL_STEPS + 1)
    bell = np.exp(-square / width) / p.CYLINDER_SIGMA_DISTANCE / math.sqrt(2 * math.pi)
    return bell.astype(np.float32), square[1] ** 2 / 8 / width**2 * math.exp(square[1] / width)


def _shares(slices: int, lanes: int) -> tuple[NDArray[np.float32], float]:
    """The kernels' table over the angle, and the largest error of linear interpolation in it."""
    half, sigma = math.pi / slices, p.CYLINDER_SIGMA_DIRECTION
    angle = np.linspace(0, 2 * math.pi, ANGLE_STEPS + 1)
    off = angle[:, None] - ((2 * np.arange(slices) + 1) * half - math.pi)
    off -= 2 * math.pi * np.floor(off / (2 * math.pi) + 0.5)
    shares = np.zeros((len(angle), lanes), np.float32)
    shares[:, :slices] = ndtr((off + half) / sigma) - ndtr((off - half) / sigma)
    shares[:, slices] = 1
    return shares, angle[1] ** 2 / 8 * 0.5 / sigma**2

"""The compiled cylinders against the paper's formulas, written plainly."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial import ConvexHull, Delaunay
from scipy.special import erf

from matcher import parameters as p
from matcher.finger import Prepared, prepare
from matcher.finger.cylinders import convex_hull
from matcher.types import Minutiae
from tests.matcher.finger.made_up import made_up_finger, minutiae_of

SIDE, SLICES = 8, 6

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def plain_cylinders(print_: Minutiae) -> tuple[Floats, Bools]:
    """Values float (n, SIDE², SLICES) and validity bool (n, SIDE²) of every cell, cells by rows."""
    place = np.stack([print_.x, print_.y], axis=1).astype(np.float64)
    direction = print_.direction.astype(np.float64)
    step = (np.arange(SIDE) - (SIDE - 1) / 2) * 2 * p.CYLINDER_RADIUS / SIDE
    grid = np.stack(np.meshgrid(step, step, indexing="ij"), axis=-1).reshape(-1, 2)
    slices = -math.pi + (np.arange(SLICES) + 0.5) * 2 * math.pi / SLICES
    values, valid = [], []
    for m in range(len(place)):
        c, s = math.cos(direction[m]), math.sin(direction[m])
        cells = place[m] + grid @ np.array([[c, s], [-s, c]])
        others = np.arange(len(place)) != m
        apart = np.linalg.norm(cells[:, None] - place[others], axis=2)
        near = (
            np.exp(-(apart**2) / 2 / p.CYLINDER_SIGMA_DISTANCE**2) / p.CYLINDER_SIGMA_DISTANCE / math.sqrt(2 * math.pi)
        )
        near[apart > 3 * p.CYLINDER_SIGMA_DISTANCE] = 0
        turn = direction[m] - direction[others][:, None] - slices
        turn = (turn + math.pi) % (2 * math.pi) - math.pi
        half, spread = math.pi / SLICES, p.CYLINDER_SIGMA_DIRECTION * math.sqrt(2)
        values.append(near @ (0.5 * (erf((turn + half) / spread) - erf((turn - half) / spread))))
        valid.append((np.linalg.norm(grid, axis=1) <= p.CYLINDER_RADIUS) & near_hull(place, cells))
    return np.array(values), np.array(valid)


def near_hull(place: Floats, points: Floats) -> Bools:
    corners = place[ConvexHull(place).vertices]
    a, b = corners, np.roll(corners, -1, axis=0)
    t = np.clip(np.einsum("pki,ki->pk", points[:, None] - a, b - a) / ((b - a) ** 2).sum(axis=1), 0, 1)
    apart = np.linalg.norm(points[:, None] - a - t[..., None] * (b - a), axis=2).min(axis=1)
    inside = Delaunay(corners).find_simplex(points) >= 0
    return np.asarray((apart <= p.CYLINDER_HULL_MARGIN) | inside)


def cells_of(prepared: Prepared) -> tuple[Bools, Bools]:
    """Bits bool (n, SIDE², SLICES) and mask bool (n, SIDE²)."""
    bits = np.unpackbits(prepared.bits.view(np.uint8), axis=1, bitorder="little")
    mask = np.unpackbits(prepared.mask.view(np.uint8), axis=1, bitorder="little")
    return bits.reshape(len(prepared), SLICES, SIDE**2).transpose(0, 2, 1).astype(bool), mask.astype(bool)


@pytest.mark.parametrize("seed", range(5))
def test_cylinders_are_those_of_the_paper(seed: int) -> None:
    print_ = made_up_finger(seed, count=30)
    prepared = prepare(print_)
    bits, mask = cells_of(prepared)
    values, valid = plain_cylinders(print_)
    assert len(prepared) > 20
    np.testing.assert_array_equal(mask, valid[prepared.index])
    judged = mask[:, :, None] & (np.abs(values[prepared.index] - p.CYLINDER_BIT) > 1e-9)
    np.testing.assert_array_equal(bits[judged], values[prepared.index][judged] >= p.CYLINDER_BIT)
    assert 0.02 < bits[judged].mean() < 0.5


def test_a_minutia_far_from_others_has_no_cylinder() -> None:
    near = made_up_finger(1)
    lone = minutiae_of(np.append(near.x, 900), np.append(near.y, 900), np.append(near.direction, 1))
    assert len(near) not in prepare(lone).index


@pytest.mark.parametrize("count", [0, 1, 2])
def test_prints_of_hardly_any_minutiae_have_no_cylinders(count: int) -> None:
    print_ = made_up_finger(1, count=count)
    assert len(prepare(print_)) == 0


def test_minutiae_in_one_line_and_in_one_place_are_survived() -> None:
    line = np.arange(10) * 12.0
    assert len(prepare(minutiae_of(line, line, line))) <= 10
    assert len(prepare(minutiae_of(line * 0, line * 0, line))) <= 10


@pytest.mark.parametrize("seed", range(3))
def test_hull_has_the_corners_scipy_finds(seed: int) -> None:
    points = np.random.default_rng(seed).normal(size=(50, 2))
    ours, theirs = convex_hull(points), points[ConvexHull(points).vertices]
    assert {tuple(corner) for corner in ours} == {tuple(corner) for corner in theirs}

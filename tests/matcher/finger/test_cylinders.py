"""The compiled cylinders against plain loops over the paper's formulas."""

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.spatial import ConvexHull

from matcher import parameters as p
from matcher.finger import Prepared, cylinders, prepare, prepare_many
from matcher.finger import cylinder_kernels as kernels
from matcher.types import Minutiae
from tests.matcher.finger.made_up import made_up_finger, minutiae_of, moved
from tests.matcher.finger.plain_cylinders import SIDE, SLICES, Bools, cells_of_cylinder, plain_bits, plain_value

EDGE = 3 * p.CYLINDER_SIGMA_DISTANCE  # reach of a neighbour, in pixels

coordinates = st.one_of(st.floats(0, 250, width=32), st.integers(0, 12).map(lambda at: 18.75 * at))
directions = st.one_of(st.floats(0, 6.25, width=32), st.just(0.0))


def cells_of(prepared: Prepared) -> tuple[Bools, Bools]:
    """Bits bool (n, SIDE², SLICES) and mask bool (n, SIDE²)."""
    bits = np.unpackbits(prepared.bits.view(np.uint8), axis=1, bitorder="little")
    mask = np.unpackbits(prepared.mask.view(np.uint8), axis=1, bitorder="little")
    return bits.reshape(len(prepared), SLICES, SIDE**2).transpose(0, 2, 1).astype(bool), mask.astype(bool)


def assert_as_plain_loops(print_: Minutiae, prepared: Prepared) -> None:
    bits, mask = cells_of(prepared)
    want_bits, want_mask, usable = plain_bits(print_)
    np.testing.assert_array_equal(prepared.index, np.flatnonzero(usable))
    np.testing.assert_array_equal(mask, want_mask[usable])
    np.testing.assert_array_equal(bits, want_bits[usable])


@pytest.mark.parametrize("seed", range(3))
def test_cylinders_are_those_of_the_paper(seed: int) -> None:
    print_ = moved(made_up_finger(seed, count=30), dx=400 * seed)
    prepared = prepare(print_)
    assert_as_plain_loops(print_, prepared)
    bits, mask = cells_of(prepared)
    assert len(prepared) > 20
    assert 0.02 < bits[mask].mean() < 0.5
    angle = prepared.angle * (2 * math.pi / 256)
    np.testing.assert_array_equal(prepared.frame[:, 0], print_.x[prepared.index])
    np.testing.assert_array_equal(prepared.frame[:, 1], print_.y[prepared.index])
    np.testing.assert_allclose(prepared.frame[:, 2:], np.stack([np.cos(angle), np.sin(angle)], 1), atol=0.013)


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(st.tuples(coordinates, coordinates, directions), max_size=16))
def test_cylinders_of_any_minutiae(rows: list[tuple[float, float, float]]) -> None:
    print_ = minutiae_of(*np.array(rows).reshape(-1, 3).T)
    assert_as_plain_loops(print_, prepare(print_))


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), rotation=st.floats(0, 6))
@example(seed=795, rotation=0.0)  # no neighbour reaches any cell, so all values are 0, which is no threshold
def test_a_value_at_the_threshold_counts_and_one_below_does_not(seed: int, rotation: float) -> None:
    """Sums by table are not exact: if they cannot decide, the kernel must compute the exact value."""
    print_ = moved(made_up_finger(seed, count=20), rotation)
    m, k = seed % 20, seed % SLICES
    points = [(float(x), float(y)) for x, y in zip(print_.x, print_.y, strict=True)]
    direction = print_.direction.astype(np.float64).tolist()
    cells = list(cells_of_cylinder(*points[m], direction[m]))
    values = {cell: plain_value(points, direction, m, at, k) for cell, at in cells}
    cell, value = max(values.items(), key=lambda item: item[1])
    assert bit_of(print_, math.nextafter(value, 1), m, cell, k) is False
    if value > 0:
        assert bit_of(print_, value, m, cell, k) is True


@pytest.mark.parametrize("reached", [True, False])
def test_a_neighbour_adds_nothing_beyond_its_reach(reached: bool) -> None:
    half = p.CYLINDER_RADIUS / SIDE  # from the middle to the nearest cells' centres
    x = np.float32(half + EDGE)
    x = x if reached else np.nextafter(x, np.float32(99))
    print_ = minutiae_of([0, float(x), half - 5], [0, half, half], [0, 0, 0])
    two = plain_value([(0, 0), (float(x), half), (half - 5, half)], [0, 0, 0], 0, (half, half), 2)
    one = plain_value([(0, 0), (half - 5, half)], [0, 0], 0, (half, half), 2)
    assert (two > one) == reached
    cell = SIDE * SIDE // 2 + SIDE // 2
    assert bit_of(print_, one + 3e-5, 0, cell, 2) == reached


def bit_of(print_: Minutiae, threshold: float, m: int, cell: int, k: int) -> bool:
    how = cylinders.building()._replace(bit=threshold)
    x, y, direction = (part.astype(np.float64) for part in (print_.x, print_.y, print_.direction))
    bits, mask = np.zeros((len(x), SLICES), np.uint64), np.zeros((len(x), 1), np.uint64)
    kernels.build_cylinders(how, x, y, direction, np.array([0, len(x)]), np.ones(len(x), np.bool_), bits, mask)
    return bool(bits[m, k] >> np.uint64(cell) & np.uint64(1))


def test_many_prints_are_prepared_as_each_alone() -> None:
    prints = [made_up_finger(seed, count) for seed, count in enumerate((30, 0, 2, 45, 9))]
    prepared = prepare_many(prints)
    assert len(prepared) == len(prints)
    for i, print_ in enumerate(prints):
        alone = prepare(print_)
        for name in ("bits", "mask", "frame", "angle", "index"):
            np.testing.assert_array_equal(getattr(prepared[i], name), getattr(alone, name))
    assert len(prepare_many([])) == 0


def test_a_minutia_far_from_others_has_no_cylinder() -> None:
    near = made_up_finger(1)
    lone = minutiae_of(np.append(near.x, 900), np.append(near.y, 900), np.append(near.direction, 1))
    assert len(near) not in prepare(lone).index


@pytest.mark.parametrize("count", [0, 1, 2])
def test_prints_of_hardly_any_minutiae_have_no_cylinders(count: int) -> None:
    print_ = made_up_finger(1, count=count)
    assert len(prepare(print_)) == 0


def test_minutiae_in_one_line_or_one_point_raise_nothing() -> None:
    line = np.arange(10) * 12.0
    assert len(prepare(minutiae_of(line, line, line))) <= 10
    assert len(prepare(minutiae_of(line * 0, line * 0, line))) <= 10


@pytest.mark.parametrize("seed", range(3))
def test_hull_has_the_corners_scipy_finds(seed: int) -> None:
    points = np.random.default_rng(seed).normal(size=(50, 2))
    ours, theirs = kernels.convex_hull(*points.T.copy()), points[ConvexHull(points).vertices]
    first = (ours == theirs[0]).all(axis=1).argmax()
    np.testing.assert_array_equal(np.roll(ours, -first, axis=0), theirs)

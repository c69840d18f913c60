"""The fixed-length vector of a print, and the generator of the prints from which it learns."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.finger.graph import Graph, neighbour_graph
from matcher.finger.vector import FingerVector
from matcher.parameters import VECTOR_NEIGHBOURS
from matcher.types import Minutiae
from scripts.synthetic_minutiae import MASTER_SLOTS, Prints, draw_masters, draw_prints

FULL_ROTATION = 2 * np.pi


@pytest.fixture(scope="module")
def vector() -> FingerVector:
    return FingerVector()


def impression(prints: Prints, row: int) -> Minutiae:
    here = prints.filled[row]
    parts = (getattr(prints, name)[row, here] for name in ("x", "y", "direction", "quality"))
    x, y, direction, quality = parts
    return Minutiae(x, y, direction % np.float32(FULL_ROTATION), quality, np.ones(len(x), np.bool_))


def drawn(seed: int) -> Minutiae:
    rng = np.random.default_rng(seed)
    return impression(draw_prints(draw_masters(1, rng), rng), 0)


def graph_of(minutiae: Minutiae) -> Graph:
    x, y, direction, quality = (p[None] for p in (minutiae.x, minutiae.y, minutiae.direction, minutiae.quality))
    return neighbour_graph(x, y, direction, quality)


def first(minutiae: Minutiae, rows: slice | np.ndarray) -> Minutiae:
    return Minutiae(
        minutiae.x[rows], minutiae.y[rows], minutiae.direction[rows], minutiae.quality[rows], minutiae.ending[rows]
    )


def moved(minutiae: Minutiae, angle: float, right: float, down: float) -> Minutiae:
    """Rotated clockwise as seen by `angle` radians, then shifted."""
    cosine, sine = np.cos(angle), np.sin(angle)
    x, y = minutiae.x.astype(float), minutiae.y.astype(float)
    return replace(
        minutiae,
        x=(x * cosine - y * sine + right).astype(np.float32),
        y=(x * sine + y * cosine + down).astype(np.float32),
        direction=((minutiae.direction + angle) % FULL_ROTATION).astype(np.float32),
    )


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10**6), st.floats(0, FULL_ROTATION), st.floats(-500, 500), st.floats(-500, 500))
def test_rotation_and_shift_change_nothing(seed: int, angle: float, right: float, down: float) -> None:
    vector = FingerVector()
    minutiae = drawn(seed)
    assert vector(minutiae) @ vector(moved(minutiae, angle, right, down)) > 0.999


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10**6))
def test_the_order_of_minutiae_does_not_matter(seed: int) -> None:
    vector = FingerVector()
    minutiae = drawn(seed)
    shuffled = first(minutiae, np.random.default_rng(seed).permutation(len(minutiae)))
    np.testing.assert_allclose(vector(minutiae), vector(shuffled), atol=2e-4)


@pytest.mark.parametrize("count", [1, 2, 3, VECTOR_NEIGHBOURS, VECTOR_NEIGHBOURS + 1])
def test_few_minutiae_suffice(vector: FingerVector, count: int) -> None:
    found = vector(first(drawn(3), slice(count)))
    assert found.dtype == np.float32
    assert found.shape == (vector.dimension,)
    assert np.linalg.norm(found) == pytest.approx(1, abs=1e-5)


def test_minutiae_on_one_point_do_not_break_it(vector: FingerVector) -> None:
    minutiae = drawn(4)
    stacked = replace(minutiae, x=np.zeros_like(minutiae.x), y=np.zeros_like(minutiae.y))
    assert np.isfinite(vector(stacked)).all()


def test_no_minutiae_are_refused(vector: FingerVector) -> None:
    with pytest.raises(ValueError, match="without minutiae"):
        vector(first(drawn(1), slice(0)))


def test_mated_impressions_find_each_other(vector: FingerVector) -> None:
    rng = np.random.default_rng(11)
    masters = draw_masters(60, rng)
    gallery, probes = (
        np.stack([vector(impression(prints, row)) for row in range(60)])
        for prints in (draw_prints(masters, rng), draw_prints(masters, rng))
    )
    assert np.mean(np.argmax(probes @ gallery.T, axis=1) == np.arange(60)) > 0.75


def test_graph_agrees_with_a_plain_reading_of_its_definition() -> None:
    minutiae = drawn(5)
    graph = graph_of(minutiae)
    for here in range(len(minutiae)):
        dx, dy = minutiae.x - minutiae.x[here], minutiae.y - minutiae.y[here]
        distance = np.hypot(dx, dy)
        distance[here] = np.inf
        assert set(graph.neighbours[here]) == set(np.argsort(distance)[:VECTOR_NEIGHBOURS])
        for there, edge in zip(graph.neighbours[here], graph.edges[here], strict=True):
            bearing = np.arctan2(dy[there], dx[there]) - minutiae.direction[here]
            angle = minutiae.direction[there] - minutiae.direction[here]
            want = [distance[there] / 100, np.cos(bearing), np.sin(bearing), np.cos(angle), np.sin(angle), 1]
            np.testing.assert_allclose(edge, want, atol=1e-4)


def test_prints_in_one_graph_do_not_mix() -> None:
    rng = np.random.default_rng(6)
    prints = draw_prints(draw_masters(5, rng), rng)
    together = neighbour_graph(prints.x, prints.y, prints.direction, prints.quality, prints.filled)
    start = 0
    for row, here in enumerate(prints.filled):
        alone = graph_of(impression(prints, row))
        rows = slice(start, start + here.sum())
        order = np.argsort(together.neighbours[rows], axis=1), np.argsort(alone.neighbours, axis=1)
        np.testing.assert_array_equal(
            np.take_along_axis(together.neighbours[rows] - start, order[0], 1),
            np.take_along_axis(alone.neighbours, order[1], 1),
        )
        start += int(here.sum())


def test_generator_repeats_itself_from_a_seed_only() -> None:
    again, other = (np.concatenate([drawn(seed).x for seed in seeds]) for seeds in ((7, 8), (9, 10)))
    np.testing.assert_array_equal(again, np.concatenate([drawn(7).x, drawn(8).x]))
    assert not np.array_equal(again[:10], other[:10])


def test_mirrored_fingers_stay_on_their_pad_and_flip_twice_to_themselves() -> None:
    masters = draw_masters(8, np.random.default_rng(1))
    flip = np.arange(8) % 2 == 0
    mirrored = masters.mirrored(flip)
    np.testing.assert_array_equal(mirrored.x[1::2], masters.x[1::2])
    twice = mirrored.mirrored(flip)
    np.testing.assert_allclose(twice.x, masters.x)
    np.testing.assert_allclose(np.cos(twice.direction), np.cos(masters.direction), atol=1e-5)
    there = mirrored.reliability > 0
    radius = (mirrored.x / mirrored.half_width) ** 2 + (mirrored.y / mirrored.half_height) ** 2
    assert np.all(radius[there] < 1 + 1e-5)


def test_impressions_look_like_what_leader_finds() -> None:
    """LEADER at threshold 0.3 finds 18 to 67 minutiae in FVC2002 DB1_B and DB3_B prints (10th to 90th percentile)."""
    rng = np.random.default_rng(2)
    prints = draw_prints(draw_masters(300, rng), rng)
    low, high = np.percentile(prints.filled.sum(1), [10, 90])
    assert 14 < low < 30
    assert 45 < high < 75
    spurious = (prints.minutia >= MASTER_SLOTS) & prints.filled
    assert 0.03 < spurious.sum() / prints.filled.sum() < 0.3

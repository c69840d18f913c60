"""Scores of made-up fingers: what a print keeps if it is rotated, shifted, cut, or extracted with errors."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from matcher import parameters as p
from matcher.finger import Prepared, compare, paired_minutiae, prepare
from matcher.finger import matching_kernels as kernels
from matcher.types import Minutiae
from tests.matcher.finger.made_up import jittered, made_up_finger, minutiae_of, moved, part_of, with_spurious
from tests.matcher.finger.plain_cylinders import SIDE
from tests.matcher.finger.test_cylinders import cells_of

PEOPLE = [made_up_finger(seed) for seed in range(40)]
OTHERS = [prepare(person) for person in PEOPLE[1:]]
QUICK = settings(max_examples=25, deadline=None)
seeds = st.integers(0, 10_000)


def score(probe: Minutiae, reference: Minutiae) -> float:
    return float(compare(prepare(probe), [prepare(reference)])[0])


def is_distinguished(probe: Minutiae, reference: Minutiae) -> bool:
    """Whether the reference beats every other finger by half."""
    return score(probe, reference) > 1.5 * float(compare(prepare(probe), OTHERS).max())


def test_a_print_is_itself() -> None:
    assert score(PEOPLE[0], PEOPLE[0]) > 0.97


@QUICK
@given(angle=st.floats(0, 2 * math.pi), seed=seeds)
def test_rotated_by_any_angle(angle: float, seed: int) -> None:
    assert is_distinguished(moved(jittered(PEOPLE[0], seed), angle), PEOPLE[0])


@QUICK
@given(dx=st.floats(-2000, 2000), dy=st.floats(-2000, 2000), seed=seeds)
def test_shifted(dx: float, dy: float, seed: int) -> None:
    probe = jittered(PEOPLE[0], seed)
    assert score(moved(probe, 0, dx, dy), PEOPLE[0]) == pytest.approx(score(probe, PEOPLE[0]), abs=0.05)


@QUICK
@given(side=st.floats(0, 2 * math.pi), seed=seeds)
def test_half_overlapping(side: float, seed: int) -> None:
    """A cut through the middle leaves a half print of about 22 minutiae."""
    probe = jittered(PEOPLE[0], seed)
    half = part_of(probe, (probe.x - 200) * math.cos(side) + (probe.y - 200) * math.sin(side) > 0)
    assert is_distinguished(half, PEOPLE[0])


@QUICK
@given(seed=seeds)
def test_with_thirty_per_cent_spurious_minutiae(seed: int) -> None:
    assert is_distinguished(with_spurious(jittered(PEOPLE[0], seed), 0.3, seed), PEOPLE[0])


@QUICK
@given(first=seeds, second=seeds)
def test_scores_are_shares_and_nearly_symmetric(first: int, second: int) -> None:
    a, b = made_up_finger(first, 30), jittered(made_up_finger(second, 40), 1)
    assert 0 <= score(a, b) <= 1
    assert score(a, b) == pytest.approx(score(b, a), abs=0.1)  # of 3,000 pairs drawn, the farthest are 0.047 apart


def test_the_order_of_minutiae_does_not_matter() -> None:
    shuffled = part_of(PEOPLE[0], np.random.default_rng(1).permutation(len(PEOPLE[0])))
    again = jittered(PEOPLE[0], 1)
    assert score(shuffled, again) == pytest.approx(score(PEOPLE[0], again), abs=0.02)


def test_a_list_scores_as_its_members_do() -> None:
    empty = prepare(minutiae_of(np.zeros(0), np.zeros(0), np.zeros(0)))
    references = [*OTHERS[:7], empty, prepare(jittered(PEOPLE[0], 3))]
    alone = [compare(prepare(PEOPLE[0]), [reference])[0] for reference in references]
    np.testing.assert_array_equal(compare(prepare(PEOPLE[0]), references), alone)
    assert alone[7] == 0
    assert compare(empty, references).tolist() == [0] * len(references)
    assert len(compare(prepare(PEOPLE[0]), [])) == 0


def test_pairs_are_the_same_minutiae() -> None:
    found, pairs = paired_minutiae(prepare(PEOPLE[0]), prepare(moved(jittered(PEOPLE[0], 5), 1.0, 30, -20)))
    assert found == pytest.approx(score(PEOPLE[0], moved(jittered(PEOPLE[0], 5), 1.0, 30, -20)))
    assert len(pairs) >= p.PAIRS_LEAST
    np.testing.assert_array_equal(pairs[:, 0], pairs[:, 1])


def test_similarity_is_that_of_the_paper() -> None:
    """The compiled popcounts against the same on arrays of bool."""
    a, b = prepare(PEOPLE[0]), prepare(PEOPLE[1])
    least = math.ceil(p.COMMON_CELLS * math.pi / 4 * SIDE**2)
    ours = [[similar(a, i, b, j, least) for j in range(len(b))] for i in range(len(a))]
    np.testing.assert_allclose(ours, plain_similarities(a, b, least), atol=1e-6)


def similar(a: Prepared, i: int, b: Prepared, j: int, least: int) -> float:
    return float(kernels.similarity(a.bits, a.mask, i, b.bits, b.mask, j, least))


def plain_similarities(a: Prepared, b: Prepared, least: int) -> NDArray[np.float64]:
    (bits_a, mask_a), (bits_b, mask_b) = cells_of(a), cells_of(b)
    both = (mask_a[:, None] & mask_b)[..., None]
    va, vb = bits_a[:, None] & both, bits_b & both
    norm = [np.sqrt(v.sum(axis=(2, 3))) for v in (va ^ vb, va, vb)]
    alike = 1 - norm[0] / np.maximum(norm[1] + norm[2], 1e-9)
    usable = (both.sum(axis=(2, 3)) >= least) & (norm[1] > 0) & (norm[2] > 0)
    return np.where(usable, alike, 0)

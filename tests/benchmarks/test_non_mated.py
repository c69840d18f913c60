"""Searches among non-mated fingers against counting by hand."""

import numpy as np
import pytest

from benchmarks.non_mated import Searches, found, non_mated_vectors, searches
from matcher.types import Vector


def unit(*rows: list[float]) -> Vector:
    vectors: Vector = np.array(rows, np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def test_fingers_ahead_of_the_mate_are_counted() -> None:
    prints = unit([1, 0], [1, 0.5], [0, 1], [1, -1])
    others = unit([1, 0.1], [1, 0.2], [0, 1], [1, 0.6])
    done = searches(prints, np.array([True, True, True, False]), np.array([0, 0, 1, 1]), others)
    assert done.finger.tolist() == [0, 0, 1, 1]
    assert done.ahead.tolist() == [2, 3, 4, 4]


def test_a_finger_of_the_same_cosine_is_ahead() -> None:
    done = searches(unit([1, 0], [0, 1]), np.ones(2, bool), np.zeros(2, int), unit([0, 1], [0, -1]))
    assert done.ahead.tolist() == [2, 1]


def test_shares_of_sets_and_of_sets_of_one_series() -> None:
    first, second = np.array([0, 0, 1, 1]), np.array([3, 3])
    sets = {
        "A_1": Searches(np.array([0, 199, 200, 5]), first),
        "A_2": Searches(np.array([0, 0]), second),
        "B_1": Searches(np.array([500, 900]), second),
    }
    by_set, by_group = found(sets, replicates=200)
    assert by_set["A_1"]["found_in_200"] == 0.75
    assert by_set["A_1"]["found_first"] == 0.25
    assert by_set["A_1"]["found_in_200_ci95"] == [0.5, 1.0]
    assert by_group["A"]["found_in_200"] == pytest.approx(0.875)
    assert by_group["A"]["found_in_200_ci95"] == [0.75, 1.0]
    assert by_group["B"] == {
        "found_in_200": 0,
        "found_in_200_ci95": [0, 0],
        "found_first": 0,
        "found_first_ci95": [0, 0],
    }


def test_non_mated_fingers_are_drawn_from_the_seed() -> None:
    vectors = non_mated_vectors(3, seed=7)
    np.testing.assert_array_equal(vectors, non_mated_vectors(3, seed=7))
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert (vectors @ non_mated_vectors(3, seed=8).T).max() < 0.99

"""The face benchmark's bookkeeping, on scores whose rates are known."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from benchmarks.face import Portrait, all_pairs, groups, picture, rejection, statistics
from benchmarks.face_statistics import made_up_portraits
from benchmarks.groups import read_labels
from benchmarks.lfw import Pair, accuracy, read_pairs
from benchmarks.rates import Trial


def test_pairs_without_folds_are_dealt_out(tmp_path: Path) -> None:
    rows = ["A_B\t1\t2"] * 20 + ["A_B\t1\tC\t12"] * 20
    (tmp_path / "pairs.txt").write_text("\n".join(["20", *rows]))
    pairs = read_pairs(tmp_path / "pairs.txt")
    assert pairs[0] == Pair("A_B_0001", "A_B_0002", True, 0)
    assert pairs[-1] == Pair("A_B_0001", "C_0012", False, 9)
    assert [sum(pair.fold == fold and pair.mated for pair in pairs) for fold in range(10)] == [2] * 10


def test_pairs_with_folds_keep_them(tmp_path: Path) -> None:
    fold = ["A 1 2", "B 3 4", "A 1 B 1", "B 1 C 1"]
    (tmp_path / "pairs.txt").write_text("\n".join(["3 2", *fold * 3]))
    assert [pair.fold for pair in read_pairs(tmp_path / "pairs.txt")] == [0] * 4 + [1] * 4 + [2] * 4


def test_pairs_of_view_2_are_ten_folds_of_300_and_300(tmp_path: Path) -> None:
    fold = ["Ann_O'Neil-B\t1\t4"] * 300 + ["Ann_O'Neil-B\t2\tC\t11"] * 300
    (tmp_path / "pairs.txt").write_text("\n".join(["10\t300", *fold * 10, ""]))
    pairs = read_pairs(tmp_path / "pairs.txt")
    assert [sum(pair.fold == one for pair in pairs) for one in range(10)] == [600] * 10
    assert [sum(pair.fold == one and pair.mated for pair in pairs) for one in range(10)] == [300] * 10
    assert pairs[300] == Pair("Ann_O'Neil-B_0002", "C_0011", False, 0)


def test_the_head_line_of_view_1_is_no_pair(tmp_path: Path) -> None:
    (tmp_path / "pairs.txt").write_text("500\nA\t1\t2\nA\t1\tB\t1\n")
    assert [pair.mated for pair in read_pairs(tmp_path / "pairs.txt")] == [True, False]


def test_accuracy_of_the_sure_and_of_the_clueless() -> None:
    mated, fold = np.arange(400) % 2 == 0, np.arange(400) // 40
    assert accuracy(mated.astype(np.float32), mated, fold) == (1.0, 0.0)
    guess = np.random.default_rng(1).random(400).astype(np.float32)
    assert accuracy(guess, mated, fold)[0] == pytest.approx(0.5, abs=0.1)


def test_pictures_are_found_in_both_layouts(tmp_path: Path) -> None:
    (tmp_path / "A_B").mkdir()
    (tmp_path / "A_B" / "A_B_0001.jpg").touch()
    (tmp_path / "C_0002.jpg").touch()
    assert picture(tmp_path, "A_B_0001") == tmp_path / "A_B" / "A_B_0001.jpg"
    assert picture(tmp_path, "C_0002") == tmp_path / "C_0002.jpg"
    assert picture(tmp_path, "D_0001") is None


def test_rejecting_the_worst_removes_the_misses_it_predicts() -> None:
    mated = np.repeat([True, False], [100, 1000])
    scores = np.concatenate([np.full(10, 0.1), np.full(90, 0.9), np.full(1000, 0.2)]).astype(np.float32)
    quality = np.concatenate([np.full(10, 5), np.full(1090, 80)])
    after = rejection(Trial(scores, mated, np.zeros(1100, int), np.zeros(1100, int)), quality)
    assert after["0"] == pytest.approx(0.1)
    assert after["0.05"] == pytest.approx(5 / 95)
    assert after["0.1"] == 0


def portrait(name: str, vector: list[float] | None) -> Portrait:
    return Portrait(name, None if vector is None else np.array(vector, np.float32), 50, False, {})


def test_rates_by_group_at_the_common_threshold(tmp_path: Path) -> None:
    portraits = [
        portrait("A_0001", [1, 0]),
        portrait("A_0002", [1, 0]),
        portrait("B_0001", [0, 1]),
        portrait("B_0002", None),
        portrait("C_0001", [0.6, 0.8]),
    ]
    (tmp_path / "labels.csv").write_text("name,site\nA,north\nB,south\nC_0001,south\n")
    trial, _ = all_pairs(portraits)
    found = groups(portraits, trial, read_labels(tmp_path / "labels.csv"), replicates=20, seed=1)["site"]
    assert found["north"]["fnmr"] == 0.0
    assert found["north"]["fmr"] is None
    assert found["south"]["fnmr"] == 1.0  # B's second picture failed to enrol
    assert (found["south"]["mated"], found["south"]["non_mated"]) == (1, 2)
    assert found["south"]["fmr"] == 0.5  # of B and C, at the score of the most similar non-mated pair


def test_memory_per_comparison_stays_small_enough_for_view_2() -> None:
    """It has 29.6 million comparisons: 1.9 GB at 64 bytes each."""
    portraits = made_up_portraits(1500, 900, seed=1)
    tracemalloc.start()
    statistics(portraits, 20, 1, None)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 64 * 1500 * 1499 / 2

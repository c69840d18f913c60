"""Pair files as Labeled Faces in the Wild writes them, and its accuracy."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FOLDS = 10


@dataclass(frozen=True, slots=True)
class Pair:
    """Two pictures, named NAME_0001. fold: the file's own, or dealt out one by one where it has none."""

    first: str
    second: str
    mated: bool
    fold: int


def read_pairs(path: Path) -> list[Pair]:
    """`name i j` is a mated pair, `name i name j` a non-mated one.

    The first line has the number of pairs of each kind (view 1), or the numbers of folds and of such pairs per fold
    (view 2).
    """
    head, *lines = [line.split("\t") if "\t" in line else line.split() for line in path.read_text().splitlines()]
    size = 2 * int(head[1]) if len(head) == 2 else 0
    rows = [row for row in lines if len(row) in {3, 4}]
    return [_pair(row, at // size if size else at % FOLDS) for at, row in enumerate(rows)]


def read_pictures(path: Path) -> dict[str, list[str]]:
    """The pictures of each person, NAME_0001, that a file of pairs or of people names; both in the order of names.

    Files of people have lines `NAME count`, for pictures 1 to count. Lines with a number in place of a name are heads.
    """
    found: dict[str, set[int]] = {}
    for line in path.read_text().splitlines():
        match line.split("\t") if "\t" in line else line.split():
            case [name, count] if not name.isdigit() and count.isdigit():
                found.setdefault(name, set()).update(range(1, int(count) + 1))
            case [name, i, j] if i.isdigit() and j.isdigit():
                found.setdefault(name, set()).update((int(i), int(j)))
            case [first, i, second, j] if i.isdigit() and j.isdigit():
                found.setdefault(first, set()).add(int(i))
                found.setdefault(second, set()).add(int(j))
    return {name: [f"{name}_{one:04d}" for one in sorted(found[name])] for name in sorted(found)}


def _pair(row: list[str], fold: int) -> Pair:
    mated = len(row) == 3
    first, i, second, j = (row[0], row[1], row[0], row[2]) if mated else row
    return Pair(f"{first}_{int(i):04d}", f"{second}_{int(j):04d}", mated, fold)


def accuracy(scores: NDArray[np.float32], mated: NDArray[np.bool_], fold: NDArray[np.intp]) -> tuple[float, float]:
    """Mean over the folds of the share judged correctly, and its standard error.

    Each fold is judged at the threshold that is best on all others.
    """
    shares = []
    for one in np.unique(fold):
        here = fold == one
        threshold = _best_threshold(scores[~here], mated[~here])
        shares.append(float(((scores[here] >= threshold) == mated[here]).mean()))
    return float(np.mean(shares)), float(np.std(shares, ddof=1) / np.sqrt(len(shares)))


def _best_threshold(scores: NDArray[np.float32], mated: NDArray[np.bool_]) -> float:
    candidates = np.unique(scores)
    right = [float(((scores >= threshold) == mated).mean()) for threshold in candidates]
    best = np.flatnonzero(np.array(right) == max(right))
    return float(candidates[best[len(best) // 2]])

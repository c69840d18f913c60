"""The third stage of a search: minutiae of the few people that exact cosines do not rule out.

Comparing a finger's minutiae costs a hundred times as much as comparing its vector. So fingers are compared one after
the other, and before each the people are pruned by an upper bound: the evidence known so far, with the linear log10 LR
of the vectors for what is not compared yet. Records stay in columns until the candidates are known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from matcher.calibrate import Calibration
from matcher.evidence import Person
from matcher.finger import Prepared, Prints, compare_many, prepare_columns, prepare_many
from matcher.fuse import fuse, modality
from matcher.gallery.prefetch import prefetch_minutiae
from matcher.gallery.quantise import DIRECTION_STEPS
from matcher.gallery.records import POSITION_INDEX, Records
from matcher.gallery.store import Slots, View
from matcher.gallery.vector_comparison import VectorComparison
from matcher.parameters import (
    GALLERY_PIXEL_STEPS,
    MINUTIAE_FLOOR,
    MINUTIAE_MOST_PEOPLE,
    MINUTIAE_PER_TASK,
)
from matcher.types import Candidate, Evidence, Position, Template

Calibrations = Mapping[str, Calibration]
Ratios = NDArray[np.float64]
Scores = NDArray[np.float32]
Rows = NDArray[np.intp]
Run = Callable[[Callable[[Slots], Scores], Iterable[Slots]], Iterator[Scores]]


def compare_minutiae(
    probe: Person,
    vectors: VectorComparison,
    view: View,
    calibrations: Calibrations,
    *,
    limit: int,
    run: Run,
) -> list[Candidate]:
    """Calibrated evidence on the people who are not pruned: the best `limit`, equal evidence in the order of keys.

    vectors: the probe against each of them. run: maps a function over lists of slots with all threads it may use.
    """
    positions = list(probe.captures)
    scores, evidence = vectors.cosines.copy(), np.zeros(vectors.linear.shape)
    upper_bound = vectors.ratios.astype(np.float64)
    rows = prune(upper_bound, np.arange(len(upper_bound)))
    for column in _fingers_first(positions):
        position = positions[column]
        having = rows[vectors.captures[rows, column] > 0]
        if not len(having):
            continue
        if position.is_finger:
            prints = prepared(probe.captures[position])
            index = POSITION_INDEX[position]
            scores[having, column] = minutiae_scores(prints, index, vectors.slots[having], view, run)
        pairs = vectors.captures[having, column] * len(probe.captures[position])
        evidence[having, column] = calibrations[modality(position)].curve.of_best(scores[having, column], pairs)
        upper_bound[having] += evidence[having, column] - vectors.linear[having, column]
        rows = prune(upper_bound, rows)
    rows = rows[vectors.captures[rows].any(axis=1)]
    keys, rows = _best(rows, evidence, vectors.slots, view, limit)
    parts = [_evidence(positions, vectors.captures[row], scores[row], evidence[row]) for row in rows.tolist()]
    return [fuse(key, part) for key, part in zip(keys, parts, strict=True)]


def prune(upper_bound: Ratios, rows: Rows) -> Rows:
    """The rows worth going on with, highest upper bound first, within the limit on the number of comparisons.

    Below that limit, whether somebody is pruned depends on nobody else: searches in parts of a gallery add up to one of
    the whole.
    """
    order = rows[np.argsort(-upper_bound[rows], kind="stable")]
    worth = int(np.count_nonzero(upper_bound[rows] >= MINUTIAE_FLOOR))
    return order[: min(worth, MINUTIAE_MOST_PEOPLE)]


def prepared(captures: Sequence[Template]) -> list[Prepared]:
    """The prints of one finger's captures."""
    prints = prepare_many([one.minutiae for one in captures if one.minutiae is not None])
    return [prints[i] for i in range(len(prints))]


def minutiae_scores(probes: Sequence[Prepared], position: int, slots: Slots, view: View, run: Run) -> Scores:
    """The best score of all pairs of captures: float32 (n,), by slot.

    probes: captures of one finger. slots: int64 (n,), of people who all have captures of the position index.
    """
    tasks = np.array_split(slots, max(len(slots) // MINUTIAE_PER_TASK, 1))
    return np.concatenate(list(run(lambda some: _scores(probes, position, some, view), tasks)))


def _fingers_first(positions: Sequence[Position]) -> list[int]:
    """The columns in the order of comparison. The face comes last: its cosine is known already."""
    return sorted(range(len(positions)), key=lambda column: not positions[column].is_finger)


def _best(rows: Rows, evidence: Ratios, slots: Slots, view: View, limit: int) -> tuple[list[int], Rows]:
    """Keys and rows of the `limit` people with the highest sums of evidence, equal sums in the order of keys."""
    totals = sum(evidence[rows].T, np.zeros(len(rows)))  # added in the order in which `fuse` adds
    keys = np.array([view.key(slot) for slot in slots[rows].tolist()], np.int64)
    best = np.lexsort((keys, -totals))[:limit]
    return keys[best].tolist(), rows[best]


def _evidence(
    positions: Sequence[Position], captures: NDArray[np.int64], scores: Scores, evidence: Ratios
) -> dict[Position, Evidence]:
    """One person's, by common position. captures, scores, evidence: (p,), by position of the probe."""
    return {
        position: Evidence(max(float(scores[column]), 0.0), float(evidence[column]))
        for column, position in enumerate(positions)
        if captures[column]
    }


def _scores(probes: Sequence[Prepared], position: int, slots: Slots, view: View) -> Scores:
    """The part of `minutiae_scores` that one thread computes."""
    parts = [(which, records, *_fingers(records, rows, position)) for records, rows, which in view.located(slots)]
    for _, records, fingers, _ in parts:
        prefetch_minutiae(records, fingers)
    scores = np.empty(len(slots), np.float32)
    for which, records, fingers, first in parts:
        references = _prints(records, fingers)
        best = np.max([compare_many(probe, references) for probe in probes], axis=0)
        scores[which] = np.maximum.reduceat(best, first)
    return scores


def _fingers(records: Records, rows: Slots, position: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """All captures of one finger of people who have it, person after person, and the first of each person."""
    from matcher.gallery import kernels  # Numba is slow to import

    captures = int((records.first[rows + 1] - records.first[rows]).sum())
    fingers, first = np.empty(captures, np.int64), np.empty(len(rows), np.int64)
    count = kernels.fingers_at(rows, records.first, records.positions, records.faces_before, position, fingers, first)
    return fingers[:count], first


def _prints(records: Records, fingers: NDArray[np.int64]) -> Prints:
    """Their cylinders, made for this comparison: keeping them would take ten times the memory."""
    from matcher.gallery import kernels  # Numba is slow to import

    lengths = (records.minutiae_first[fingers + 1] - records.minutiae_first[fingers]) // 7
    starts = np.concatenate([[0], np.cumsum(lengths)])
    x, y, direction = np.empty((3, starts[-1]))
    steps = np.float32(GALLERY_PIXEL_STEPS), np.float32(DIRECTION_STEPS)
    kernels.unpack(records.minutiae, records.minutiae_first, fingers, *steps, starts, x, y, direction)
    return prepare_columns(x, y, direction, starts)

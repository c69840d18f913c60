"""The last look: minutiae of the few whom exact cosines leave open.

A finger's minutiae cost a hundred times what its vector did, so fingers are taken in turn, each of those only whom all
that is known by then still leaves open. Records stay in columns on the way: a person becomes an object at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from matcher.calibrate import Calibration
from matcher.evidence import Person
from matcher.finger import Prepared, Prints, compare_many, prepare_columns, prepare_many
from matcher.fuse import fuse, modality
from matcher.gallery.paging import fetch_minutiae
from matcher.gallery.records import PLACE, TURN, Records
from matcher.gallery.second_look import Seen
from matcher.gallery.store import Slots, View
from matcher.parameters import CLOSE_COMPARISONS, CLOSE_FLOOR, CLOSE_LEAST, CLOSE_SHARE, GALLERY_PLACES
from matcher.types import Candidate, Evidence, Position, Template

Calibrations = Mapping[str, Calibration]
Ratios = NDArray[np.float64]
Scores = NDArray[np.float32]
Run = Callable[[Callable[[Slots], Scores], Iterable[Slots]], Iterator[Scores]]


def close_look(
    probe: Person, seen: Seen, view: View, calibrations: Calibrations, limit: int, run: Run
) -> list[Candidate]:
    """Calibrated evidence on those who stay open: the best `limit`, equal evidence in the order of keys.

    run: maps a function over lists of slots with all threads it may use.
    """
    positions = list(probe.captures)
    hope = seen.ratios.astype(np.float64)
    scores, evidence = seen.cosines.copy(), np.zeros(seen.linear.shape)
    rows = still_open(hope, np.arange(len(hope)))
    for column in sorted(range(len(positions)), key=lambda column: _fingers_first(positions[column])):
        position = positions[column]
        there = rows[seen.captures[rows, column] > 0]
        if position.is_finger:
            prints = prepared(probe.captures[position])
            scores[there, column] = minutiae_scores(prints, PLACE[position], seen.slots[there], view, run)
        pairs = seen.captures[there, column] * len(probe.captures[position])
        curve = calibrations[modality(position)].curve
        evidence[there, column] = curve.of_best(scores[there, column], pairs)
        hope[there] += evidence[there, column] - seen.linear[there, column]
        rows = still_open(hope, rows)
    rows = rows[seen.captures[rows].any(axis=1)]
    totals = sum(evidence[rows].T, np.zeros(len(rows)))  # added in the order `fuse` adds
    keys = np.array([view.key(slot) for slot in seen.slots[rows].tolist()], np.int64)
    best = np.lexsort((keys, -totals))[:limit]
    return [
        fuse(
            int(keys[at]),
            {
                position: Evidence(max(float(scores[row, column]), 0.0), float(evidence[row, column]))
                for column, position in enumerate(positions)
                if seen.captures[row, column]
            },
        )
        for at, row in zip(best.tolist(), rows[best].tolist(), strict=True)
    ]


def still_open(hope: Ratios, rows: NDArray[np.intp]) -> NDArray[np.intp]:
    """Of these rows those it is worth to go on with, best first, while the budget of comparisons lasts."""
    order = rows[np.argsort(-hope[rows], kind="stable")]
    hopeful = int(np.count_nonzero(hope[rows] >= CLOSE_FLOOR))
    return order[: min(max(hopeful, CLOSE_LEAST), CLOSE_COMPARISONS)]


def _fingers_first(position: Position) -> bool:
    """Faces last: their cosines are known already."""
    return not position.is_finger


def prepared(captures: Sequence[Template]) -> list[Prepared]:
    """The prints of one finger's captures."""
    prints = prepare_many([one.minutiae for one in captures if one.minutiae is not None])
    return [prints[i] for i in range(len(prints))]


def minutiae_scores(probes: Sequence[Prepared], place: int, slots: Slots, view: View, run: Run) -> Scores:
    """The best of all pairs of one finger's captures, of people who all have it at `place`, by slot."""
    shares = np.array_split(slots, max(len(slots) // CLOSE_SHARE, 1))
    return np.concatenate(list(run(lambda share: _scores(probes, place, share, view), shares)))


def _scores(probes: Sequence[Prepared], place: int, slots: Slots, view: View) -> Scores:
    """One thread's share of it."""
    parts = [(which, records, *_fingers(records, rows, place)) for records, rows, which in view.located(slots)]
    for _, records, fingers, _ in parts:
        fetch_minutiae(records, fingers)
    scores = np.empty(len(slots), np.float32)
    for which, records, fingers, first in parts:
        references = _prints(records, fingers)
        best = np.max([compare_many(probe, references) for probe in probes], axis=0)
        scores[which] = np.maximum.reduceat(best, first)
    return scores


def _fingers(records: Records, rows: Slots, place: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """All captures of one finger of people who have it, person after person, and which is each person's first."""
    from matcher.gallery import kernels  # Numba is slow to import

    captures = int((records.first[rows + 1] - records.first[rows]).sum())
    fingers, first = np.empty(captures, np.int64), np.empty(len(rows), np.int64)
    count = kernels.fingers_at(rows, records.first, records.positions, records.faces_before, place, fingers, first)
    return fingers[:count], first


def _prints(records: Records, fingers: NDArray[np.int64]) -> Prints:
    """Their cylinders, made for this comparison: keeping them takes ten times the room."""
    from matcher.gallery import kernels  # Numba is slow to import

    lengths = (records.minutiae_first[fingers + 1] - records.minutiae_first[fingers]) // 7
    starts = np.concatenate([[0], np.cumsum(lengths)])
    x, y, direction = np.empty((3, starts[-1]))
    steps = np.float32(GALLERY_PLACES), np.float32(TURN)
    kernels.unpack(records.minutiae, records.minutiae_first, fingers, *steps, starts, x, y, direction)
    return prepare_columns(x, y, direction, starts)

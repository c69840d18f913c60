"""Fingers of a probe against fingers of many people: scores by their minutiae, read from the records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, islice

import numpy as np
from numpy.typing import NDArray

from matcher.cores import Run
from matcher.finger import Columns, Prepared, prepare_many, search_scores
from matcher.gallery.prefetch import prefetch_minutiae
from matcher.gallery.quantise import DIRECTION_STEPS
from matcher.gallery.records import Records
from matcher.gallery.store import Slots, View
from matcher.parameters import GALLERY_PIXEL_STEPS, MINUTIAE_PER_TASK
from matcher.types import Template

Scores = NDArray[np.float32]


def prepared(fingers: Sequence[Sequence[Template]]) -> list[list[Prepared]]:
    """The prints of each finger's captures."""
    prints = prepare_many([one.minutiae for captures in fingers for one in captures if one.minutiae is not None])
    each = iter(range(len(prints)))
    return [[prints[next(each)] for _ in captures] for captures in fingers]


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """A finger of the probe with fingers of some people.

    prints: of the probe's captures. positions: int64 (n,), the index of each finger. slots: int64 (n,), of people who
    all have captures of it.
    """

    prints: Sequence[Prepared]
    positions: NDArray[np.int64]
    slots: Slots

    def __getitem__(self, rows: NDArray[np.intp]) -> Task:
        """Some of it."""
        return replace(self, positions=self.positions[rows], slots=self.slots[rows])


def finger_scores(tasks: Sequence[Task], view: View, run: Run, *, in_full: bool) -> list[Scores]:
    """For each task the best score of all pairs of captures: float32 (n,), by slot; NaN where no sketch is alike.

    run: maps a function over tasks with all threads it may use. in_full: without sketches.
    """
    orders = [np.argsort(task.slots, kind="stable") for task in tasks]  # each part then reads few segments
    parts = [[task[rows] for rows in _parts(order)] for task, order in zip(tasks, orders, strict=True)]
    few = sum(len(task.slots) for task in tasks) <= MINUTIAE_PER_TASK  # handing over takes longer
    found = iter((map if few else run)(partial(_scores, view, in_full), chain.from_iterable(parts)))
    scores = [np.concatenate(list(islice(found, len(some)))) for some in parts]
    return [some[np.argsort(order)] for some, order in zip(scores, orders, strict=True)]


def _parts(order: NDArray[np.intp]) -> list[NDArray[np.intp]]:
    """Of MINUTIAE_PER_TASK or more, so that threads end together."""
    return np.array_split(order, max(len(order) // MINUTIAE_PER_TASK, 1))


def _scores(view: View, in_full: bool, task: Task) -> Scores:
    """Of one part of a task; its slots rise."""
    parts = [
        (records, *_fingers(records, rows, task.positions[which])) for records, rows, which in view.located(task.slots)
    ]
    for records, fingers, _ in parts:
        prefetch_minutiae(records, fingers)
    references = _unpacked([(records, fingers) for records, fingers, _ in parts])
    before = np.cumsum([0, *(len(fingers) for _, fingers, _ in parts)])
    first = np.concatenate([start + of_part for start, (_, _, of_part) in zip(before[:-1], parts, strict=True)])
    best = np.maximum.reduceat(search_scores(task.prints, references, in_full=in_full), first)
    return np.where(np.isfinite(best), best, np.float32(np.nan))


def _fingers(
    records: Records, rows: Slots, positions: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """All captures of one finger of each person, who has it, person after person; and the first of each person."""
    from matcher.gallery import kernels  # Numba is slow to import

    captures = int((records.first[rows + 1] - records.first[rows]).sum())
    fingers, first = np.empty(captures, np.int64), np.empty(len(rows), np.int64)
    count = kernels.fingers_at(rows, records.first, records.positions, records.faces_before, positions, fingers, first)
    return fingers[:count], first


def _unpacked(parts: Sequence[tuple[Records, NDArray[np.int64]]]) -> Columns:
    """The minutiae of some fingers; their cylinders are made anew each time, as all would take ten times the memory."""
    from matcher.gallery import kernels  # Numba is slow to import

    ends = [(records.minutiae_first[fingers], records.minutiae_first[fingers + 1]) for records, fingers in parts]
    starts = np.concatenate([[0], np.cumsum(np.concatenate([stop - begin for begin, stop in ends]) // 7)])
    x, y, direction, quality = np.empty((4, starts[-1]))
    steps = np.float32(GALLERY_PIXEL_STEPS), np.float32(DIRECTION_STEPS)
    done = 0
    for records, fingers in parts:
        at = starts[done : done + len(fingers)]
        kernels.unpack(*records.minutiae_of(fingers), *steps, at, x, y, direction, quality)
        done += len(fingers)
    return Columns(x, y, direction, quality, starts)

"""The third stage of a search: minutiae of the few people that exact cosines do not rule out.

Comparing a finger's minutiae costs a hundred times as much as comparing its vector. So for each hypothesis fingers are
compared one after the other, and before each the people are pruned by an upper bound: the evidence known so far, with
the linear log10 LR of the vectors for what is not compared yet. What one hypothesis compared serves the others too.
Records stay in columns until the candidates are known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matcher.calibrate import Calibration
from matcher.candidates import Scored, candidates_of
from matcher.evidence import Person
from matcher.finger import Prepared, Prints, compare_many, prepare_columns, prepare_many
from matcher.fuse import COLUMN, HYPOTHESES, MIRROR, Pairs
from matcher.gallery.prefetch import prefetch_minutiae
from matcher.gallery.quantise import DIRECTION_STEPS
from matcher.gallery.records import FACE, Records
from matcher.gallery.store import Slots, View
from matcher.gallery.vector_comparison import VectorComparison
from matcher.parameters import (
    ALTERNATIVE_FLOOR,
    ANY_POSITION_PEOPLE,
    CANDIDATE_FLOOR,
    COMPLETED_FROM,
    GALLERY_PIXEL_STEPS,
    LONE_FINGER_FLOOR,
    LONE_FINGER_PEOPLE,
    MINUTIAE_FLOOR,
    MINUTIAE_MOST_PEOPLE,
    MINUTIAE_PER_TASK,
)
from matcher.rarity import Rarity
from matcher.types import FINGERS, Candidate, Hypothesis, Position, Template

Calibrations = Mapping[str, Calibration]
Ratios = NDArray[np.float64]
Scores = NDArray[np.float32]
Rows = NDArray[np.intp]
Run = Callable[[Callable[[Slots], Scores], Iterable[Slots]], Iterator[Scores]]
SUMMED = {
    Hypothesis.AS_STATED: MINUTIAE_MOST_PEOPLE,
    Hypothesis.FINGERS_ALONE: MINUTIAE_MOST_PEOPLE,
    Hypothesis.HANDS_SWAPPED: MINUTIAE_MOST_PEOPLE,
    Hypothesis.ANY_POSITION: ANY_POSITION_PEOPLE,
}
"""Hypotheses that add the evidence of all fingers, and for how many people at most minutiae are compared."""


def compare_minutiae(
    probe: Person,
    vectors: VectorComparison,
    view: View,
    calibrations: Calibrations,
    rarity: Rarity,
    *,
    limit: int,
    run: Run,
    among: Sequence[Hypothesis] = HYPOTHESES,
) -> list[Candidate]:
    """Calibrated evidence on the people who are not pruned: the best `limit`, as `ranked` has them.

    vectors: the probe against each of them. run: maps a function over lists of slots with all threads it may use.
    among: the hypotheses that count; fewer people are pruned of the first than of the others.
    """
    work = _Work.of(probe, vectors, view, calibrations, run)
    bounds = work.bounds(np.arange(len(vectors)))
    floors = {one: MINUTIAE_FLOOR if one is among[0] else ALTERNATIVE_FLOOR for one in among}
    possible = work.touched() | (vectors.linear.stated >= LONE_FINGER_FLOOR).any(axis=1)
    for hypothesis, floor in floors.items():
        possible |= bounds[:, HYPOTHESES.index(hypothesis)] >= floor
    rows = np.flatnonzero(possible)
    if not len(rows):
        return []
    vectors, bounds = vectors[rows], bounds[rows]
    work = _Work.of(probe, vectors, view, calibrations, run)
    for hypothesis, most in SUMMED.items():
        if hypothesis in among:
            floor = floors[hypothesis]
            rows = _prune(bounds[:, HYPOTHESES.index(hypothesis)], np.arange(len(vectors)), floor)[:most]
            work.sum_up(hypothesis, rows, floor)
    if Hypothesis.SOME_FALSE in among:
        work.compare_lone_fingers()
    rows = np.flatnonzero(work.touched())
    ratios = work.known()[rows].fused(among).log10_lr
    if Hypothesis.AS_STATED in among:
        work.complete(rows[ratios >= COMPLETED_FROM])
    rows = rows[ratios >= CANDIDATE_FLOOR]
    keys = np.array([view.key(slot) for slot in vectors.slots[rows].tolist()], np.int64)
    return candidates_of(keys, work.known()[rows], rarity, among, limit)


def _prune(upper_bound: Ratios, rows: Rows, floor: float) -> Rows:
    """The rows worth going on with, highest upper bound first. upper_bound: of each row.

    Within the limits on the number of comparisons, whether somebody is pruned depends on nobody else: searches in parts
    of a gallery add up to one of the whole.
    """
    order = np.argsort(-upper_bound, kind="stable")
    return np.asarray(rows[order[: int(np.count_nonzero(upper_bound >= floor))]])


@dataclass(frozen=True, slots=True, eq=False)
class _Work:
    """What is known of n people. pairs: float64 (n, p, 10), as in Pairs. scores: float32 (n, p, 10)."""

    probe: Person
    vectors: VectorComparison
    view: View
    calibrations: Calibrations
    run: Run
    face: Ratios
    pairs: Ratios
    scores: Scores

    @classmethod
    def of(cls, probe: Person, vectors: VectorComparison, view: View, calibrations: Calibrations, run: Run) -> _Work:
        """With the faces' evidence, which their cosines decide."""
        face = np.full(len(vectors), np.nan)
        having = np.flatnonzero(~np.isnan(vectors.linear.face))
        if len(having):
            pairs = vectors.captures[having, FACE] * len(probe.captures[Position.FACE])
            face[having] = calibrations["face"].curve.of_best(vectors.faces[having], pairs)
        uncompared = np.where(np.isnan(vectors.linear.pairs), np.nan, -np.inf)
        return cls(probe, vectors, view, calibrations, run, face, uncompared, np.zeros(uncompared.shape, np.float32))

    @property
    def fingers(self) -> Sequence[Position]:
        return self.vectors.linear.fingers

    def known(self) -> Scored:
        """All evidence so far."""
        faces = np.maximum(self.vectors.faces, 0)
        return Scored(Pairs(self.fingers, self.face, self.pairs), faces, self.scores)

    def bounds(self, rows: Rows) -> Ratios:
        """Upper bounds by hypothesis (k, 6): linear log10 LR where minutiae are not compared yet."""
        linear, pairs = self.vectors.linear, self.pairs[rows]
        filled = np.where(np.isneginf(pairs), linear.pairs[rows], pairs)
        return Pairs(self.fingers, self.face[rows], filled).by_hypothesis()

    def touched(self) -> NDArray[np.bool_]:
        """Whom anything speaks for so far: with a finger compared, or a face that is not evidence against them."""
        compared = np.isfinite(self.pairs).any(axis=(1, 2))
        return np.asarray(compared | (np.nan_to_num(self.face, nan=-np.inf) >= CANDIDATE_FLOOR))

    def sum_up(self, hypothesis: Hypothesis, rows: Rows, floor: float) -> None:
        """Compare the pairs of a hypothesis, finger after finger, of the people it remains possible of."""
        for finger, position in enumerate(self.fingers):
            if not len(rows):
                return
            for column in _columns(hypothesis, position):
                self.compare(finger, column, rows)
            rows = _prune(self.bounds(rows)[:, HYPOTHESES.index(hypothesis)], rows, floor)

    def compare_lone_fingers(self) -> None:
        """Compare each finger with the most similar of the same position, whatever the others are."""
        linear = self.vectors.linear.stated
        for finger, position in enumerate(self.fingers):
            order = np.argsort(-np.nan_to_num(linear[:, finger], nan=-np.inf), kind="stable")
            worth = int(np.count_nonzero(linear[:, finger] >= LONE_FINGER_FLOOR))
            self.compare(finger, COLUMN[position], order[: min(worth, LONE_FINGER_PEOPLE)])

    def complete(self, rows: Rows) -> None:
        """Compare all fingers of the same positions of these people, so that a candidate states each."""
        for finger, position in enumerate(self.fingers):
            self.compare(finger, COLUMN[position], rows)

    def compare(self, finger: int, column: int, rows: Rows) -> None:
        """Compare a finger of the probe with one finger of these people, where it is not compared yet."""
        rows = rows[np.isneginf(self.pairs[rows, finger, column])]
        if not len(rows):
            return
        captures = self.probe.captures[self.fingers[finger]]
        scores = minutiae_scores(prepared(captures), column + 1, self.vectors.slots[rows], self.view, self.run)
        comparisons = self.vectors.captures[rows, column + 1] * len(captures)
        self.scores[rows, finger, column] = scores
        self.pairs[rows, finger, column] = self.calibrations["finger"].curve.of_best(scores, comparisons)


def _columns(hypothesis: Hypothesis, position: Position) -> Sequence[int]:
    """The person's fingers that a finger of the probe may be."""
    if hypothesis is Hypothesis.ANY_POSITION:
        return range(len(FINGERS))
    column = COLUMN[position]
    return [int(MIRROR[column])] if hypothesis is Hypothesis.HANDS_SWAPPED else [column]


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

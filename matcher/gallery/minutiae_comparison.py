"""The third stage of a search: minutiae of the few people that exact cosines do not rule out.

Comparing a finger's minutiae costs a hundred times as much as comparing its vector. So for each hypothesis fingers are
compared one after the other, and before each the people are pruned by an upper bound: the evidence known so far, with
the linear log10 LR of the vectors for what is not compared yet. What one hypothesis compared serves the others too.
Records stay in columns until the candidates are known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from matcher.calibrate import Calibration, Curve
from matcher.candidates import Scored, candidates_of
from matcher.cores import Run
from matcher.evidence import Person
from matcher.finger import Prepared
from matcher.fuse import COLUMN, HYPOTHESES, MIRROR, Pairs
from matcher.gallery.finger_scores import Scores, Task, finger_scores, prepared
from matcher.gallery.records import FACE
from matcher.gallery.store import View
from matcher.gallery.vector_comparison import VectorComparison
from matcher.parameters import (
    ALTERNATIVE_FLOOR,
    ANY_POSITION_PEOPLE,
    CANDIDATE_FLOOR,
    COMPLETED_FROM,
    LONE_FINGER_FLOOR,
    LONE_FINGER_PEOPLE,
    MINUTIAE_FLOOR,
    MINUTIAE_FLOOR_RISE,
    MINUTIAE_MOST_PEOPLE,
)
from matcher.rarity import Rarity
from matcher.types import FINGERS, Candidate, Hypothesis, Position

Calibrations = Mapping[str, Calibration]
Ratios = NDArray[np.float64]
Rows = NDArray[np.intp]
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
    aside: bool = False,
) -> list[Candidate]:
    """Calibrated evidence on the people who are not pruned: the best `limit`, as `ranked` has them.

    vectors: the probe against each of them. among: the hypotheses that count. aside: the probe is another reading than
    the captures state, so that fewer people are left to each of them.
    """
    work = _Work.of(probe, vectors, view, calibrations, run)
    everybody = np.arange(len(vectors))
    summed = {one: most for one, most in SUMMED.items() if one in among}
    main = None if aside else next(iter(summed), None)  # fewer people are pruned of it than of the others
    above = work.above_floors(everybody, summed, main)
    possible = work.touched()
    for ratios in above.values():
        possible |= ratios >= 0
    if Hypothesis.SOME_FALSE in among:
        possible |= (vectors.linear.stated >= LONE_FINGER_FLOOR).any(axis=1)
    kept = np.flatnonzero(possible)
    if not len(kept):
        return []
    work = work[kept]
    for hypothesis, most in summed.items():
        rows = _prune(above[hypothesis][kept], np.arange(len(kept)))[:most]
        work.sum_up(hypothesis, rows, main)
    if Hypothesis.SOME_FALSE in among:
        work.compare_lone_fingers()
    rows = np.flatnonzero(work.touched())
    fused = work.known()[rows].fused(among)
    likely = fused.log10_lr >= COMPLETED_FROM
    if Hypothesis.AS_STATED in among:
        work.complete(rows[likely], Hypothesis.AS_STATED)
    for hypothesis in (Hypothesis.HANDS_SWAPPED, Hypothesis.ANY_POSITION):
        work.complete(rows[likely & (fused.likeliest == HYPOTHESES.index(hypothesis))], hypothesis)
    rows = rows[fused.log10_lr >= CANDIDATE_FLOOR]
    keys = np.array([view.key(slot) for slot in work.vectors.slots[rows].tolist()], np.int64)
    return candidates_of(keys, work.known()[rows], rarity, among, limit)


def _prune(above: Ratios, rows: Rows) -> Rows:
    """The rows worth going on with, the likeliest first. above: of each row, its upper bound less its floor.

    Within the limits on the number of comparisons, whether somebody is pruned depends on nobody else: searches in parts
    of a gallery add up to one of the whole.
    """
    order = np.argsort(-above, kind="stable")
    return np.asarray(rows[order[: int(np.count_nonzero(above >= 0))]])


@dataclass(frozen=True, slots=True, eq=False)
class Wanted:
    """Comparisons of a finger of the probe, by its place, with people in some rows, and a finger of each by column."""

    finger: int
    rows: Rows
    columns: Rows


@dataclass(frozen=True, slots=True, eq=False)
class _Work:
    """What is known of n people.

    prints: of the probe's p fingers, one per capture, made when first needed. curve: of fingers. face, pairs: float64
    (n,) and (n, p, 10), as in Pairs. scores: float32 (n, p, 10). sketched: bool (n, p, 10), pairs whose surest minutiae
    were so unlike that the others were not looked at.
    """

    prints: Callable[[], Sequence[Sequence[Prepared]]]
    vectors: VectorComparison
    view: View
    curve: Curve
    run: Run
    face: Ratios
    pairs: Ratios
    scores: Scores
    sketched: NDArray[np.bool_]

    @classmethod
    def of(cls, probe: Person, vectors: VectorComparison, view: View, calibrations: Calibrations, run: Run) -> _Work:
        """With the faces' evidence, which their cosines decide."""
        face = np.full(len(vectors), np.nan)
        having = np.flatnonzero(~np.isnan(vectors.linear.face))
        if len(having):
            pairs = vectors.captures[having, FACE] * len(probe.captures[Position.FACE])
            face[having] = calibrations["face"].curve.of_best(vectors.faces[having], pairs)
        uncompared = np.where(np.isnan(vectors.linear.pairs), np.nan, -np.inf)
        prints = cache(lambda: prepared([probe.captures[position] for position in vectors.linear.fingers]))
        scores, sketched = np.zeros(uncompared.shape, np.float32), np.zeros(uncompared.shape, np.bool_)
        return cls(prints, vectors, view, calibrations["finger"].curve, run, face, uncompared, scores, sketched)

    def __getitem__(self, rows: Rows) -> _Work:
        """The same for some of the people."""
        return replace(
            self,
            vectors=self.vectors[rows],
            face=self.face[rows],
            pairs=self.pairs[rows],
            scores=self.scores[rows],
            sketched=self.sketched[rows],
        )

    @property
    def fingers(self) -> Sequence[Position]:
        return self.vectors.linear.fingers

    def known(self) -> Scored:
        """All evidence so far."""
        faces = np.maximum(self.vectors.faces, 0)
        return Scored(Pairs(self.fingers, self.face, self.pairs), faces, self.scores)

    def above_floors(
        self, rows: Rows, hypotheses: Iterable[Hypothesis], main: Hypothesis | None
    ) -> dict[Hypothesis, Ratios]:
        """By how much the upper bounds (k,) of each hypothesis exceed its floor.

        Bounds are made of linear log10 LR where minutiae are not compared yet. A face that speaks against somebody does
        so without the curve's floor: another's face is a hypothesis of its own.
        """
        linear, pairs, face = self.vectors.linear[rows], self.pairs[rows], self.face[rows]
        filled = np.where(np.isneginf(pairs), linear.pairs, pairs)
        against = np.where(face < 0, np.minimum(face, linear.face), face)
        bounds = Pairs(self.fingers, against, filled)
        common = np.count_nonzero(~np.isnan(linear.stated), axis=1) + ~np.isnan(linear.face)
        rise = MINUTIAE_FLOOR_RISE * np.maximum(common - 1, 0)
        least = {one: MINUTIAE_FLOOR if one is main else ALTERNATIVE_FLOOR for one in hypotheses}
        return {one: np.asarray(bounds.under(one) - floor - rise) for one, floor in least.items()}

    def touched(self) -> NDArray[np.bool_]:
        """Whom anything speaks for so far: with a finger compared, or a face that is not evidence against them."""
        compared = np.isfinite(self.pairs).any(axis=(1, 2))
        return np.asarray(compared | (np.nan_to_num(self.face, nan=-np.inf) >= CANDIDATE_FLOOR))

    def sum_up(self, hypothesis: Hypothesis, rows: Rows, main: Hypothesis | None) -> None:
        """Compare the pairs of a hypothesis, finger after finger, of the people it remains possible of."""
        for finger, position in enumerate(self.fingers):
            if not len(rows):
                return
            self.compare([_every(finger, rows, _columns(hypothesis, position))], in_full=hypothesis is main)
            rows = _prune(self.above_floors(rows, [hypothesis], main)[hypothesis], rows)

    def compare_lone_fingers(self) -> None:
        """Compare each finger with the most similar of the same position, whatever the others are."""
        linear, wanted = self.vectors.linear.stated, []
        for finger, position in enumerate(self.fingers):
            order = np.argsort(-np.nan_to_num(linear[:, finger], nan=-np.inf), kind="stable")
            worth = int(np.count_nonzero(linear[:, finger] >= LONE_FINGER_FLOOR))
            wanted.append(_every(finger, order[: min(worth, LONE_FINGER_PEOPLE)], [COLUMN[position]]))
        self.compare(wanted)

    def complete(self, rows: Rows, hypothesis: Hypothesis) -> None:
        """Compare in full all pairs of a hypothesis of these people, so that a candidate states each."""
        fingers = enumerate(self.fingers)
        self.compare([_every(at, rows, _columns(hypothesis, position)) for at, position in fingers], in_full=True)

    def compare(self, wanted: Sequence[Wanted], *, in_full: bool = False) -> None:
        """Compare fingers of the probe with fingers of people, where they are not compared yet.

        in_full: whatever the surest minutiae say; also where a sketch alone was compared.
        """
        waiting = [left for one in wanted if len((left := self._waiting(one, in_full)).rows)]
        tasks = [Task(self.prints()[one.finger], one.columns + 1, self.vectors.slots[one.rows]) for one in waiting]
        for one, scores in zip(waiting, finger_scores(tasks, self.view, self.run, in_full=in_full), strict=True):
            at = one.rows, one.finger, one.columns
            comparisons = self.vectors.captures[one.rows, one.columns + 1] * len(self.prints()[one.finger])
            self.sketched[at] = np.isnan(scores)
            self.scores[at] = np.nan_to_num(scores)
            self.pairs[at] = self.curve.of_best(self.scores[at], comparisons)

    def _waiting(self, wanted: Wanted, in_full: bool) -> Wanted:
        """Those of its people who are not compared yet."""
        at = wanted.rows, wanted.finger, wanted.columns
        left = np.isneginf(self.pairs[at]) | (self.sketched[at] & in_full)
        return replace(wanted, rows=wanted.rows[left], columns=wanted.columns[left])


def _every(finger: int, rows: Rows, columns: Sequence[int]) -> Wanted:
    """Each of the people with each of the columns."""
    return Wanted(finger, np.tile(rows, len(columns)), np.repeat(np.asarray(columns, np.intp), len(rows)))


def _columns(hypothesis: Hypothesis, position: Position) -> Sequence[int]:
    """The person's fingers that a finger of the probe may be."""
    if hypothesis is Hypothesis.ANY_POSITION:
        return range(len(FINGERS))
    column = COLUMN[position]
    return [int(MIRROR[column])] if hypothesis is Hypothesis.HANDS_SWAPPED else [column]

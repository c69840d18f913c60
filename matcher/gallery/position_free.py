"""Position-free search: fingers may be swapped, mislabelled or of unknown position.

Every finger of the probe is compared at all ten positions. Then each is assigned a finger of the person, no two the
same one, so that the sum of evidence is greatest. The best of m comparisons of a finger is worth log10 m less, as with
several captures.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from matcher.calibrate import Calibration
from matcher.evidence import Person
from matcher.fuse import fuse, ranked
from matcher.gallery.layout import Probe
from matcher.gallery.minutiae_comparison import Calibrations, Ratios, Rows, Run, minutiae_scores, prepared, prune
from matcher.gallery.records import FACE, POSITIONS
from matcher.gallery.store import Slots, View
from matcher.gallery.vector_comparison import VectorComparator, VectorComparison
from matcher.parameters import POSITION_FREE_PEOPLE
from matcher.types import Candidate, Evidence, Position

FINGER_INDEXES = [position for position in range(len(POSITIONS)) if position != FACE]
ComparatorOf = Callable[[Probe], VectorComparator]


def single_finger_probes(probe: Probe) -> list[Probe]:
    """Each finger alone at each position, with the face if there is one: what is preselected by.

    People who have several of the fingers are preselected by the most similar of them.
    """
    face = {position: captures for position, captures in probe.captures.items() if position == FACE}
    fingers = [captures for position, captures in sorted(probe.captures.items()) if position != FACE]
    return [Probe({**face, position: captures}) for captures in fingers for position in FINGER_INDEXES]


def compare_position_free(
    probe: Person,
    slots: Slots,
    view: View,
    calibrations: Calibrations,
    *,
    comparator_of: ComparatorOf,
    limit: int,
    run: Run,
) -> list[Candidate]:
    """Calibrated evidence on the people of `slots` who are not pruned, best first: cosines, minutiae, then assignment.

    probe: has at least one finger. comparator_of: makes a probe ready for exact cosines.
    """
    compared = _Compared.by_vectors(probe, slots, view, comparator_of)
    rows = prune(compared.upper_bound, np.arange(len(slots)))[:POSITION_FREE_PEOPLE]
    for finger, position in enumerate(compared.fingers):
        prints = prepared(probe.captures[position])
        for at, index in enumerate(FINGER_INDEXES):
            having = rows[compared.captures[rows, at] > 0]
            if len(having):
                compared.scores[having, finger, at] = minutiae_scores(prints, index, slots[having], view, run)
        compared.use_scores(rows, finger, len(prints), calibrations["finger"])
        rows = prune(compared.upper_bound, rows)
    faces = _face_evidence(probe, compared, rows, calibrations["face"])
    found = [fuse(view.key(int(slots[row])), {**faces.get(row, {}), **compared.assigned(row)}) for row in rows.tolist()]
    return ranked((one for one in found if one.evidence), limit)


@dataclass(frozen=True, slots=True)
class _Compared:
    """n people against a probe with k fingers, each finger at each of the ten positions.

    face: comparison of the face alone, if the probe has one. scores: float32 (n, k, 10). evidence: float64 (n, k, 10),
    log10 LR, of the cosine until a finger's minutiae are compared, −∞ if a person has no capture.
    captures: int64 (n, 10). upper_bound: float64 (n,), the evidence if every finger could have its best.
    """

    fingers: list[Position]
    face: VectorComparison | None
    scores: NDArray[np.float32]
    evidence: Ratios
    captures: NDArray[np.int64]
    upper_bound: Ratios

    @classmethod
    def by_vectors(cls, probe: Person, slots: Slots, view: View, comparator_of: ComparatorOf) -> _Compared:
        """With evidence from exact cosines."""
        fingers = [position for position in probe.captures if position.is_finger]
        vectors = {
            position: np.stack([one.vector for one in captures]) for position, captures in probe.captures.items()
        }
        shape = (len(slots), len(fingers), len(FINGER_INDEXES))
        evidence, captures = np.full(shape, -np.inf), np.zeros((len(slots), len(FINGER_INDEXES)), np.int64)
        for finger, position in enumerate(fingers):
            # one finger's captures at all ten positions at once: the columns of the result are the person's ten fingers
            found = comparator_of(Probe(dict.fromkeys(FINGER_INDEXES, vectors[position]))).compare(slots, view)
            captures = found.captures
            evidence[:, finger] = np.where(captures > 0, found.linear, -np.inf)
        face = None
        if Position.FACE in vectors:
            face = comparator_of(Probe({FACE: vectors[Position.FACE]})).compare(slots, view)
        upper_bound = _best(evidence, captures) + (face.ratios if face else 0)
        return cls(fingers, face, np.zeros(shape, np.float32), evidence, captures, upper_bound)

    def use_scores(self, rows: Rows, finger: int, captures: int, calibration: Calibration) -> None:
        """Replace the evidence of one finger's cosines by that of its scores. captures: of the probe's finger."""
        before = _best(self.evidence[rows], self.captures[rows])
        comparisons = np.maximum(self.captures[rows].sum(axis=1) * captures, 1)
        calibrated = calibration.curve.of_best(self.scores[rows, finger], comparisons[:, None])
        self.evidence[rows, finger] = np.where(self.captures[rows] > 0, calibrated, -np.inf)
        self.upper_bound[rows] += _best(self.evidence[rows], self.captures[rows]) - before

    def assigned(self, row: int) -> dict[Position, Evidence]:
        """The probe's fingers, each with another finger of the person, so that the sum is greatest."""
        present = np.flatnonzero(self.captures[row])
        pairs = zip(*linear_sum_assignment(self.evidence[row][:, present], maximize=True), strict=True)
        found = {}
        for finger, column in pairs:
            at = present[column]
            score, ratio = float(self.scores[row, finger, at]), float(self.evidence[row, finger, at])
            found[self.fingers[finger]] = Evidence(max(score, 0.0), ratio, POSITIONS[FINGER_INDEXES[at]])
        return found


def _best(evidence: Ratios, captures: NDArray[np.int64]) -> Ratios:
    """The greatest evidence of n people's fingers (n,), if two of the probe's might share one of a person's.

    Counts as many of the probe's fingers as the person has.
    """
    best = -np.sort(-evidence.max(axis=2), axis=1)
    counted = np.arange(best.shape[1]) < np.count_nonzero(captures, axis=1)[:, None]
    return np.asarray(np.where(counted, best, 0.0).sum(axis=1), np.float64)


def _face_evidence(
    probe: Person, compared: _Compared, rows: Rows, calibration: Calibration
) -> Mapping[int, dict[Position, Evidence]]:
    """By row, of the people who have a face; empty if the probe has none."""
    if compared.face is None:
        return {}
    having = rows[compared.face.captures[rows, 0] > 0]
    scores = compared.face.cosines[having, 0]
    pairs = compared.face.captures[having, 0] * len(probe.captures[Position.FACE])
    ratios = calibration.curve.of_best(scores, pairs)
    return {
        row: {Position.FACE: Evidence(max(score, 0.0), ratio)}
        for row, score, ratio in zip(having.tolist(), scores.tolist(), ratios.tolist(), strict=True)
    }

"""Searches whose fingers may be any of a person's: swapped, mislabelled, or of unknown position.

Every finger of the probe is looked for at all ten positions, and then each is given a finger of the person, no two the
same, so that the evidence is greatest. A finger's best of m comparisons is worth log10 m less, as of several captures.
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
from matcher.gallery.close_look import Run, minutiae_scores, prepared, still_open
from matcher.gallery.layout import Probe
from matcher.gallery.records import FACE, POSITIONS
from matcher.gallery.second_look import SecondLook, Seen
from matcher.gallery.store import Slots, View
from matcher.parameters import ANY_FINGER_PEOPLE
from matcher.types import Candidate, Evidence, Position

FINGER_PLACES = [place for place in range(len(POSITIONS)) if place != FACE]


def one_finger_probes(probe: Probe) -> list[Probe]:
    """Each finger alone at each position, with the face if there is one: what a short list is asked for.

    Whoever has several of the fingers comes in by the likest of them.
    """
    face = {place: captures for place, captures in probe.captures.items() if place == FACE}
    fingers = [captures for place, captures in sorted(probe.captures.items()) if place != FACE]
    return [Probe({**face, place: captures}) for captures in fingers for place in FINGER_PLACES]


def any_finger_look(
    person: Person,
    slots: Slots,
    view: View,
    look: Callable[[Probe], SecondLook],
    calibrations: Mapping[str, Calibration],
    limit: int,
    run: Run,
) -> list[Candidate]:
    """Calibrated evidence on those of `slots` who stay open, best first: cosines, minutiae, then who has which finger.

    person: with one finger or more. look: makes a probe ready for exact cosines.
    """
    compared = _Compared.of(person, slots, view, look)
    rows = still_open(compared.hope, np.arange(len(slots)))[:ANY_FINGER_PEOPLE]
    for finger, position in enumerate(compared.fingers):
        prints = prepared(person.captures[position])
        for at, place in enumerate(FINGER_PLACES):
            there = rows[compared.captures[rows, at] > 0]
            if len(there):
                compared.scores[there, finger, at] = minutiae_scores(prints, place, slots[there], view, run)
        compared.weigh(rows, finger, len(prints), calibrations["finger"])
        rows = still_open(compared.hope, rows)
    faces = _face_evidence(person, compared, rows, calibrations["face"])
    found = [fuse(view.key(int(slots[row])), {**faces.get(row, {}), **compared.assigned(row)}) for row in rows.tolist()]
    return ranked((one for one in found if one.evidence), limit)


@dataclass(frozen=True, slots=True)
class _Compared:
    """n people against a probe with k fingers, each with each of the ten positions.

    face: of its face alone, if it has one. scores: float32 (n, k, 10). evidence: float64 (n, k, 10), log10 LR, by
    cosine until a finger is weighed, −∞ where there is no capture. captures: int64 (n, 10). hope: float64 (n,), the
    evidence if every finger could have its best.
    """

    fingers: list[Position]
    face: Seen | None
    scores: NDArray[np.float32]
    evidence: NDArray[np.float64]
    captures: NDArray[np.int64]
    hope: NDArray[np.float64]

    @classmethod
    def of(cls, person: Person, slots: Slots, view: View, look: Callable[[Probe], SecondLook]) -> _Compared:
        """By exact cosines."""
        fingers = [position for position in person.captures if position.is_finger]
        vectors = {
            position: np.stack([one.vector for one in captures]) for position, captures in person.captures.items()
        }
        shape = (len(slots), len(fingers), len(FINGER_PLACES))
        evidence, captures = np.full(shape, -np.inf), np.zeros((len(slots), len(FINGER_PLACES)), np.int64)
        for finger, position in enumerate(fingers):
            # one capture set at all ten positions at once: a row's columns are its ten fingers
            seen = look(Probe(dict.fromkeys(FINGER_PLACES, vectors[position]))).see(slots, view)
            captures = seen.captures
            evidence[:, finger] = np.where(captures > 0, seen.linear, -np.inf)
        face = look(Probe({FACE: vectors[Position.FACE]})).see(slots, view) if Position.FACE in vectors else None
        hope = _best(evidence, captures) + (face.ratios if face else 0)
        return cls(fingers, face, np.zeros(shape, np.float32), evidence, captures, hope)

    def weigh(self, rows: NDArray[np.intp], finger: int, captures: int, calibration: Calibration) -> None:
        """Put what the scores of a finger say in place of what its cosines said. captures: of the probe's finger."""
        before = _best(self.evidence[rows], self.captures[rows])
        comparisons = np.maximum(self.captures[rows].sum(axis=1) * captures, 1)
        weighed = calibration.curve.of_best(self.scores[rows, finger], comparisons[:, None])
        self.evidence[rows, finger] = np.where(self.captures[rows] > 0, weighed, -np.inf)
        self.hope[rows] += _best(self.evidence[rows], self.captures[rows]) - before

    def assigned(self, row: int) -> dict[Position, Evidence]:
        """The probe's fingers, each with another one of the person's, so that the sum is greatest."""
        places = np.flatnonzero(self.captures[row])
        pairs = zip(*linear_sum_assignment(self.evidence[row][:, places], maximize=True), strict=True)
        found = {}
        for finger, column in pairs:
            at = places[column]
            score, ratio = float(self.scores[row, finger, at]), float(self.evidence[row, finger, at])
            found[self.fingers[finger]] = Evidence(max(score, 0.0), ratio, POSITIONS[FINGER_PLACES[at]])
        return found


def _best(evidence: NDArray[np.float64], captures: NDArray[np.int64]) -> NDArray[np.float64]:
    """What n people's fingers could come to (n,), if two might share one, for as many of the probe's as they have."""
    best = -np.sort(-evidence.max(axis=2), axis=1)
    counted = np.arange(best.shape[1]) < np.count_nonzero(captures, axis=1)[:, None]
    return np.asarray(np.where(counted, best, 0.0).sum(axis=1), np.float64)


def _face_evidence(
    person: Person, compared: _Compared, rows: NDArray[np.intp], calibration: Calibration
) -> dict[int, dict[Position, Evidence]]:
    """By row, of those who have a face, if the probe has."""
    if compared.face is None:
        return {}
    there = rows[compared.face.captures[rows, 0] > 0]
    scores = compared.face.cosines[there, 0]
    ratios = calibration.curve.of_best(scores, compared.face.captures[there, 0] * len(person.captures[Position.FACE]))
    return {
        row: {Position.FACE: Evidence(max(score, 0.0), ratio)}
        for row, score, ratio in zip(there.tolist(), scores.tolist(), ratios.tolist(), strict=True)
    }

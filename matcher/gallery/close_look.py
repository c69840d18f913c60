"""The last look: minutiae of the few whom exact cosines leave open.

A finger's minutiae cost a hundred times what its vector did, so fingers are taken in turn, each of those only whom all
that is known by then still leaves open.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matcher.calibrate import Calibration
from matcher.evidence import Person, judge
from matcher.fuse import fuse, modality
from matcher.gallery.store import View
from matcher.parameters import CLOSE_COMPARISONS, CLOSE_FLOOR, CLOSE_LEAST
from matcher.types import Candidate, Evidence, Position

Calibrations = Mapping[str, Calibration]
Ratios = NDArray[np.float32]


def close_look(
    probe: Person, slots: NDArray[np.int64], ratios: Ratios, view: View, calibrations: Calibrations
) -> list[Candidate]:
    """Calibrated evidence on those who stay open. ratios: linear log10 LR of all cosines, by slot of `slots`."""
    kept = _open(ratios)
    slots, hope = slots[kept], ratios[kept]
    evidence: dict[int, dict[Position, Evidence]] = {slot: {} for slot in slots.tolist()}
    for position in sorted(probe.captures, key=_fingers_first):
        gained = np.zeros(len(slots), np.float32)
        for row, found in _one_position(probe, position, slots, view, calibrations):
            evidence[int(slots[row])][position] = found.evidence
            gained[row] = found.evidence.log10_lr - found.linear
        kept = _open(hope + gained)
        slots, hope = slots[kept], (hope + gained)[kept]
    return [
        fuse(
            view.key(slot),
            {position: evidence[slot][position] for position in probe.captures if position in evidence[slot]},
        )
        for slot in slots.tolist()
        if evidence[slot]
    ]


@dataclass(frozen=True, slots=True)
class Found:
    """What one position says. linear: what its cosine alone had said, log10 LR."""

    evidence: Evidence
    linear: float


def _open(hope: Ratios) -> NDArray[np.intp]:
    """Whom it is worth to go on with, best first, while the budget of comparisons lasts."""
    order = np.argsort(-hope, kind="stable")
    return order[: min(max(int(np.count_nonzero(hope >= CLOSE_FLOOR)), CLOSE_LEAST), CLOSE_COMPARISONS)]


def _fingers_first(position: Position) -> bool:
    """Faces last: their cosines are known already."""
    return not position.is_finger


def _one_position(
    probe: Person, position: Position, slots: NDArray[np.int64], view: View, calibrations: Calibrations
) -> Iterator[tuple[int, Found]]:
    """Row and finding for each of the slots that has the position."""
    line = calibrations[modality(position)].line
    models = {name: one.model for name, one in calibrations.items()}
    alone = Person(probe.captures[position])
    people = [(row, Person(view.person(slot, models, (position,))[1])) for row, slot in enumerate(slots.tolist())]
    cosines = {
        row: max(float(a.vector @ b.vector) for a in alone.templates for b in person.templates)
        for row, person in people
        if person.templates
    }
    for candidate in judge(alone, people, calibrations):
        yield candidate.key, Found(candidate.evidence[position], line.slope * cosines[candidate.key] - line.offset)

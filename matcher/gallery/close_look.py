"""The last look: minutiae of the few whom exact cosines leave open.

A finger costs a hundred times what its vector did, so it is taken in two steps: one finger of everybody open, and all
that is left of those who are still open after that.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from matcher.calibrate import Calibration
from matcher.evidence import Person, judge
from matcher.gallery.records import PLACE
from matcher.gallery.store import View
from matcher.parameters import CLOSE_COMPARISONS, CLOSE_FLOOR, CLOSE_LEAST
from matcher.types import Candidate, Position

Calibrations = Mapping[str, Calibration]
Ratios = NDArray[np.float32]


def close_look(
    probe: Person, slots: NDArray[np.int64], ratios: Ratios, view: View, calibrations: Calibrations
) -> list[Candidate]:
    """Calibrated evidence on those who stay open. ratios: linear log10 LR of all cosines, by slot of `slots`."""
    kept = _open(ratios)
    slots, ratios = slots[kept], ratios[kept]
    if len(slots) > CLOSE_LEAST and any(position.is_finger for position in probe.captures):
        kept = _open(ratios + _first_fingers(probe, slots, view, calibrations))
        slots = slots[kept]
    models = {name: one.model for name, one in calibrations.items()}
    people = (view.person(slot, models, probe.captures) for slot in slots.tolist())
    return judge(probe, [(key, Person(templates)) for key, templates in people], calibrations)


def _open(ratios: Ratios) -> NDArray[np.intp]:
    """Whom it is worth to go on with, best first, while the budget of minutiae comparisons lasts."""
    order = np.argsort(-ratios, kind="stable")
    return order[: min(max(int(np.count_nonzero(ratios >= CLOSE_FLOOR)), CLOSE_LEAST), CLOSE_COMPARISONS)]


def _first_fingers(probe: Person, slots: NDArray[np.int64], view: View, calibrations: Calibrations) -> Ratios:
    """What one finger's minutiae add to what its vector said, (n,); 0 for people without a finger in common."""
    line = calibrations["finger"].line
    models = {name: one.model for name, one in calibrations.items()}
    gained = np.zeros(len(slots), np.float32)
    people = []
    for row, slot in enumerate(slots.tolist()):
        finger = _common_finger(probe, view.mask(slot))
        if finger is not None:
            person = Person(view.person(slot, models, (finger,))[1])
            best = max(float(a.vector @ b.vector) for a in probe.captures[finger] for b in person.captures[finger])
            gained[row] = line.offset - line.slope * best
            people.append((row, person))
    for candidate in judge(probe, people, calibrations):
        gained[candidate.key] += candidate.log10_lr
    return gained


def _common_finger(probe: Person, mask: int) -> Position | None:
    for position in probe.captures:
        if position.is_finger and mask >> PLACE[position] & 1:
            return position
    return None

"""The ways in which a probe is preselected: whole, by parts of it, with the hands swapped, at any position.

The preselection adds cosines, so a true face drowns under four wrong fingers. Each hypothesis of the fusion therefore
has a list of its own, of the people who fit it best by its own cosines alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from matcher.fuse import MIRROR, modality
from matcher.gallery.coder import CODES
from matcher.gallery.layout import Probe
from matcher.gallery.records import FACE, POSITIONS
from matcher.parameters import ANY_POSITION_LIST, FACE_LIST, FINGER_LIST, PART_LIST, PRESELECTION_SIZES
from matcher.types import Hypothesis

FINGER_INDEXES = [position for position in range(len(POSITIONS)) if position != FACE]


@dataclass(frozen=True, slots=True)
class Way:
    """A probe to preselect by. people: how many per layout; None: as many as its codes ask for."""

    probe: Probe
    people: int | None = None

    def size(self, mask: int, *, mixed: bool) -> int:
        """How many people of a layout with these positions to preselect: 0 if it has none in common with the probe.

        The fewer positions are common, the less they separate mates from others. mixed: whether some people of the
        layout have few of its positions.
        """
        common = mask & self.probe.mask
        if not common:
            return 0
        if self.people is not None:
            return self.people
        codes = sum(CODES[modality(position)] for index, position in enumerate(POSITIONS) if common >> index & 1)
        return next(size for least, size in PRESELECTION_SIZES if (0 if mixed else codes) >= least)


def ways_of(probe: Probe, among: Sequence[Hypothesis], *, aside: bool = False) -> list[Way]:
    """Every way that some of the hypotheses need. The position index of FACE is 0, so fingers are counted from 1.

    aside: see `Gallery.search_many`.
    """
    face = {position: captures for position, captures in probe.captures.items() if position == FACE}
    fingers = {position: captures for position, captures in sorted(probe.captures.items()) if position != FACE}
    ways = [Way(probe, PART_LIST if aside else None)] if Hypothesis.AS_STATED in among else []
    if Hypothesis.FACE_ALONE in among and face and fingers:
        ways.append(Way(Probe(face), FACE_LIST))
    if Hypothesis.FINGERS_ALONE in among and face and len(fingers) > 1:
        ways.append(Way(Probe(fingers), PART_LIST))
    if Hypothesis.SOME_FALSE in among and len(probe.captures) > 1:
        ways += [Way(Probe({position: captures}), FINGER_LIST) for position, captures in fingers.items()]
    if Hypothesis.HANDS_SWAPPED in among and fingers:
        swapped = {int(MIRROR[position - 1]) + 1: captures for position, captures in fingers.items()}
        ways.append(Way(Probe({**face, **swapped}), PART_LIST))
    if Hypothesis.ANY_POSITION in among and fingers:
        every = np.stack([captures.mean(axis=0) for captures in fingers.values()])  # each finger counts once
        ways.append(Way(Probe({**face, **dict.fromkeys(FINGER_INDEXES, every)}), ANY_POSITION_LIST))
    return ways

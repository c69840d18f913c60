"""Evidence between two people from their templates. A search computes the same from the columns of the gallery."""

from collections.abc import Mapping, Sequence

import numpy as np

from matcher.calibrate import Calibration
from matcher.candidates import Scored
from matcher.finger import compare_many, prepare_many
from matcher.fuse import COLUMN, Pairs, by_position
from matcher.types import FINGERS, Position, Template

Calibrations = Mapping[str, Calibration]


class Person:
    """A person's templates by position."""

    __slots__ = ("captures",)

    def __init__(self, templates: Sequence[Template]) -> None:
        self.captures = by_position(templates)


def evidence_between(probe: Person, reference: Person, calibrations: Calibrations) -> Scored:
    """Scores and calibrated evidence of all pairs of positions, of one person.

    Faces are compared by the cosine of their vectors, fingers by their minutiae. Of several captures the best pair
    counts.
    """
    fingers = [position for position in probe.captures if position.is_finger]
    pairs, scores = np.full((1, len(fingers), len(FINGERS)), np.nan), np.zeros((1, len(fingers), len(FINGERS)))
    for row, position in enumerate(fingers):
        ours = probe.captures[position]
        for other, theirs in reference.captures.items():
            if other.is_finger:
                score, count = _best_minutiae(ours, theirs), np.array([len(ours) * len(theirs)])
                scores[0, row, COLUMN[other]] = score
                (pairs[0, row, COLUMN[other]],) = calibrations["finger"].curve.of_best(np.array([score]), count)
    face, cosine = np.full(1, np.nan), np.zeros(1)
    if Position.FACE in probe.captures and Position.FACE in reference.captures:
        ours, theirs = probe.captures[Position.FACE], reference.captures[Position.FACE]
        cosine[:] = _best_cosine(ours, theirs)
        face = calibrations["face"].curve.of_best(cosine, np.array([len(ours) * len(theirs)]))
    return Scored(Pairs(fingers, face, pairs), cosine.astype(np.float32), scores.astype(np.float32))


def _best_cosine(ours: Sequence[Template], theirs: Sequence[Template]) -> float:
    cosines = np.stack([one.vector for one in ours]) @ np.stack([one.vector for one in theirs]).T
    return float(cosines.max())


def _best_minutiae(ours: Sequence[Template], theirs: Sequence[Template]) -> float:
    probes, references = (
        prepare_many([one.minutiae for one in templates if one.minutiae is not None]) for templates in (ours, theirs)
    )
    return max(float(compare_many(probes[i], references).max()) for i in range(len(probes)))

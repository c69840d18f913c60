"""Evidence between two people from their templates. A search computes the same from the columns of the gallery."""

from collections.abc import Mapping, Sequence

import numpy as np

from matcher.calibrate import Calibration
from matcher.finger import compare_many, prepare_many
from matcher.fuse import by_position, modality
from matcher.types import Evidence, Position, Template

Calibrations = Mapping[str, Calibration]


class Person:
    """A person's templates by position."""

    __slots__ = ("captures",)

    def __init__(self, templates: Sequence[Template]) -> None:
        self.captures = by_position(templates)


def evidence_between(probe: Person, reference: Person, calibrations: Calibrations) -> dict[Position, Evidence]:
    """Calibrated evidence of each common position.

    Faces are compared by the cosine of their vectors, fingers by their minutiae. Of several captures the best pair
    counts.
    """
    evidence = {}
    for position, ours in probe.captures.items():
        theirs = reference.captures.get(position, ())
        if theirs:
            score = _best_minutiae(ours, theirs) if position.is_finger else _best_cosine(ours, theirs)
            pairs = np.array([len(ours) * len(theirs)])
            (ratio,) = calibrations[modality(position)].curve.of_best(np.array([score]), pairs).tolist()
            evidence[position] = Evidence(max(score, 0.0), ratio)
    return evidence


def _best_cosine(ours: Sequence[Template], theirs: Sequence[Template]) -> float:
    cosines = np.stack([one.vector for one in ours]) @ np.stack([one.vector for one in theirs]).T
    return float(cosines.max())


def _best_minutiae(ours: Sequence[Template], theirs: Sequence[Template]) -> float:
    probes, references = (
        prepare_many([one.minutiae for one in templates if one.minutiae is not None]) for templates in (ours, theirs)
    )
    return max(float(compare_many(probes[i], references).max()) for i in range(len(probes)))

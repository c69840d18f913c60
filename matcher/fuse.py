"""From one person's captures to one row for the short list, and from scores to one number of evidence.

The sum of log10 likelihood ratios over positions takes the positions as independent given mated or non-mated. For
different fingers and a face of different people that holds well; within one person a worn hand lowers several scores
at once, so the sum of several weak fingers says somewhat more than the truth.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from matcher.calibrate import Calibration, Line
from matcher.errors import TemplatesIncomparable
from matcher.types import Candidate, Evidence, Position, Template, Vector

Captures = Mapping[Position, Sequence[Template]]


def modality(position: Position) -> str:
    """The name under which networks and curves are kept: `finger` or `face`."""
    return "finger" if position.is_finger else "face"


def by_position(templates: Iterable[Template]) -> dict[Position, tuple[Template, ...]]:
    """Templates by position, in the order of `Position`, so that every sum adds in one order."""
    grouped = defaultdict(list)
    for template in templates:
        grouped[template.position].append(template)
    return {position: tuple(grouped[position]) for position in Position if position in grouped}


def fuse(key: int, evidence: Mapping[Position, Evidence]) -> Candidate:
    """Sum the evidence of all common positions."""
    return Candidate(key, sum(part.log10_lr for part in evidence.values()), evidence)


def ranked(candidates: Iterable[Candidate], limit: int | None = None) -> list[Candidate]:
    """Most likely first; equal evidence in the order of keys."""
    return sorted(candidates, key=lambda candidate: (-candidate.log10_lr, candidate.key))[:limit]


def require_comparable(templates: Iterable[Template], calibrations: Mapping[str, Calibration]) -> None:
    """Raises TemplatesIncomparable for templates of other networks than the curves are for, or without minutiae."""
    for template in templates:
        wanted = calibrations[modality(template.position)].model
        if template.model != wanted:
            raise TemplatesIncomparable(f"{template.position}: made by model {template.model}, compared by {wanted}")
        if template.position.is_finger and template.minutiae is None:
            raise TemplatesIncomparable(f"{template.position}: a finger's template without minutiae")


class PersonSpace:
    """Rows whose inner product is the linear log10 likelihood ratio of two people, over their common positions.

    A position contributes slope·cosine − offset. Its vector is scaled by √slope; one further dimension a position
    holds +√offset in an enrolled row and −√offset in a probe, so the offset counts when both have the position, and an
    absent one adds nothing at all.

    Several captures of one position enter as their mean, scaled to unit length: one row a person whatever was captured,
    and a probe resembling one capture in the face and another in the finger is met as well. The exact second look
    takes each capture by itself, so a bad capture among good ones costs only a place in the short list.

    dimension: numbers a row (face + 10 fingers + one presence a position).
    """

    def __init__(self, dimensions: Mapping[str, int], lines: Mapping[str, Line]) -> None:
        self._parts: dict[Position, slice] = {}
        self._lines = {position: lines[modality(position)] for position in Position}
        end = 0
        for position in Position:
            size = dimensions[modality(position)]
            self._parts[position] = slice(end, end + size)
            end += size
        self._presence = {position: end + index for index, position in enumerate(Position)}
        self.dimension = end + len(Position)

    def enrolled(self, captures: Captures) -> Vector:
        """A person of the gallery: float32 (dimension,)."""
        return self._row(captures, 1.0)

    def probe(self, captures: Captures) -> Vector:
        """A person looked for: float32 (dimension,)."""
        return self._row(captures, -1.0)

    def _row(self, captures: Captures, sign: float) -> Vector:
        row = np.zeros(self.dimension, np.float32)
        for position, templates in captures.items():
            line = self._lines[position]
            row[self._parts[position]] = np.sqrt(line.slope) * _mean_direction(templates)
            row[self._presence[position]] = sign * np.sqrt(line.offset)
        return row


def _mean_direction(templates: Sequence[Template]) -> Vector:
    mean = np.mean([template.vector for template in templates], axis=0, dtype=np.float32)
    length = float(np.linalg.norm(mean))
    return np.asarray(mean / length if length > 0 else mean, np.float32)

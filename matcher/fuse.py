"""From the evidence of several positions to that of a person.

The sum of log10 likelihood ratios treats the positions as independent, given mated or non-mated. For the fingers and
faces of different people that holds well. Within one person a worn hand lowers several scores at once, so the sum of
several weak fingers is somewhat too strong.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from matcher.calibrate import Calibration
from matcher.errors import TemplatesIncomparable
from matcher.types import Candidate, Evidence, Hypothesis, Position, Template


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
    total = sum(part.log10_lr for part in evidence.values())
    return Candidate(key, total, total, Hypothesis.AS_STATED, evidence)


def ranked(candidates: Iterable[Candidate], limit: int | None = None) -> list[Candidate]:
    """Most likely first; equal evidence in the order of keys."""
    return sorted(candidates, key=lambda candidate: (-candidate.log10_lr, candidate.key))[:limit]


def require_comparable(templates: Iterable[Template], calibrations: Mapping[str, Calibration]) -> None:
    """Raises TemplatesIncomparable for templates of other networks than the curves', or fingers without minutiae."""
    for template in templates:
        wanted = calibrations[modality(template.position)].model
        if template.model != wanted:
            raise TemplatesIncomparable(f"{template.position}: made by model {template.model}, compared by {wanted}")
        if template.position.is_finger and template.minutiae is None:
            raise TemplatesIncomparable(f"{template.position}: a finger's template without minutiae")

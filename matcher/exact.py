"""The search by plain scan: everybody, every pair of captures, one at a time. Slow on purpose, and the truth."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from matcher.calibrate import Calibration
from matcher.errors import TemplatesIncomparable
from matcher.finger import compare, prepare
from matcher.fuse import fuse, modality, ranked
from matcher.types import Candidate, Evidence, Position, Template


def search(
    people: Mapping[int, Sequence[Template]],
    probe: Sequence[Template],
    calibrations: Mapping[str, Calibration],
    limit: int | None = None,
) -> list[Candidate]:
    """All who share a position with the probe, most likely first, equal evidence by key; `limit` of them."""
    candidates = []
    for key, templates in people.items():
        evidence = {}
        for position in Position:
            pairs = [(p, r) for p in _at(position, probe) for r in _at(position, templates)]
            if pairs:
                score = max(_score(p, r) for p, r in pairs)
                curve = calibrations[modality(position)].curve
                (ratio,) = curve.of_best(np.array([score]), np.array([len(pairs)])).tolist()
                evidence[position] = Evidence(max(score, 0.0), ratio)
        if evidence:
            candidates.append(fuse(key, evidence))
    return ranked(candidates, limit)


def _at(position: Position, templates: Iterable[Template]) -> list[Template]:
    return [template for template in templates if template.position is position]


def _score(probe: Template, reference: Template) -> float:
    if probe.model != reference.model:
        raise TemplatesIncomparable(f"{probe.position}: models {probe.model} and {reference.model}")
    if probe.minutiae is not None and reference.minutiae is not None:
        return float(compare(prepare(probe.minutiae), [prepare(reference.minutiae)])[0])
    return float(probe.vector @ reference.vector)

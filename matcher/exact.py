"""The search by plain scan: everyone, every pair of captures, one at a time. Slow on purpose, and the truth."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import permutations

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
    """All people who share a position with the probe, most likely first, equal evidence by key; at most `limit`."""
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


def search_position_free(
    people: Mapping[int, Sequence[Template]],
    probe: Sequence[Template],
    calibrations: Mapping[str, Calibration],
    limit: int | None = None,
) -> list[Candidate]:
    """`search` with each finger of the probe assigned the finger of a person that fits best, no two the same one."""
    candidates = []
    ours = [position for position in Position if position.is_finger and _at(position, probe)]
    for key, templates in people.items():
        theirs = [position for position in Position if position.is_finger and _at(position, templates)]
        face = search({key: _at(Position.FACE, templates)}, _at(Position.FACE, probe), calibrations)
        pairs = _pairs(ours, theirs, probe, templates, calibrations["finger"])
        assigned = max(_one_to_one(ours, theirs), key=lambda some: sum(pairs[pair].log10_lr for pair in some))
        evidence = {**(face[0].evidence if face else {}), **{finger: pairs[finger, at] for finger, at in assigned}}
        if evidence:
            candidates.append(fuse(key, evidence))
    return ranked(candidates, limit)


def _pairs(
    ours: Sequence[Position],
    theirs: Sequence[Position],
    probe: Sequence[Template],
    templates: Sequence[Template],
    calibration: Calibration,
) -> dict[tuple[Position, Position], Evidence]:
    """Each finger of the probe with each of a person's. Only the best of a finger's comparisons will count."""
    found = {}
    for finger in ours:
        comparisons = sum(len(_at(finger, probe)) * len(_at(position, templates)) for position in theirs)
        for position in theirs:
            score = max(_score(p, r) for p in _at(finger, probe) for r in _at(position, templates))
            (ratio,) = calibration.curve.of_best(np.array([score]), np.array([comparisons])).tolist()
            found[finger, position] = Evidence(max(score, 0.0), ratio, position)
    return found


def _one_to_one(
    ours: Sequence[Position], theirs: Sequence[Position]
) -> Iterator[tuple[tuple[Position, Position], ...]]:
    """All ways of pairing as many fingers as possible, each at most once."""
    if len(ours) > len(theirs):
        yield from (tuple((one, other) for other, one in pairs) for pairs in _one_to_one(theirs, ours))
    else:
        yield from (tuple(zip(ours, some, strict=True)) for some in permutations(theirs, len(ours)))


def _at(position: Position, templates: Iterable[Template]) -> list[Template]:
    return [template for template in templates if template.position is position]


def _score(probe: Template, reference: Template) -> float:
    if probe.model != reference.model:
        raise TemplatesIncomparable(f"{probe.position}: models {probe.model} and {reference.model}")
    if probe.minutiae is not None and reference.minutiae is not None:
        return float(compare(prepare(probe.minutiae), [prepare(reference.minutiae)])[0])
    return float(probe.vector @ reference.vector)

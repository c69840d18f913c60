"""The search by plain scan: everyone, every pair of captures, one at a time. Slow on purpose, and the truth."""

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from matcher.calibrate import Calibration
from matcher.errors import TemplatesIncomparable
from matcher.finger import compare, prepare
from matcher.fuse import HYPOTHESES, Layout, modality
from matcher.parameters import FALSE_SHARE, HYPOTHESIS_WEIGHTS
from matcher.rarity import Rarity
from matcher.readings import Reading, merged
from matcher.types import FINGERS, Candidate, Evidence, Hypothesis, Position, Template

Compared = Mapping[tuple[Position, Position], Evidence]
"""By position of the probe and position of the person."""


def search(
    people: Mapping[int, Sequence[Template]],
    probe: Sequence[Template],
    calibrations: Mapping[str, Calibration],
    limit: int | None = None,
    among: Sequence[Hypothesis] = HYPOTHESES,
    *,
    readings: Sequence[Reading] = (),
) -> list[Candidate]:
    """Everyone who can be compared with the probe by one of the hypotheses, as `ranked` has them; at most `limit`.

    readings: others of the probe.
    """
    read = [(one, _searched(people, one.templates, calibrations, [Hypothesis.AS_STATED])) for one in readings]
    return merged(_searched(people, probe, calibrations, among), read, limit)


def _searched(
    people: Mapping[int, Sequence[Template]],
    probe: Sequence[Template],
    calibrations: Mapping[str, Calibration],
    among: Sequence[Hypothesis],
) -> list[Candidate]:
    rarity, candidates = Rarity(calibrations), []
    for key, templates in people.items():
        compared = _compared(probe, templates, calibrations)
        paired = {one: some for one in among if (some := _paired(one, compared))}
        if not paired:
            continue
        weights = {one: HYPOTHESIS_WEIGHTS[one] for one in paired}
        parts = {one: weights[one] * 10.0 ** _total(one, some) for one, some in paired.items()}
        log10_lr = math.log10(sum(parts.values()) / sum(weights.values()))
        best = max(parts, key=lambda one: parts[one])
        rare = float(rarity(_layout(probe, templates), np.array([log10_lr]), among)[0])
        evidence = _paired(Hypothesis.AS_STATED, compared) if best in _STATED else paired[best]
        candidates.append(Candidate(key, log10_lr, rare, best, evidence))
    return candidates


_STATED = {Hypothesis.AS_STATED, Hypothesis.FACE_ALONE, Hypothesis.FINGERS_ALONE, Hypothesis.SOME_FALSE}
"""Hypotheses that pair equal positions."""


def _paired(hypothesis: Hypothesis, compared: Compared) -> dict[Position, Evidence]:
    """The evidence that a hypothesis adds, by position of the probe; none if it states nothing of its own."""
    stated = {ours: one for (ours, theirs), one in compared.items() if ours is theirs}
    face = {position: one for position, one in stated.items() if not position.is_finger}
    fingers = {position: one for position, one in stated.items() if position.is_finger}
    if hypothesis is Hypothesis.FACE_ALONE:
        return face if fingers else {}
    if hypothesis is Hypothesis.FINGERS_ALONE:
        return fingers if face else {}
    if hypothesis is Hypothesis.SOME_FALSE:
        return stated if len(stated) > 1 else {}
    if hypothesis is Hypothesis.HANDS_SWAPPED:
        swapped = {
            ours: Evidence(one.score, one.log10_lr, theirs)
            for (ours, theirs), one in compared.items()
            if theirs is _other_hand(ours)
        }
        return {**face, **swapped} if swapped else {}
    if hypothesis is Hypothesis.ANY_POSITION:
        found = {position: _anywhere(position, compared) for position in FINGERS if _of(position, compared)}
        return {**face, **found} if found else {}
    return stated


def _total(hypothesis: Hypothesis, paired: Mapping[Position, Evidence]) -> float:
    if hypothesis is Hypothesis.SOME_FALSE:
        return sum(math.log10(1 - FALSE_SHARE + FALSE_SHARE * 10.0**one.log10_lr) for one in paired.values())
    return sum(one.log10_lr for one in paired.values())


def _anywhere(position: Position, compared: Compared) -> Evidence:
    """The person's finger that fits best, the choice among them charged for."""
    choices = _of(position, compared)
    at, best = max(choices.items(), key=lambda pair: pair[1].log10_lr)
    return Evidence(best.score, best.log10_lr - math.log10(len(choices)), None if at is position else at)


def _of(position: Position, compared: Compared) -> dict[Position, Evidence]:
    return {theirs: one for (ours, theirs), one in compared.items() if ours is position}


def _other_hand(position: Position) -> Position | None:
    sides = {"right": "left", "left": "right"}
    side, _, finger = position.value.partition("_")
    return Position(f"{sides[side]}_{finger}") if position.is_finger else None


def _compared(
    probe: Sequence[Template], templates: Sequence[Template], calibrations: Mapping[str, Calibration]
) -> Compared:
    """All pairs of positions of one modality. Of several captures the best pair counts, the choice charged for."""
    found = {}
    for ours in Position:
        for theirs in Position:
            pairs = [(p, r) for p in _at(ours, probe) for r in _at(theirs, templates)]
            if pairs and modality(ours) == modality(theirs):
                score = max(_score(p, r) for p, r in pairs)
                curve = calibrations[modality(ours)].curve
                (ratio,) = curve.of_best(np.array([score]), np.array([len(pairs)])).tolist()
                found[ours, theirs] = Evidence(max(score, 0.0), ratio)
    return found


def _layout(probe: Sequence[Template], templates: Sequence[Template]) -> Layout:
    ours, theirs = {one.position for one in probe}, {one.position for one in templates}
    return Layout(
        face=Position.FACE in ours & theirs,
        stated=sum(one.is_finger for one in ours & theirs),
        mirrored=sum(_other_hand(one) in theirs for one in ours if one.is_finger),
        probe=sum(one.is_finger for one in ours),
        person=sum(one.is_finger for one in theirs),
    )


def _at(position: Position, templates: Iterable[Template]) -> list[Template]:
    return [view for template in templates if template.position is position for view in template.views]


def _score(probe: Template, reference: Template) -> float:
    if probe.model != reference.model:
        raise TemplatesIncomparable(f"{probe.position}: models {probe.model} and {reference.model}")
    if probe.minutiae is not None and reference.minutiae is not None:
        return float(compare(prepare(probe.minutiae), [prepare(reference.minutiae)])[0])
    return float(probe.vector @ reference.vector)

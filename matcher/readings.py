"""Other readings of a probe: as if its prints were mirrored, or of another resolution than stated.

A print that is stated as 600 dpi and has 500 matches nothing, nor does a mirrored one, and both are easily made.
No second extraction is needed: the minutiae's coordinates are rescaled or mirrored, and the vector is made anew. Each
reading is searched as stated, and what it finds pays for the choice among readings.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

import numpy as np

from matcher.cores import Run
from matcher.finger.vector import FingerVector
from matcher.fuse import ranked
from matcher.networks import MODELS, read_manifest
from matcher.parameters import PERIOD_LEAST, PERIOD_MOST, READING_CHARGE, RESCALED
from matcher.types import Candidate, Hypothesis, Minutiae, Template, TemplateFormat

READINGS = (Hypothesis.MIRRORED, Hypothesis.OTHER_RESOLUTION)


@dataclass(frozen=True, slots=True)
class Reading:
    """hypothesis: one of READINGS. scale: of the prints; None if it is as stated."""

    hypothesis: Hypothesis
    scale: float | None
    templates: Sequence[Template]


Choice = tuple[Hypothesis, float | None]
Readings = Sequence[Sequence[Reading]]
"""Of each of some probes."""


class Reader:
    """Makes the other readings of probes. Any thread may call; the work stays in the caller's.

    made_as: format of the probes' templates; with vectors of another length than those of the network in `models`,
    there are no other readings. Raises ModelMissing or ModelAltered.
    """

    def __init__(self, made_as: TemplateFormat, models: Path = MODELS) -> None:
        (dimension,) = read_manifest(models)["finger_vector"].outputs["vector"]
        self._vector = FingerVector(models) if dimension == made_as.dimensions["finger"] else None

    def readings(
        self, probe: Sequence[Template], among: Iterable[Hypothesis] = READINGS, run: Run = map
    ) -> list[Reading]:
        """Those worth a search; none of a probe without fingers. run: maps a function with all threads it may use."""
        wanted = set(among)
        if self._vector is None or not any(one.minutiae for one in probe):
            return []
        found: list[Choice] = [(Hypothesis.MIRRORED, None)] if Hypothesis.MIRRORED in wanted else []
        if Hypothesis.OTHER_RESOLUTION in wanted:
            found += [(Hypothesis.OTHER_RESOLUTION, scale) for scale in plausible_scales(probe)]
        make = self._vector

        def read(one: Choice) -> Sequence[Template]:
            return [_read(view, one[1], make) for template in probe for view in template.views]

        return [Reading(*one, some) for one, some in zip(found, run(read, found), strict=True)]

    def of_many(self, probes: Iterable[Sequence[Template]]) -> Readings:
        """`readings` of each."""
        return [self.readings(probe) for probe in probes]


def _read(template: Template, scale: float | None, make_vector: FingerVector) -> Template:
    if not template.minutiae:
        return template
    minutiae = mirrored(template.minutiae) if scale is None else rescaled(template.minutiae, scale)
    return replace(template, minutiae=minutiae, vector=make_vector(minutiae))


def plausible_scales(probe: Iterable[Template]) -> list[float]:
    """Scales that bring the distance from ridge to ridge to that of a finger; all of them where it is not known."""
    periods = [period for one in probe if (period := one.quality.components.get("ridge_period_px", 0.0)) > 0]
    if not periods:
        return list(RESCALED)
    period = median(periods)
    return [scale for scale in RESCALED if PERIOD_LEAST <= period * scale <= PERIOD_MOST]


def mirrored(minutiae: Minutiae) -> Minutiae:
    """As a mirror shows it, from the same upper left corner."""
    direction = np.asarray((np.pi - minutiae.direction) % (2 * np.pi), np.float32)
    return replace(minutiae, x=np.asarray(minutiae.x.max() - minutiae.x, np.float32), direction=direction)


def rescaled(minutiae: Minutiae, scale: float) -> Minutiae:
    """Of a print that is `scale` times as large."""
    factor = np.float32(scale)
    return replace(minutiae, x=minutiae.x * factor, y=minutiae.y * factor)


def merged(
    as_given: Iterable[Candidate], read: Iterable[tuple[Reading, Iterable[Candidate]]], limit: int | None
) -> list[Candidate]:
    """The candidates of a probe and of its readings, as `ranked` has them; of one person the rarest evidence."""
    best = {one.key: one for one in as_given}
    for reading, found in read:
        for one in found:
            charged = _charged(one, reading)
            before = best.get(one.key)
            if before is None or (charged.rarity, charged.log10_lr) > (before.rarity, before.log10_lr):
                best[one.key] = charged
    return ranked(best.values(), limit)


def _charged(found: Candidate, reading: Reading) -> Candidate:
    evidence = {
        position: replace(one, scale=reading.scale if position.is_finger else None)
        for position, one in found.evidence.items()
    }
    log10_lr, rarity = found.log10_lr - READING_CHARGE, found.rarity - READING_CHARGE
    return Candidate(found.key, log10_lr, rarity, reading.hypothesis, evidence)

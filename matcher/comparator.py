"""Evidence between one probe and a few given people: for verification, and for people who changed since a search."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from matcher.calibrate import read_calibrations
from matcher.evidence import Person, evidence_between
from matcher.fuse import modality, require_comparable
from matcher.gallery.layout import Probe, shares_position
from matcher.gallery.minutiae_comparison import compare_minutiae
from matcher.gallery.records import records_of
from matcher.gallery.store import Store
from matcher.gallery.vector_comparison import VectorComparator
from matcher.networks import MODELS
from matcher.parameters import MINUTIAE_FLOOR
from matcher.types import Candidate, Evidence, Minutiae, Position, Quality, Template, TemplateFormat

ROUNDED = 0.1
"""log10 LR that a gallery's rounding of vectors may take off or add, and more."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Evidence between two people. log10_lr: the sum over all common positions, 0 if there is none."""

    log10_lr: float
    evidence: Mapping[Position, Evidence]


class Comparator:
    """Compares templates of one format. Any thread may call any method; the work stays in the caller's thread.

    models: folder of the calibration. Raises CalibrationUnusable.
    """

    def __init__(self, format: TemplateFormat, models: Path = MODELS) -> None:  # noqa: A002 the extractor's word for it
        self._format = format
        self._calibrations = read_calibrations(models / "calibration.json", format.models)
        self._lines = {name: calibration.line for name, calibration in self._calibrations.items()}

    def warm_up(self) -> None:
        """Compile the comparison kernels now and not in the first search: seconds once per machine, then a moment."""
        person = [_made_up(position, self._format) for position in (Position.FACE, Position.RIGHT_THUMB)]
        self.rank(person, {0: person}, 1)

    def compare(self, probe: Sequence[Template], reference: Sequence[Template]) -> Comparison:
        """One to one, of the templates as they are. Raises TemplatesIncomparable for templates of other models."""
        require_comparable([*probe, *reference], self._calibrations)
        evidence = evidence_between(Person(probe), Person(reference), self._calibrations)
        return Comparison(sum((part.log10_lr for part in evidence.values()), 0.0), evidence)

    def rank(self, probe: Sequence[Template], people: Mapping[int, Sequence[Template]], limit: int) -> list[Candidate]:
        """The people most likely the probe's own, best first, equal evidence by key; at most `limit`.

        people: templates by key (≥ 0). Their evidence is what a `SearchIndex` of the same people would report: both
        round templates to what a gallery keeps, and both leave out people without a common position and people ruled
        out by their vectors. Raises TemplatesIncomparable for templates of other models.
        """
        for templates in (probe, *people.values()):
            require_comparable(templates, self._calibrations)
        dimensions, subject = self._format.dimensions, Person(probe)
        records, vectors = records_of(list(people.items()), dimensions), Probe.of(subject)
        store = Store(dimensions)
        slots = store.add(records)[shares_position(records.masks, vectors)]
        view = store.view()
        compared = VectorComparator(vectors, self._lines, dimensions).compare(slots, view)
        return compare_minutiae(subject, compared, view, self._calibrations, limit=limit, run=map)

    def rank_earlier(self, probes: Sequence[Sequence[Template]], limit: int) -> list[list[Candidate]]:
        """For each probe, those before it that are most likely the same person's, as `rank` by their place among them.

        As in a large gallery, people are compared only if the vectors do not rule them out.
        """
        for templates in probes:
            require_comparable(templates, self._calibrations)
        close = self._close(probes)
        return [
            self.rank(probe, {other: probes[other] for other in np.flatnonzero(row[:place]).tolist()}, limit)
            if row[:place].any()
            else []
            for place, (probe, row) in enumerate(zip(probes, close, strict=True))
        ]

    def _close(self, probes: Sequence[Sequence[Template]]) -> NDArray[np.bool_]:
        """Which of n people the vectors do not rule out as each other: (n, n), from their best linear log10 LR."""
        evidence, common = np.zeros((2, len(probes), len(probes)))
        for position in Position:
            vectors = [
                (place, one.vector) for place, probe in enumerate(probes) for one in probe if one.position is position
            ]
            if len(vectors) < 2:
                continue
            line = self._lines[modality(position)]
            places, rows = np.array([place for place, _ in vectors]), np.stack([vector for _, vector in vectors])
            best = np.full(evidence.shape, -np.inf)
            np.maximum.at(best, (places[:, None], places[None, :]), line.slope * (rows @ rows.T) - line.offset)
            evidence += np.where(np.isfinite(best), best, 0)
            common += np.isfinite(best)
        return (common > 0) & (evidence >= MINUTIAE_FLOOR - ROUNDED)


def _made_up(position: Position, made_as: TemplateFormat) -> Template:
    """A template with enough minutiae to be compared."""
    name = modality(position)
    dimension, steps = made_as.dimensions[name], np.arange(8, dtype=np.float32)
    vector = np.full(dimension, dimension**-0.5, np.float32)
    minutiae = Minutiae(20 * steps, 9 * steps % 50, steps % 6, np.ones_like(steps), steps > 3)
    return Template(position, vector, Quality(0), made_as.models[name], minutiae if position.is_finger else None)

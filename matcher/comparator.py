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
from matcher.types import Candidate, Evidence, Hypothesis, Minutiae, Position, Quality, Template, TemplateFormat, Vector

ROUNDED = 0.1
"""log10 LR that a gallery's rounding of vectors may take off or add, and more."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Evidence between two people, as a Candidate has it; log10_lr and rarity are 0 without a common position."""

    log10_lr: float
    rarity: float
    hypothesis: Hypothesis
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
        total = sum((part.log10_lr for part in evidence.values()), 0.0)
        return Comparison(total, total, Hypothesis.AS_STATED, evidence)

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

    def rank_many(
        self, probes: Sequence[Sequence[Template]], people: Mapping[int, Sequence[Template]], limit: int
    ) -> list[list[Candidate]]:
        """`rank` for each probe, with less work: whom the vectors rule out is found for all of them at once."""
        close = self._close(probes, list(people.values()))
        keys = np.array(list(people), np.int64)
        some = [{key: people[key] for key in keys[row].tolist()} for row in close]
        return [self.rank(probe, each, limit) if each else [] for probe, each in zip(probes, some, strict=True)]

    def rank_earlier(self, probes: Sequence[Sequence[Template]], limit: int) -> list[list[Candidate]]:
        """For each probe, those before it that are most likely the same person's, as `rank` by their place."""
        close = np.tril(self._close(probes, probes), -1)
        some = [{place: probes[place] for place in np.flatnonzero(row).tolist()} for row in close]
        return [self.rank(probe, each, limit) if each else [] for probe, each in zip(probes, some, strict=True)]

    def _close(self, probes: Sequence[Sequence[Template]], people: Sequence[Sequence[Template]]) -> NDArray[np.bool_]:
        """Which of n people the vectors do not rule out as each of q probes: (q, n), by linear log10 LR."""
        for templates in (*probes, *people):
            require_comparable(templates, self._calibrations)
        evidence, common = np.zeros((2, len(probes), len(people)))
        for position in Position:
            ours, theirs = _stacked(probes, position), _stacked(people, position)
            if ours and theirs:
                line = self._lines[modality(position)]
                best = np.full(evidence.shape, -np.inf)
                pairs = line.slope * (ours.vectors @ theirs.vectors.T) - line.offset
                np.maximum.at(best, (ours.places[:, None], theirs.places[None, :]), pairs)
                evidence += np.where(np.isfinite(best), best, 0)
                common += np.isfinite(best)
        return (common > 0) & (evidence >= MINUTIAE_FLOOR - ROUNDED)


@dataclass(frozen=True, slots=True)
class _Stack:
    """All captures of one position. places: int64 (c,), whose they are. vectors: float32 (c, d)."""

    places: NDArray[np.int64]
    vectors: Vector


def _stacked(some: Sequence[Sequence[Template]], position: Position) -> _Stack | None:
    found = [(place, one.vector) for place, each in enumerate(some) for one in each if one.position is position]
    if not found:
        return None
    return _Stack(np.array([place for place, _ in found]), np.stack([vector for _, vector in found]))


def _made_up(position: Position, made_as: TemplateFormat) -> Template:
    """A template with enough minutiae to be compared."""
    name = modality(position)
    dimension, steps = made_as.dimensions[name], np.arange(8, dtype=np.float32)
    vector = np.full(dimension, dimension**-0.5, np.float32)
    minutiae = Minutiae(20 * steps, 9 * steps % 50, steps % 6, np.ones_like(steps), steps > 3)
    return Template(position, vector, Quality(0), made_as.models[name], minutiae if position.is_finger else None)

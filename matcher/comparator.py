"""Evidence between one probe and a few given people: for verification, and for people who changed since a search."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from matcher.calibrate import read_calibrations
from matcher.candidates import candidates_of
from matcher.evidence import Person, evidence_between
from matcher.fuse import HYPOTHESES, modality, require_comparable
from matcher.gallery.layout import Probe
from matcher.gallery.minutiae_comparison import compare_minutiae
from matcher.gallery.records import records_of
from matcher.gallery.store import Slots, Store, View
from matcher.gallery.vector_comparison import VectorComparator
from matcher.networks import MODELS
from matcher.rarity import Rarity
from matcher.readings import Reader, Reading, Readings, merged
from matcher.types import Candidate, Evidence, Hypothesis, Minutiae, Position, Quality, Template, TemplateFormat


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
        self._rarity = Rarity(self._calibrations)
        self._reader = Reader(format, models)
        self._lines = {name: calibration.line for name, calibration in self._calibrations.items()}

    def warm_up(self) -> None:
        """Compile the comparison kernels now and not in the first search: seconds once per machine, then a moment."""
        person = [_made_up(position, self._format) for position in (Position.FACE, Position.RIGHT_THUMB)]
        self.rank(person, {0: person}, 1)

    def compare(self, probe: Sequence[Template], reference: Sequence[Template]) -> Comparison:
        """One to one, in the probe's other readings too. Raises TemplatesIncomparable for templates of other models."""
        require_comparable([*probe, *reference], self._calibrations)
        stated = [Hypothesis.AS_STATED]
        read = [(one, self._compared(one.templates, reference, stated)) for one in self._reader.readings(probe)]
        for one in merged(self._compared(probe, reference, HYPOTHESES), read, 1):
            return Comparison(one.log10_lr, one.rarity, one.hypothesis, one.evidence)
        return Comparison(0.0, 0.0, Hypothesis.AS_STATED, {})

    def rank(self, probe: Sequence[Template], people: Mapping[int, Sequence[Template]], limit: int) -> list[Candidate]:
        """The people most likely the probe's own, as a search has them; at most `limit`.

        people: templates by key (≥ 0). Their evidence is what a `SearchIndex` of the same people would report: both
        round templates to what a gallery keeps, and both leave out people ruled out by their vectors. Raises
        TemplatesIncomparable for templates of other models.
        """
        return self.rank_many([probe], people, limit)[0]

    def rank_many(
        self,
        probes: Sequence[Sequence[Template]],
        people: Mapping[int, Sequence[Template]],
        limit: int,
        *,
        readings: Readings | None = None,
    ) -> list[list[Candidate]]:
        """`rank` for each probe. readings: of each, where they are made already."""
        view, slots = self._kept(probes, people)
        read = self._reader.of_many(probes) if readings is None else readings
        return [self._ranked(probe, some, slots, view, limit) for probe, some in zip(probes, read, strict=True)]

    def rank_earlier(
        self, probes: Sequence[Sequence[Template]], limit: int, *, readings: Readings | None = None
    ) -> list[list[Candidate]]:
        """For each probe, those before it that are most likely the same person's, as `rank` by their place."""
        view, slots = self._kept(probes, dict(enumerate(probes)))
        read = self._reader.of_many(probes) if readings is None else readings
        return [
            self._ranked(probe, some, slots[:place], view, limit)
            for place, (probe, some) in enumerate(zip(probes, read, strict=True))
        ]

    def _compared(
        self, probe: Sequence[Template], reference: Sequence[Template], among: Sequence[Hypothesis]
    ) -> list[Candidate]:
        """None without a common position."""
        scored = evidence_between(Person(probe), Person(reference), self._calibrations)
        return candidates_of(np.zeros(1, np.int64), scored, self._rarity, among)

    def _kept(
        self, probes: Sequence[Sequence[Template]], people: Mapping[int, Sequence[Template]]
    ) -> tuple[View, NDArray[np.int64]]:
        """The people as a gallery keeps them, and the slot of each."""
        for templates in (*probes, *people.values()):
            require_comparable(templates, self._calibrations)
        store = Store(self._format.dimensions)
        slots = store.add(records_of(list(people.items()), self._format.dimensions))
        return store.view(), slots

    def _ranked(
        self, probe: Sequence[Template], readings: Sequence[Reading], slots: Slots, view: View, limit: int
    ) -> list[Candidate]:
        as_given = self._found(probe, slots, view, limit)
        read = [(one, self._found(one.templates, slots, view, limit, aside=True)) for one in readings]
        return merged(as_given, read, limit)

    def _found(
        self, probe: Sequence[Template], slots: Slots, view: View, limit: int, *, aside: bool = False
    ) -> list[Candidate]:
        """aside: of another reading, which is taken as stated."""
        subject = Person(probe)
        compared = VectorComparator(Probe.of(subject), self._lines, self._format.dimensions).compare(slots, view)
        among = [Hypothesis.AS_STATED] if aside else HYPOTHESES
        return compare_minutiae(
            subject, compared, view, self._calibrations, self._rarity, limit=limit, run=map, among=among, aside=aside
        )


def _made_up(position: Position, made_as: TemplateFormat) -> Template:
    """A template with enough minutiae to be compared."""
    name = modality(position)
    dimension, steps = made_as.dimensions[name], np.arange(8, dtype=np.float32)
    vector = np.full(dimension, dimension**-0.5, np.float32)
    minutiae = Minutiae(20 * steps, 9 * steps % 50, steps % 6, np.ones_like(steps), steps > 3)
    return Template(position, vector, Quality(0), made_as.models[name], minutiae if position.is_finger else None)

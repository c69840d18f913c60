"""What was extracted and searched outside any transaction, and what of it holds in the one that records the outcome."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from matcher import CaptureError, Readings, Template
from service.adjudication.domain.evidence import Candidate, Thresholds, strongest_first
from service.adjudication.domain.marks import Mark
from service.deduplication.domain.search import Generations
from service.deduplication.ports import Comparator, DeduplicationUnit
from service.deduplication.steps.candidates import to_candidate
from service.deduplication.steps.generations import searched_of
from service.enrolment.ports import TEMPLATES
from service.registry.domain.people import Person


@dataclass(frozen=True, slots=True)
class Extracted:
    """An enrolment and what the matcher made of each of its captures, by the capture's key.

    lost: captures whose bytes are not there as they were stored, and why, by code. With any of them nobody is enrolled:
    a person known by fewer captures than were accepted would be found by fewer. repeated: positions whose captures are
    the same bytes.
    """

    enrolment_key: int
    results: Mapping[int, Template | CaptureError]
    lost: Mapping[int, str] = field(default_factory=dict)
    repeated: Sequence[tuple[str, ...]] = ()

    @property
    def templates(self) -> dict[int, Template]:
        """By the key of the capture they came from."""
        return {key: one for key, one in self.results.items() if isinstance(one, Template)}

    @property
    def probe(self) -> list[Template]:
        return list(self.templates.values())


@dataclass(frozen=True, slots=True)
class Searched:
    """A batch and what was found for it, by place in it. sequence: the last change that the index had seen for certain.

    enrolled: among everyone enrolled. within: among those of the batch who come before, by their place. marks: of each,
    from comparing its captures with each other. readings: the other readings of each probe.
    """

    batch: Sequence[Extracted]
    sequence: int
    enrolled: Sequence[Sequence[Candidate]]
    within: Sequence[Sequence[Candidate]]
    marks: Sequence[Sequence[Mark]]
    readings: Readings

    @property
    def probes(self) -> list[list[Template]]:
        return [one.probe for one in self.batch]


@dataclass(frozen=True, slots=True)
class DecidedOn:
    """What an outcome was decided on, for the audit."""

    candidates: Sequence[Candidate]
    thresholds: Thresholds
    gallery_size: int
    searched: Searched

    def details(self, known: Mapping[int, Person], place: int) -> dict[str, object]:
        """known: the candidates as people, by key. place: in the batch."""
        return {
            "candidates": [
                {"person": known[one.person_key].id, "log10_lr": one.log10_lr, "rarity": one.rarity}
                for one in self.candidates
                if one.rarity >= self.thresholds.review_at
            ],
            "thresholds": {"review_at": self.thresholds.review_at, "duplicate_at": self.thresholds.duplicate_at},
            "gallery_size": self.gallery_size,
            "models": sorted({one.model for one in self.searched.probes[place]}),
            "index": self.searched.sequence,
        }


def changed_since(sequence: int, uow: DeduplicationUnit, which: Generations) -> dict[int, list[Template]]:
    """The people changed since, with their templates as of this transaction; none where they are no longer searched."""
    _, keys = uow.changes.after(TEMPLATES, sequence)
    current = uow.templates.searched_among(keys)
    return {key: searched_of(current.get(key, ()), which) for key in keys}


def candidates_now(
    searched: Searched,
    changed: Mapping[int, list[Template]],
    people: Mapping[int, Person],
    comparator: Comparator,
    limit: int,
) -> list[list[Candidate]]:
    """Of everyone enrolled as of now, the strongest, by place. people: those registered of the batch, by place."""
    searchable = {key: templates for key, templates in changed.items() if templates}
    recent = (
        comparator.rank_many(searched.probes, searchable, limit, readings=searched.readings)
        if searchable
        else [[]] * len(searched.batch)
    )
    found = []
    for enrolled, earlier, more in zip(searched.enrolled, searched.within, recent, strict=True):
        some = [one for one in enrolled if one.person_key not in changed]
        some += map(to_candidate, more)
        some += (replace(one, person_key=people[one.person_key].key) for one in earlier if one.person_key in people)
        found.append(strongest_first(some)[:limit])
    return found

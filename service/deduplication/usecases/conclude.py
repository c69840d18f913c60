"""From templates to outcomes: search, decide, record.

The search, which takes tens of milliseconds, happens outside any transaction, for a batch together. Inside the one
transaction that records the outcomes, a probe is compared only with what the search could not see: the people changed
since, and those of its own batch who come before it. The outcome is that of one enrolment after another.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import structlog

from matcher import CaptureError, Readings, Template, template_from_bytes
from service.adjudication.domain.evidence import Band, Candidate, Thresholds, strongest_first
from service.adjudication.domain.marks import Mark, marks_of, open_a_case, with_candidates
from service.adjudication.steps.finalise import finalise
from service.adjudication.steps.open_case import open_case
from service.audit.domain.actions import Action
from service.audit.domain.entries import Target
from service.deduplication.domain import BestFound, SearchPolicy, decide
from service.deduplication.ports import Comparator, DeduplicationUnit
from service.deduplication.steps.candidates import to_candidate
from service.deduplication.steps.marks import marks_within
from service.deduplication.steps.replica import Replica
from service.enrolment.domain.enrolments import (
    CAPTURE_ALTERED,
    CAPTURE_MISSING,
    NO_USABLE_CAPTURE,
    WAITING,
    CaptureRecord,
    Enrolment,
    EnrolmentStatus,
)
from service.enrolment.ports import TEMPLATES
from service.enrolment.steps.captures import problem_code, to_record
from service.kit.actor import Actor
from service.kit.clock import Clock
from service.kit.ids import new_uuid
from service.kit.unit import Storage
from service.registry.domain.people import Person
from service.registry.steps.record import day_of
from service.registry.steps.residence import Joining, join

logger = structlog.get_logger(__name__)
LOST = {
    CAPTURE_MISSING: "its file is no longer in the store; restore it and run `jisr retry`, or capture again",
    CAPTURE_ALTERED: "its file is not the one that was stored; restore it and run `jisr retry`, or capture again",
}
RESERVE = 20
"""Candidates taken beyond those that may be shown, for those of them who change before the outcome is recorded."""


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
class _Evidence:
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


def search_batch(
    batch: Sequence[Extracted],
    *,
    actor: Actor,
    storage: Storage[DeduplicationUnit],
    comparator: Comparator,
    replica: Replica,
    policy: SearchPolicy,
) -> Searched:
    """Search everyone enrolled and the batch itself, outside any transaction."""
    limit = policy.candidates + RESERVE
    with storage.read() as uow:
        sequence = replica.catch_up(uow)
    probes = [one.probe for one in batch]
    readings = replica.index.readings_of(probes)
    found = replica.index.search_many(probes, limit, readings=readings)
    enrolled = [[*map(to_candidate, some)] for some in found]
    earlier = comparator.rank_earlier(probes, limit, readings=readings)
    within = [[*map(to_candidate, some)] for some in earlier]
    marks = [marks_within(one.probe, one.repeated) for one in batch]
    return Searched(batch, sequence, enrolled, within, marks, readings)


def record_batch(
    searched: Searched,
    *,
    actor: Actor,
    storage: Storage[DeduplicationUnit],
    comparator: Comparator,
    replica: Replica,
    clock: Clock,
    policy: SearchPolicy,
    number_length: int,
) -> None:
    """Give the enrolments of a batch their outcome, all of them or none.

    One that has an outcome already, by another worker, keeps it.
    """
    batch = searched.batch
    with storage.write() as uow:
        uow.changes.lock()
        changed = _changed_since(searched.sequence, uow)
        enrolments = uow.enrolments.by_keys([one.enrolment_key for one in batch])
        waiting = {
            place: enrolments[one.enrolment_key]
            for place, one in enumerate(batch)
            if enrolments[one.enrolment_key].status in WAITING
        }
        marks = _note_quality(uow, searched, waiting)
        people = _register(uow, batch, waiting, clock.now(), actor)
        candidates = _candidates(searched, changed, people, comparator, policy.candidates)
        gallery_size, evidence = replica.people(uow), {}
        for place, person in people.items():
            if batch[place].probe:
                best = next(iter(candidates[place]), None)
                found = (None, None) if best is None else (best.person_key, best.rarity)
                uow.searches.add([BestFound(waiting[place].key, gallery_size, *found)])
            _decide(
                uow,
                waiting[place],
                person,
                candidates[place],
                marks=marks[place],
                thresholds=policy.thresholds(gallery_size),
                gallery_size=gallery_size,
            )
            evidence[place] = _Evidence(candidates[place], policy.thresholds(gallery_size), gallery_size, searched)
            gallery_size += bool(batch[place].probe)
        uow.changes.note(TEMPLATES, *(one.key for one in people.values()))
        finalise(uow, list(people.values()), clock.now(), number_length)
        uow.flush()
        _note_outcomes(uow, actor, waiting, people, evidence=evidence)
        uow.commit()
    for one in waiting.values():
        logger.info("enrolment.done", enrolment=str(one.id), status=one.status.value, actor=actor.id)


def _note_outcomes(
    uow: DeduplicationUnit,
    actor: Actor,
    waiting: Mapping[int, Enrolment],
    people: Mapping[int, Person],
    *,
    evidence: Mapping[int, _Evidence],
) -> None:
    """What became of each enrolment and on what evidence; those by place in the batch."""
    known = uow.people.by_keys({each.person_key for one in evidence.values() for each in one.candidates})
    for place, enrolment in waiting.items():
        details: dict[str, object] = {"after": {"status": enrolment.status}}
        person = people.get(place)
        if person is not None:
            details["after"] = {"status": enrolment.status, "person": person.id, "number": person.number}
            details |= evidence[place].details(known, place)
        ids = [] if person is None else [person.id]
        target = Target("enrolment", str(enrolment.id))
        uow.audit.note(actor, Action.ENROLMENT_CONCLUDE, target, people=ids, details=details, reason=enrolment.reason)


def _changed_since(sequence: int, uow: DeduplicationUnit) -> dict[int, list[Template]]:
    """The people changed since, with their templates as of this transaction; none where they are no longer searched."""
    _, keys = uow.changes.after(TEMPLATES, sequence)
    current = uow.templates.searched_among(keys)
    return {key: [template_from_bytes(one.content) for one in current.get(key, ())] for key in keys}


def _note_quality(
    uow: DeduplicationUnit, searched: Searched, waiting: Mapping[int, Enrolment]
) -> dict[int, tuple[Mark, ...]]:
    """Note at each capture what became of it; the marks of each enrolment, by place."""
    captures = uow.enrolments.captures_of([one.key for one in waiting.values()])
    marks = {}
    for place, enrolment in waiting.items():
        records, within = captures.get(enrolment.key, ()), searched.marks[place]
        for record in records:
            _note(record, searched.batch[place], within)
        marks[place] = marks_of({one.position: _codes(one) for one in records}, within)
    return marks


def _note(record: CaptureRecord, one: Extracted, within: Sequence[Mark]) -> None:
    if one.lost:
        record.problem = one.lost.get(record.key)
        record.detail = None if record.problem is None else LOST[record.problem]
        return
    result = one.results[record.key]
    reasons = dict.fromkeys(mark.code for mark in within if record.position in mark.positions)
    if isinstance(result, CaptureError):
        record.problem, record.detail, record.reasons = problem_code(result), str(result), list(reasons)
        record.ridge_period_px = None
    else:
        record.quality, record.reasons = result.quality.score, [*result.quality.reasons, *reasons]
        record.ridge_period_px = result.quality.components.get("ridge_period_px") or None  # 0: unclear
        record.problem = record.detail = None


def _codes(record: CaptureRecord) -> set[str]:
    return {*record.reasons, *(one.code for one in record.warnings)}


def _register(
    uow: DeduplicationUnit,
    batch: Sequence[Extracted],
    waiting: Mapping[int, Enrolment],
    now: datetime,
    actor: Actor,
) -> dict[int, Person]:
    """The subjects become people, under review until they are decided on; an enrolment without any use ends.

    By place in the batch.
    """
    people = {}
    for place, enrolment in waiting.items():
        if batch[place].lost:
            enrolment.finish(EnrolmentStatus.UNUSABLE, now, next(iter(batch[place].lost.values())))
        elif batch[place].results and not batch[place].probe:
            enrolment.finish(EnrolmentStatus.UNUSABLE, now, NO_USABLE_CAPTURE)
        else:
            people[place] = Person(new_uuid(), enrolment.demographics, now)
            uow.people.add(people[place])
    uow.flush()
    uow.templates.add(
        {
            person.key: [to_record(template, key) for key, template in batch[place].templates.items()]
            for place, person in people.items()
        }
    )
    joining = {
        place: Joining(claim, person, day_of(waiting[place].captured_at, now))
        for place, person in people.items()
        if (claim := waiting[place].claim) is not None
    }
    homes = join(uow, list(joining.values()), now, actor)
    for place, home in zip(joining, homes, strict=True):
        waiting[place].household_key = home.key
    for place, person in people.items():
        waiting[place].person_key = person.key
        waiting[place].finish(EnrolmentStatus.IN_REVIEW, now)
    return people


def _candidates(
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


def _decide(
    uow: DeduplicationUnit,
    enrolment: Enrolment,
    person: Person,
    candidates: Sequence[Candidate],
    *,
    marks: Sequence[Mark],
    thresholds: Thresholds,
    gallery_size: int,
) -> None:
    """Open a case where the subject resembles a person enrolled, or a mark asks for one."""
    band, shown = decide(candidates, thresholds)
    marks = with_candidates(marks, shown)
    if band is not Band.UNIQUE or open_a_case(marks):
        assert enrolment.finished_at is not None
        open_case(
            uow,
            person.key,
            shown,
            thresholds=thresholds,
            gallery_size=gallery_size,
            now=enrolment.finished_at,
            enrolment_key=enrolment.key,
            marks=marks,
        )

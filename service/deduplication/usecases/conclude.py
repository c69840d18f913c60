"""From templates to outcomes: search, decide, record.

The search, which takes tens of milliseconds, happens outside any transaction, for a batch together. Inside the one
transaction that records the outcomes, a probe is compared only with what the search could not see: the people changed
since, and those of its own batch who come before it. The outcome is that of one enrolment after another.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import structlog

from matcher import CaptureError, Template, template_from_bytes
from service.adjudication.domain.evidence import Band, Candidate
from service.adjudication.steps.finalise import finalise
from service.adjudication.steps.open_case import open_case
from service.deduplication.domain import SearchPolicy, decide
from service.deduplication.ports import Comparator, DeduplicationUnit
from service.deduplication.steps.candidates import to_candidate
from service.deduplication.steps.replica import Replica
from service.enrolment.domain.enrolments import NO_USABLE_CAPTURE, WAITING, Enrolment, EnrolmentStatus
from service.enrolment.ports import TEMPLATES
from service.enrolment.steps.captures import problem_code, to_record
from service.kit.actor import Actor
from service.kit.clock import Clock
from service.kit.ids import new_uuid
from service.kit.unit import Storage
from service.registry.domain.people import Person
from service.registry.steps.residence import join

logger = structlog.get_logger(__name__)
RESERVE = 20
"""Candidates taken beyond those that may be shown, for those of them who change before the outcome is recorded."""


@dataclass(frozen=True, slots=True)
class Extracted:
    """An enrolment and what the matcher made of each of its captures, by the capture's key."""

    enrolment_key: int
    results: Mapping[int, Template | CaptureError]

    @property
    def templates(self) -> dict[int, Template]:
        """By the key of the capture they came from."""
        return {key: one for key, one in self.results.items() if isinstance(one, Template)}

    @property
    def probe(self) -> list[Template]:
        return list(self.templates.values())


@dataclass(frozen=True, slots=True)
class Searched:
    """What was found for a batch, by place in it. sequence: the last change that the index had seen for certain.

    enrolled: among everyone enrolled. within: among those of the batch who come before, keyed by their place.
    """

    sequence: int
    enrolled: Sequence[Sequence[Candidate]]
    within: Sequence[Sequence[Candidate]]


def conclude(
    batch: Sequence[Extracted],
    *,
    actor: Actor,
    storage: Storage[DeduplicationUnit],
    comparator: Comparator,
    replica: Replica,
    clock: Clock,
    policy: SearchPolicy,
    number_length: int,
) -> None:
    """Bring enrolments that were extracted to their outcome, all of them or none.

    One that has an outcome already, by another worker, keeps it.
    """
    searched = _search(batch, storage, comparator, replica, policy.candidates + RESERVE)
    with storage.write() as uow:
        uow.changes.lock()
        changed = _changed_since(searched.sequence, uow)
        people = replica.people(uow)
        recording = _Recording(uow, comparator, clock, policy, number_length, searched, changed, people)
        done = [
            enrolment for place, one in enumerate(batch) if (enrolment := recording.conclude(place, one)) is not None
        ]
        uow.commit()
    for one in done:
        logger.info("enrolment.done", enrolment=str(one.id), status=one.status.value, actor=actor.id)


def _search(
    batch: Sequence[Extracted],
    storage: Storage[DeduplicationUnit],
    comparator: Comparator,
    replica: Replica,
    limit: int,
) -> Searched:
    with storage.read() as uow:
        sequence = replica.catch_up(uow)
    probes = {place: one.probe for place, one in enumerate(batch) if one.probe}
    enrolled = dict(zip(probes, replica.index.search_many(list(probes.values()), limit), strict=True))
    within = {
        place: comparator.rank(probe, {other: probes[other] for other in probes if other < place}, limit)
        for place, probe in probes.items()
    }
    return Searched(
        sequence,
        *([[*map(to_candidate, found.get(place, ()))] for place in range(len(batch))] for found in (enrolled, within)),
    )


def _changed_since(sequence: int, uow: DeduplicationUnit) -> dict[int, list[Template]]:
    """The people changed since, with their templates as of this transaction; none where they are no longer searched."""
    _, keys = uow.changes.after(TEMPLATES, sequence)
    current = uow.templates.searched_among(keys)
    return {key: [template_from_bytes(one.content) for one in current.get(key, ())] for key in keys}


@dataclass(slots=True)
class _Recording:
    """The transaction in which a batch gets its outcomes. people: searched so far. registered: by place."""

    uow: DeduplicationUnit
    comparator: Comparator
    clock: Clock
    policy: SearchPolicy
    number_length: int
    searched: Searched
    changed: Mapping[int, list[Template]]
    people: int
    registered: dict[int, Person] = field(default_factory=dict)

    def conclude(self, place: int, one: Extracted) -> Enrolment | None:
        """The enrolment, with its outcome; None where it had one already."""
        enrolment = self.uow.enrolments.by_key(one.enrolment_key)
        if enrolment.status not in WAITING:
            return None
        self._note_quality(one)
        if one.results and not one.probe:
            enrolment.finish(EnrolmentStatus.UNUSABLE, self.clock.now(), NO_USABLE_CAPTURE)
        else:
            self.registered[place] = self._register(enrolment, one, self._candidates(place, one.probe))
            self.people += bool(one.probe)
        return enrolment

    def _note_quality(self, one: Extracted) -> None:
        for key, result in one.results.items():
            record = self.uow.enrolments.capture(key)
            if isinstance(result, CaptureError):
                record.problem, record.detail = problem_code(result), str(result)
            else:
                record.quality, record.reasons = result.quality.score, list(result.quality.reasons)

    def _candidates(self, place: int, probe: Sequence[Template]) -> list[Candidate]:
        """Of everyone enrolled as of now, the strongest."""
        found = [one for one in self.searched.enrolled[place] if one.person_key not in self.changed]
        searched = {key: templates for key, templates in self.changed.items() if templates}
        if probe and searched:
            found += map(to_candidate, self.comparator.rank(probe, searched, self.policy.candidates))
        found += (
            replace(one, person_key=self.registered[one.person_key].key)
            for one in self.searched.within[place]
            if one.person_key in self.registered
        )
        found.sort(key=lambda one: (-one.log10_lr, one.person_key))
        return found[: self.policy.candidates]

    def _register(self, enrolment: Enrolment, one: Extracted, candidates: Sequence[Candidate]) -> Person:
        """The subject becomes a person, at once numbered if no one resembles them, else with a case to decide."""
        thresholds = self.policy.thresholds(self.people)
        band, shown = decide(candidates, thresholds)
        uow, now = self.uow, self.clock.now()
        person = Person(new_uuid(), enrolment.demographics, now)
        uow.people.add(person)
        uow.flush()
        uow.templates.add(person.key, [to_record(template, key) for key, template in one.templates.items()])
        uow.changes.note(TEMPLATES, person.key)
        enrolment.person_key = person.key
        enrolment.finish(EnrolmentStatus.IN_REVIEW, now)
        if enrolment.claim is not None:
            enrolment.household_key = join(uow, enrolment.claim, person, now).key
        if band is not Band.UNIQUE:
            open_case(
                uow,
                person.key,
                shown,
                thresholds=thresholds,
                gallery_size=self.people,
                now=now,
                enrolment_key=enrolment.key,
            )
        finalise(uow, person, now, self.number_length)
        return person

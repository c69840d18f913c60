"""From templates to outcomes: search, decide, record.

The search, which takes tens of milliseconds, happens outside any transaction, for a batch together. Inside the one
transaction that records the outcomes, a probe is compared only with what the search could not see: the people changed
since, and those of its own batch who come before it. The outcome is that of one enrolment after another.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

import structlog

from service.adjudication.domain.evidence import Candidate
from service.adjudication.domain.marks import Mark, open_a_case, with_candidates
from service.adjudication.steps.finalise import finalise
from service.adjudication.steps.open_case import open_case
from service.audit.domain.actions import Action
from service.audit.domain.entries import Target
from service.deduplication.domain.search import BestFound, SearchPolicy, decide
from service.deduplication.ports import Comparator, DeduplicationUnit
from service.deduplication.steps.candidates import to_candidate
from service.deduplication.steps.marks import marks_within
from service.deduplication.steps.note_quality import note_quality
from service.deduplication.steps.replica import Replica
from service.deduplication.steps.searched import DecidedOn, Extracted, Searched, candidates_now, changed_since
from service.deduplication.steps.stated_candidates import Subject, with_stated
from service.enrolment.domain.enrolments import (
    NO_USABLE_CAPTURE,
    WAITING,
    Enrolment,
    EnrolmentStatus,
)
from service.enrolment.ports import TEMPLATES
from service.enrolment.steps.captures import to_record
from service.kit.actor import Actor
from service.kit.clock import Clock
from service.kit.ids import new_uuid
from service.kit.unit import Storage
from service.registry.domain.people import Person
from service.registry.steps.index import index_people
from service.registry.steps.record import day_of
from service.registry.steps.residence import Joining, join

logger = structlog.get_logger(__name__)
RESERVE = 20
"""Candidates taken beyond those that may be shown, for those of them who change before the outcome is recorded."""


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
        changed = changed_since(searched.sequence, uow, policy.generations)
        enrolments = uow.enrolments.by_keys([one.enrolment_key for one in batch])
        waiting = {
            place: enrolments[one.enrolment_key]
            for place, one in enumerate(batch)
            if enrolments[one.enrolment_key].status in WAITING
        }
        marks = note_quality(uow, searched, waiting)
        people = _register(uow, batch, waiting, clock.now(), actor)
        candidates = candidates_now(searched, changed, people, comparator, policy.candidates)
        gallery_size, evidence = replica.people(uow), {}
        registered = uow.demographic_keys.people()
        for place, person in people.items():
            if batch[place].probe:
                best = next(iter(candidates[place]), None)
                found = (None, None) if best is None else (best.person_key, best.rarity)
                uow.searches.add([BestFound(waiting[place].key, gallery_size, *found)])
            shown = _decide(
                uow,
                waiting[place],
                Subject(person, [one.position.value for one in batch[place].probe]),
                candidates[place],
                marks=marks[place],
                gallery_size=gallery_size,
                policy=policy,
                registered=registered,
            )
            evidence[place] = DecidedOn(shown, policy.thresholds(gallery_size), gallery_size, searched)
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
    evidence: Mapping[int, DecidedOn],
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
    index_people(uow, {one.key: one.demographics for one in people.values()})
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


def _decide(
    uow: DeduplicationUnit,
    enrolment: Enrolment,
    subject: Subject,
    candidates: Sequence[Candidate],
    *,
    marks: Sequence[Mark],
    gallery_size: int,
    policy: SearchPolicy,
    registered: int,
) -> list[Candidate]:
    """Open a case where the subject resembles a person enrolled, or a mark asks for one; whom it shows.

    registered: people, captured or not. What they state opens a case only with whom no position is shared.
    """
    thresholds = policy.thresholds(gallery_size)
    _, resembling = decide(candidates, thresholds)
    marks = with_candidates(marks, resembling)
    shown = with_stated(uow, subject, resembling, thresholds, people=registered, policy=policy)
    if shown or open_a_case(marks):
        assert enrolment.finished_at is not None
        open_case(
            uow,
            subject.person.key,
            shown,
            thresholds=thresholds,
            gallery_size=gallery_size,
            now=enrolment.finished_at,
            enrolment_key=enrolment.key,
            marks=marks,
        )
    return shown

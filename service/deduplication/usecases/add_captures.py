"""The outcome of captures that are added to a person: accepted where they are certainly theirs, otherwise a case.

Until a case is decided the captures are those of somebody provisional, who is searched like everyone under review. The
operator makes that person one with the owner, or with another whose captures they are, or takes them back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from matcher import Template
from service.adjudication.domain.evidence import Candidate, Hypothesis
from service.adjudication.domain.marks import Mark, open_a_case, with_candidates
from service.adjudication.steps.open_case import open_case
from service.audit.domain.actions import Action
from service.audit.domain.entries import Target
from service.deduplication.domain.search import SearchPolicy, belong_to, decide
from service.deduplication.ports import Comparator, DeduplicationUnit
from service.deduplication.steps.candidates import to_evidence
from service.deduplication.steps.generations import searched_of
from service.deduplication.steps.note_quality import note_quality
from service.deduplication.steps.replica import Replica
from service.deduplication.steps.searched import DecidedOn, Extracted, Searched, candidates_now, changed_since
from service.enrolment.domain.enrolments import (
    NO_USABLE_CAPTURE,
    PERSON_GONE,
    WAITING,
    Enrolment,
    EnrolmentStatus,
)
from service.enrolment.ports import TEMPLATES
from service.enrolment.steps.added import note_added
from service.enrolment.steps.captures import to_record
from service.kit.actor import Actor
from service.kit.clock import Clock
from service.kit.ids import new_uuid
from service.kit.unit import Storage
from service.registry.domain.people import Demographics, Person

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Added:
    """What is decided on. compared: with what is there of the owner; None where nothing is comparable."""

    enrolment: Enrolment
    owner: Person
    extracted: Extracted
    compared: Candidate | None
    evidence: DecidedOn
    marks: Sequence[Mark]


def record_added(
    searched: Searched,
    *,
    actor: Actor,
    storage: Storage[DeduplicationUnit],
    comparator: Comparator,
    replica: Replica,
    clock: Clock,
    policy: SearchPolicy,
) -> None:
    """Give the one enrolment of a batch its outcome. One that has an outcome already, by another worker, keeps it."""
    (one,) = searched.batch
    with storage.write() as uow:
        uow.changes.lock()
        enrolment, now = uow.enrolments.by_key(one.enrolment_key), clock.now()
        if enrolment.status not in WAITING:
            return
        marks = note_quality(uow, searched, {0: enrolment})[0]
        assert enrolment.adds_to_key is not None
        owner = uow.people.survivor_of(uow.people.by_key(enrolment.adds_to_key))
        reason = _of_no_use(one, owner)
        if reason is not None:
            enrolment.finish(EnrolmentStatus.UNUSABLE, now, reason)
            _note(uow, actor, enrolment, [owner], {})
        else:
            changed = changed_since(searched.sequence, uow, policy.generations)
            (found,) = candidates_now(searched, changed, {}, comparator, policy.candidates)
            size = replica.people(uow)
            evidence = DecidedOn(found, policy.thresholds(size), size, searched)
            compared = _compared(uow, one.probe, owner, comparator, policy)
            _conclude(uow, _Added(enrolment, owner, one, compared, evidence, marks), policy, actor, now)
        uow.commit()
    logger.info("enrolment.done", enrolment=str(enrolment.id), status=enrolment.status.value, actor=actor.id)


def _of_no_use(one: Extracted, owner: Person) -> str | None:
    """Why the captures are added to no one, by code."""
    if one.lost:
        return next(iter(one.lost.values()))
    if not one.probe:
        return NO_USABLE_CAPTURE
    return None if owner.searched else PERSON_GONE


def _compared(
    uow: DeduplicationUnit, probe: Sequence[Template], owner: Person, comparator: Comparator, policy: SearchPolicy
) -> Candidate | None:
    """One to one; None where the two have no position in common."""
    records = uow.templates.of_people([owner.key]).get(owner.key, ())
    reference = searched_of(records, policy.generations)
    if {one.position for one in probe}.isdisjoint(one.position for one in reference):
        return None
    found = comparator.compare(probe, reference)
    hypothesis = Hypothesis(found.hypothesis.value)
    return Candidate(owner.key, found.log10_lr, found.rarity, hypothesis, to_evidence(found.evidence))


def _conclude(uow: DeduplicationUnit, added: _Added, policy: SearchPolicy, actor: Actor, now: datetime) -> None:
    enrolment, owner = added.enrolment, added.owner
    _, shown = decide(added.evidence.candidates, added.evidence.thresholds)
    marks = with_candidates(added.marks, shown)
    certain = belong_to(owner.key, added.compared, shown, policy.thresholds(1)) and not open_a_case(marks)
    person = owner if certain else _provisional(uow, now)
    enrolment.person_key = person.key
    home = uow.households.current_of(owner.key)
    enrolment.household_key = None if home is None else home.household_key
    uow.templates.add({person.key: [to_record(template, key) for key, template in added.extracted.templates.items()]})
    uow.changes.note(TEMPLATES, person.key)
    if certain:
        enrolment.finish(EnrolmentStatus.ENROLLED, now)
        note_added(uow, enrolment, owner, by=actor.id, now=now)
    else:
        enrolment.finish(EnrolmentStatus.IN_REVIEW, now)
        open_case(
            uow,
            person.key,
            _with_owner(shown, added),
            thresholds=added.evidence.thresholds,
            gallery_size=added.evidence.gallery_size,
            now=now,
            enrolment_key=enrolment.key,
            marks=marks,
        )
    uow.flush()
    known = uow.people.by_keys({one.person_key for one in added.evidence.candidates})
    compared = (
        None
        if added.compared is None
        else {
            "log10_lr": added.compared.log10_lr,
            "rarity": added.compared.rarity,
            "hypothesis": added.compared.hypothesis,
        }
    )
    people = [owner] if certain else [owner, person]
    _note(uow, actor, enrolment, people, {"compared": compared, **added.evidence.details(known, 0)})


def _provisional(uow: DeduplicationUnit, now: datetime) -> Person:
    """Whoever the captures are of, until an operator decides; nothing is stated of them."""
    person = Person(new_uuid(), Demographics(names=()), now)
    uow.people.add(person)
    uow.flush()
    return person


def _with_owner(shown: Sequence[Candidate], added: _Added) -> Sequence[Candidate]:
    """The owner is in the case also where the captures do not resemble them, last."""
    if any(one.person_key == added.owner.key for one in shown):
        return shown
    nothing = Candidate(added.owner.key, 0.0, 0.0, Hypothesis.AS_STATED, {})
    return [*shown, added.compared or nothing]


def _note(
    uow: DeduplicationUnit,
    actor: Actor,
    enrolment: Enrolment,
    people: Sequence[Person],
    details: Mapping[str, object],
) -> None:
    """The first of these people is the owner."""
    after = {"status": enrolment.status, "added_to": people[0].id}
    target = Target("enrolment", str(enrolment.id))
    uow.audit.note(
        actor,
        Action.ENROLMENT_CONCLUDE,
        target,
        people=[one.id for one in people],
        details={"after": after, **details},
        reason=enrolment.reason,
    )

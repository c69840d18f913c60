"""Searching and comparing without keeping anything."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import matcher
from matcher import WarningCode
from service.adjudication.domain.evidence import OF_CAPTURES, Band, Candidate, Hypothesis, PositionEvidence, Thresholds
from service.audit.domain.actions import Action
from service.audit.domain.entries import Target
from service.deduplication.domain.search import SearchPolicy, decide
from service.deduplication.errors import NothingToCompare
from service.deduplication.ports import Comparator, DeduplicationUnit
from service.deduplication.steps.candidates import to_candidate, to_evidence
from service.deduplication.steps.generations import searched_of
from service.deduplication.steps.replica import Replica
from service.enrolment.domain.enrolments import SentCapture
from service.enrolment.ports import EnrolmentUnit, Extractor
from service.enrolment.steps.captures import Warnings, extract_all
from service.kit.actor import Actor
from service.kit.unit import Storage
from service.registry.domain.people import Person, PersonStatus
from service.registry.steps.people import find_person, require_there
from service.registry.steps.sight import seen

ANYWHERE = {Hypothesis.ANY_POSITION, Hypothesis.HANDS_SWAPPED, Hypothesis.FACE_ALONE}
"""Hypotheses by which no finger has to be what it is stated to be."""


@dataclass(frozen=True, slots=True)
class Identified:
    """One person found. `person` is who their key stands for now."""

    person: Person
    band: Band
    candidate: Candidate


@dataclass(frozen=True, slots=True)
class Identification:
    """The outcome of a 1:N search, with the thresholds that the gallery's size asked for. warnings: on the captures.

    found: whom the actor may see. elsewhere: the bands of the others, strongest first.
    """

    band: Band
    thresholds: Thresholds
    gallery_size: int
    found: Sequence[Identified]
    elsewhere: Sequence[Band]
    warnings: Warnings


@dataclass(frozen=True, slots=True)
class Verification:
    """The outcome of a 1:1 comparison. evidence: by position. warnings: on the captures.

    seen: whether the actor may see the person; if not, it may know the band alone.
    """

    person: Person
    band: Band
    thresholds: Thresholds
    log10_lr: float
    rarity: float
    hypothesis: Hypothesis
    evidence: Mapping[str, PositionEvidence]
    seen: bool
    warnings: Warnings


def identify(
    captures: Sequence[SentCapture],
    *,
    actor: Actor,
    storage: Storage[DeduplicationUnit],
    extractor: Extractor,
    replica: Replica,
    policy: SearchPolicy,
    hypotheses: Sequence[Hypothesis] = OF_CAPTURES,
) -> Identification:
    """Search everyone enrolled. Raises Refused.

    hypotheses: how the captures may be a person's; where fingers need not be what they are stated to be, a file that
    contradicts a stated position is no warning.
    """
    probe = extract_all(captures, extractor)
    with storage.read() as uow:
        sequence = replica.catch_up(uow)
    people = len(replica.index)
    thresholds = policy.thresholds(people)
    among = [matcher.Hypothesis(one.value) for one in hypotheses]
    found = replica.index.search(probe.templates, policy.candidates, hypotheses=among)
    band, shown = decide([to_candidate(one) for one in found], thresholds)
    with storage.read() as uow:  # a fresh look: the index may know people whom the first one could not see yet
        today = uow.people.survivors_of(one.person_key for one in shown)
        shown = [one for one in shown if today[one.person_key].status is not PersonStatus.ERASED]
        mine = seen(uow, actor, (one.key for one in today.values()))
        details = {
            "band": band,
            "captures": sorted(one.position for one in captures),
            "candidates": [_evidence(today[one.person_key], one) for one in shown],
            "hypotheses": hypotheses,
            "thresholds": thresholds,
            "gallery_size": people,
            "models": extractor.models,
            "index": sequence,
        }
        shown_people = {one.id for one in today.values() if one.key in mine}
        uow.audit.note(actor, Action.PERSON_IDENTIFY, people=shown_people, details=details)
    everyone = [Identified(today[one.person_key], thresholds.band(one.rarity), one) for one in shown]
    identified = [one for one in everyone if one.person.key in mine]
    elsewhere = [one.band for one in everyone if one.person.key not in mine]
    warnings = _but_positions(probe.warnings) if ANYWHERE.issuperset(hypotheses) else probe.warnings
    return Identification(band, thresholds, people, identified, elsewhere, warnings)


def verify(
    number: str,
    captures: Sequence[SentCapture],
    *,
    actor: Actor,
    storage: Storage[EnrolmentUnit],
    extractor: Extractor,
    comparator: Comparator,
    policy: SearchPolicy,
) -> Verification:
    """Compare captures to one enrolled person, of any site.

    Raises NoSuchPerson, PersonErased, NothingToCompare, Refused.
    """
    with storage.read() as uow:
        view = find_person(uow, number)
        require_there(view)
        person = view.person
        known = bool(seen(uow, actor, [person.key]))
    probe = extract_all(captures, extractor)
    with storage.read() as uow:
        records = uow.templates.of_people([person.key]).get(person.key, ())
    reference = searched_of(records, policy.generations)
    compared = comparator.compare(probe.templates, reference)
    thresholds = policy.thresholds(1)
    band = thresholds.band(compared.rarity)
    with storage.read() as uow:
        details = {
            "band": band if compared.evidence else None,
            "captures": sorted(one.position for one in captures),
            "log10_lr": compared.log10_lr,
            "rarity": compared.rarity,
            "thresholds": thresholds,
            "models": extractor.models,
        }
        target = Target("person", str(person.id))
        uow.audit.note(actor, Action.PERSON_VERIFY, target, people=[person.id], details=details)
    if not compared.evidence:
        had = ", ".join(sorted({one.position.value for one in reference})) or "no capture at all"
        more = f"; this person was enrolled with {had}" if known else ""
        raise NothingToCompare(f"neither faces nor fingers in common{more}", "captures")
    return Verification(
        person=person,
        band=band,
        thresholds=thresholds,
        log10_lr=compared.log10_lr,
        rarity=compared.rarity,
        hypothesis=Hypothesis(compared.hypothesis.value),
        evidence=to_evidence(compared.evidence),
        seen=known,
        warnings=probe.warnings,
    )


def _evidence(person: Person, one: Candidate) -> dict[str, object]:
    return {"person": person.id, "log10_lr": one.log10_lr, "rarity": one.rarity, "hypothesis": one.hypothesis}


def _but_positions(warnings: Warnings) -> Warnings:
    return {
        position: [one for one in some if one.code != WarningCode.POSITION_CONTRADICTED]
        for position, some in warnings.items()
    }

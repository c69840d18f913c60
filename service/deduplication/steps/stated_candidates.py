"""What an enrolment's subject states, beside what the captures show; and alone, where there is nothing to compare."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from service.adjudication.domain.evidence import Band, Candidate, Hypothesis, Thresholds, strongest_first
from service.deduplication.domain.search import SearchPolicy
from service.deduplication.domain.weights import weigh
from service.deduplication.ports import DeduplicationUnit
from service.deduplication.steps.alike import Alike, alike
from service.deduplication.steps.stated import stated_of
from service.deduplication.steps.weights import fitted_weights
from service.registry.domain.people import Person


@dataclass(frozen=True, slots=True)
class Subject:
    """Who is being enrolled, and at which positions captures can be compared."""

    person: Person
    positions: Collection[str]


def with_stated(
    uow: DeduplicationUnit,
    subject: Subject,
    shown: Sequence[Candidate],
    thresholds: Thresholds,
    *,
    people: int,
    policy: SearchPolicy,
) -> list[Candidate]:
    """Those shown, as strong as they are by their captures; with them, who states the same and shares no position.

    thresholds: of the captures' search. people: in the registry, captured or not. Nobody is taken from `shown`.
    """
    who = stated_of(subject.person.demographics)
    records = uow.people.by_keys(one.person_key for one in shown)
    beside = [
        replace(one, demographics=weigh(who, stated_of(records[one.person_key].demographics), fitted_weights()).fields)
        for one in shown
    ]
    but = {subject.person.key, *records}
    own = policy.thresholds(people)
    others = alike(uow, who, own, people, but=but, before=subject.person.key)
    alone = [candidate_of(one, thresholds, own) for one in sharing_no_position(uow, others, subject.positions)]
    return strongest_first([*beside, *alone[: max(policy.candidates - len(beside), 0)]])


def sharing_no_position(uow: DeduplicationUnit, others: Sequence[Alike], positions: Collection[str]) -> Sequence[Alike]:
    """Those whom captures say nothing about: of the others, the captures' own search has spoken."""
    templates = uow.templates.searched_among([one.person.key for one in others]) if others else {}
    captured = {key: {one.position for one in some} for key, some in templates.items()}
    return [one for one in others if not captured.get(one.person.key, set()) & set(positions)]


def candidate_of(one: Alike, thresholds: Thresholds, own: Thresholds) -> Candidate:
    """On the scale of the captures' search, which may be among fewer people: as far above its thresholds."""
    rarity = one.rarity - own.review_at + thresholds.review_at
    if one.band is Band.REVIEW:
        rarity = min(rarity, math.nextafter(thresholds.duplicate_at, -math.inf))
    log10_lr, kept = float(round(one.evidence.log10_lr)), _coarse(rarity, thresholds)
    return Candidate(one.person.key, log10_lr, kept, Hypothesis.STATED_ALIKE, {}, one.evidence.fields)


def _coarse(rarity: float, thresholds: Thresholds) -> float:
    """By half decades, in the same band: kept exactly, it would tell names apart by how frequent they are."""
    stepped = math.floor(2 * rarity) / 2
    return max(stepped, *(edge for edge in (thresholds.review_at, thresholds.duplicate_at) if edge <= rarity), stepped)

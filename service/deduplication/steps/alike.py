"""People whose statements are alike: who shares a key with a statement, compared with it."""

import math
from collections.abc import Collection
from dataclasses import dataclass

from service.adjudication.domain.evidence import Band, Thresholds
from service.deduplication.domain.comparison import Guard
from service.deduplication.domain.stated import Stated
from service.deduplication.domain.weights import DemographicEvidence, weigh
from service.deduplication.ports import DeduplicationUnit
from service.deduplication.steps.stated import stated_of
from service.deduplication.steps.weights import fitted_weights
from service.registry.domain.people import Person

MOST = 200
"""People who are compared per search, those who share most combinations."""


@dataclass(frozen=True, slots=True)
class Alike:
    """person: as they stand today. band: review at most for twins."""

    person: Person
    evidence: DemographicEvidence
    rarity: float
    band: Band


def alike(
    uow: DeduplicationUnit,
    who: Stated,
    thresholds: Thresholds,
    people: int,
    *,
    but: Collection[int] = (),
    before: float = math.inf,
) -> list[Alike]:
    """Who may be the one who states this, in review or duplicate, the rarest evidence first.

    A person found under a former record too counts by the stronger one. people: in the registry. but: person keys.
    before: only records of lower keys, which were there before.
    """
    kept = uow.people.by_keys(key for key in uow.demographic_keys.sharing(who, MOST) if key < before)
    today = uow.people.survivors_of(kept)
    found: dict[int, Alike] = {}
    for key, record in kept.items():
        one = _judged(today[key], weigh(who, stated_of(record.demographics), fitted_weights()), thresholds, people)
        other = found.get(one.person.key)
        wanted = one.person.searched and one.person.key not in but and one.band is not Band.UNIQUE
        if wanted and (other is None or other.rarity < one.rarity):
            found[one.person.key] = one
    return sorted(found.values(), key=lambda one: (-one.rarity, one.person.key))


def _judged(person: Person, evidence: DemographicEvidence, thresholds: Thresholds, people: int) -> Alike:
    rarity = fitted_weights().rarity(evidence.log10_lr, people)
    band = thresholds.band(rarity)
    if evidence.guard is Guard.TWINS and band is Band.DUPLICATE:
        band = Band.REVIEW
    elif evidence.guard not in (None, Guard.TWINS):
        band = Band.UNIQUE
    return Alike(person, evidence, rarity, band)

"""From levels to evidence: log10 likelihood ratios after Fellegi and Sunter (JASA 1969), and how rare these are.

A field's weight at a level is log10(m / u): m, how often two records of one person have the level; u, how often those
of two different people do. A name that agrees weighs by its own frequency instead of the mean (Winkler 2000,
frequency-based matching): agreement on a rare name is worth more than on a common one.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from service.adjudication.domain.evidence import FieldEvidence
from service.deduplication.domain.comparison import LEVELS, Agreement, Guard, compare, guard_of
from service.deduplication.domain.stated import Stated

NAMED = ("given", "father", "family", "mother")


@dataclass(frozen=True, slots=True)
class Tail:
    """log10 of a rate that falls with evidence: at - slope * log10 LR, never above 0."""

    at: float
    slope: float

    def __call__(self, log10_lr: float) -> float:
        return min(self.at - self.slope * log10_lr, 0.0)


@dataclass(frozen=True, slots=True)
class Weights:
    """All numbers of the comparison. m, u: by field and level. frequency: share of people by field and sound.

    rarest: the share that a sound not listed has. strangers: how often a comparison of unrelated people reaches an
    evidence; relatives: how often a search does so by the relatives of its subject, whose number does not grow with the
    registry.
    """

    m: Mapping[str, Mapping[str, float]]
    u: Mapping[str, Mapping[str, float]]
    frequency: Mapping[str, Mapping[str, float]]
    rarest: float
    strangers: Tail
    relatives: Tail

    def of(self, field: str, found: Agreement) -> float:
        """log10 LR of a field's level."""
        ratio = math.log10(self.m[field][found.level] / self.u[field][found.level])
        if not found.sounds:
            return ratio
        both = self.u[field]["exact"] + self.u[field]["sound"]
        most = max(self.frequency[field].get(one, self.rarest) for one in found.sounds)
        return ratio + math.log10(both / most)

    def rarity(self, log10_lr: float, people: int) -> float:
        """-log10 of the rate of false alarms of one search per comparison, as thresholds of `people` expect it."""
        among = 10 ** self.strangers(log10_lr) * max(people, 1) + 10 ** self.relatives(log10_lr)
        return math.log10(max(people, 1)) - math.log10(among)


@dataclass(frozen=True, slots=True)
class DemographicEvidence:
    """log10_lr: the sum over fields. fields: level and weight of each, in the order of LEVELS; no words.

    guard: what keeps the pair from being a duplicate, or a certain one.
    """

    log10_lr: float
    fields: Mapping[str, FieldEvidence]
    guard: Guard | None


def weigh(one: Stated, other: Stated, weights: Weights) -> DemographicEvidence:
    """The evidence that two statements are one person's. Agreeing sex adds nothing: an agreeing given name says it."""
    found = compare(one, other)
    fields = {}
    for field in LEVELS:
        if field in found:
            level = found[field].level
            told = field == "sex" and level == "same" and "given" in found
            fields[field] = FieldEvidence(level, 0.0 if told else weights.of(field, found[field]))
    log10_lr = sum(each.log10_lr for each in fields.values())
    return DemographicEvidence(log10_lr, _by_decades(fields), guard_of(found, one, other))


def _by_decades(fields: Mapping[str, FieldEvidence]) -> Mapping[str, FieldEvidence]:
    """What is shown and kept: an exact weight of an agreeing name tells how frequent it is, and so which one it is."""
    return {name: replace(one, log10_lr=float(round(one.log10_lr))) for name, one in fields.items()}

"""From evidence to one of three bands. A machine never merges people and never refuses one."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Band(StrEnum):
    """What the evidence allows us to say of a newcomer. The latter two both open a case for a person to settle."""

    UNIQUE = "unique"
    REVIEW = "review"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True)
class PositionEvidence:
    """One position's share. score: 0 to 1 in the modality's own scale. log10_lr: log10 likelihood ratio.

    found_at: the enrolled finger's position, where a search asked for any finger; None where it is the same.
    """

    score: float
    log10_lr: float
    found_at: str | None = None


@dataclass(frozen=True, slots=True)
class Suspect:
    """An enrolled person who may be the newcomer."""

    person_key: int
    log10_lr: float
    evidence: Mapping[str, PositionEvidence]


@dataclass(frozen=True, slots=True)
class Policy:
    """Thresholds on the log10 likelihood ratio, both inclusive."""

    review_at: float
    duplicate_at: float

    @classmethod
    def for_gallery(cls, people: int, fpir_review: float, fpir_duplicate: float) -> "Policy":
        """The thresholds that keep to a false-positive identification rate in a gallery of `people`.

        A calibrated likelihood ratio exceeds t among non-mated comparisons with probability at most 1/t (I. J. Good),
        so a search of N people exceeds it with probability at most N/t. Hence t = N / FPIR, and no more data is needed
        as the gallery grows.
        """
        scale = max(people, 1)
        return cls(review_at=math.log10(scale / fpir_review), duplicate_at=math.log10(scale / fpir_duplicate))

    def band(self, log10_lr: float) -> Band:
        if log10_lr >= self.duplicate_at:
            return Band.DUPLICATE
        return Band.REVIEW if log10_lr >= self.review_at else Band.UNIQUE


def decide(suspects: Sequence[Suspect], policy: Policy) -> tuple[Band, list[Suspect]]:
    """The band of the strongest suspect, and the suspects worth showing a person, strongest first."""
    shown = sorted(
        (one for one in suspects if policy.band(one.log10_lr) is not Band.UNIQUE),
        key=lambda one: (-one.log10_lr, one.person_key),
    )
    return (policy.band(shown[0].log10_lr) if shown else Band.UNIQUE), shown

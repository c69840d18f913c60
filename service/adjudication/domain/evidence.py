"""What a search found, in log10 likelihood ratios, and the bands it falls into."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Band(StrEnum):
    """What the evidence allows us to state of a subject. The latter two both open a case for a person to decide."""

    UNIQUE = "unique"
    REVIEW = "review"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True)
class PositionEvidence:
    """One position's share. score: 0 to 1 in the modality's own scale. log10_lr: log10 likelihood ratio.

    found_at: the enrolled finger's position, in a position-free search; None where it is the same.
    """

    score: float
    log10_lr: float
    found_at: str | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """An enrolled person who may be the subject. log10_lr: the sum over all positions. evidence: by position."""

    person_key: int
    log10_lr: float
    evidence: Mapping[str, PositionEvidence]


@dataclass(frozen=True, slots=True)
class Thresholds:
    """On the log10 likelihood ratio, both inclusive."""

    review_at: float
    duplicate_at: float

    def band(self, log10_lr: float) -> Band:
        if log10_lr >= self.duplicate_at:
            return Band.DUPLICATE
        return Band.REVIEW if log10_lr >= self.review_at else Band.UNIQUE

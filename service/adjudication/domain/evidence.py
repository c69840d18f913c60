"""What a search found, how rare that is among different people, and the bands it falls into."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum


class Band(StrEnum):
    """What the evidence allows us to state of a subject. The latter two both open a case for a person to decide."""

    UNIQUE = "unique"
    REVIEW = "review"
    DUPLICATE = "duplicate"


class Hypothesis(StrEnum):
    """How the captures may be a person's. Codes are the matcher's, and stable: clients depend on them.

    as_stated: every capture is the person's, at the position stated. face_alone, fingers_alone: only these are.
    some_false: any of the captures may be another person's. hands_swapped: the left hand was given as the right.
    any_position: each finger may be any of the person's. mirrored: the prints are, as in a mirror. other_resolution:
    the prints have another resolution than their files or the client state. stated_alike: no capture is compared, since
    the two share no position; what they state is alike. This one is the service's own.
    """

    AS_STATED = "as_stated"
    FACE_ALONE = "face_alone"
    FINGERS_ALONE = "fingers_alone"
    SOME_FALSE = "some_false"
    HANDS_SWAPPED = "hands_swapped"
    ANY_POSITION = "any_position"
    MIRRORED = "mirrored"
    OTHER_RESOLUTION = "other_resolution"
    STATED_ALIKE = "stated_alike"


OF_CAPTURES = tuple(one for one in Hypothesis if one is not Hypothesis.STATED_ALIKE)
"""Those of the matcher."""


@dataclass(frozen=True, slots=True)
class PositionEvidence:
    """One position's share. score: 0 to 1 in the modality's own scale. log10_lr: log10 likelihood ratio.

    found_at: the enrolled finger's position, where a hypothesis pairs fingers of different positions; None where it is
    the same. scale: by which the print was enlarged before it matched, where its resolution is doubted; None otherwise.
    """

    score: float
    log10_lr: float
    found_at: str | None = None
    scale: float | None = None


@dataclass(frozen=True, slots=True)
class FieldEvidence:
    """How far two people's statements agree in one field, and what that weighs. Never what they state."""

    level: str
    log10_lr: float


@dataclass(frozen=True, slots=True)
class Candidate:
    """An enrolled person who may be the subject.

    log10_lr: of "same person" against "different people", over all hypotheses. rarity: a comparison of different people
    reaches r with a probability of at most 10^-r. hypothesis: the one that explains the comparison best. evidence: by
    the subject's position, as this hypothesis pairs them. demographics: by field, what both state weighs; no part of
    the numbers above but where captures share no position, and None where it was not compared.
    """

    person_key: int
    log10_lr: float
    rarity: float
    hypothesis: Hypothesis
    evidence: Mapping[str, PositionEvidence]
    demographics: Mapping[str, FieldEvidence] | None = None


def strongest_first(candidates: Iterable[Candidate]) -> list[Candidate]:
    """The rarest evidence first; equal rarity by likelihood ratio, then by person."""
    return sorted(candidates, key=lambda one: (-one.rarity, -one.log10_lr, one.person_key))


def from_the_other_side(evidence: Mapping[str, PositionEvidence]) -> dict[str, PositionEvidence]:
    """The same evidence by the other person's positions.

    Of several fingers that were all found at one of the other's, the strongest is kept.
    """
    weakest_first = sorted(evidence.items(), key=lambda item: item[1].log10_lr)
    return {
        one.found_at or position: replace(
            one,
            found_at=None if one.found_at is None else position,
            scale=None if one.scale is None else 1 / one.scale,
        )
        for position, one in weakest_first
    }


@dataclass(frozen=True, slots=True)
class Thresholds:
    """On the rarity of a candidate's evidence, both inclusive."""

    review_at: float
    duplicate_at: float

    def band(self, rarity: float) -> Band:
        if rarity >= self.duplicate_at:
            return Band.DUPLICATE
        return Band.REVIEW if rarity >= self.review_at else Band.UNIQUE

"""The data of recognition. Vocabulary of ISO/IEC 2382-37."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Self

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]
Pixels = NDArray[np.uint8]


class Position(StrEnum):
    """Where on the body a capture was taken."""

    FACE = "face"
    RIGHT_THUMB = "right_thumb"
    RIGHT_INDEX = "right_index"
    RIGHT_MIDDLE = "right_middle"
    RIGHT_RING = "right_ring"
    RIGHT_LITTLE = "right_little"
    LEFT_THUMB = "left_thumb"
    LEFT_INDEX = "left_index"
    LEFT_MIDDLE = "left_middle"
    LEFT_RING = "left_ring"
    LEFT_LITTLE = "left_little"

    @property
    def is_finger(self) -> bool:
        return self is not Position.FACE


FINGERS = tuple(position for position in Position if position.is_finger)

SLAPS: Mapping[str, tuple[Position, ...]] = {
    "plain_right_four": (
        Position.RIGHT_INDEX,
        Position.RIGHT_MIDDLE,
        Position.RIGHT_RING,
        Position.RIGHT_LITTLE,
    ),
    "plain_left_four": (
        Position.LEFT_LITTLE,
        Position.LEFT_RING,
        Position.LEFT_MIDDLE,
        Position.LEFT_INDEX,
    ),
    "plain_thumbs": (Position.LEFT_THUMB, Position.RIGHT_THUMB),
}
"""The fingers that each kind of slap shows, from left to right."""


class WarningCode(StrEnum):
    """What may be odd about a capture that is used all the same. Codes are stable: clients depend on them."""

    POSITION_CONTRADICTED = "position_contradicted"
    DPI_CONTRADICTED = "dpi_contradicted"
    COORDINATES_CLAMPED = "coordinates_clamped"
    PADDING_IGNORED = "padding_ignored"
    FURTHER_PICTURES_IGNORED = "further_pictures_ignored"


@dataclass(frozen=True, slots=True)
class CaptureWarning:
    """One odd thing about a capture that is used all the same. detail: a sentence for people."""

    code: WarningCode
    detail: str


@dataclass(frozen=True, slots=True)
class Image:
    """A decoded picture.

    pixels: uint8, (H, W) grey or (H, W, 3) RGB, upright as its header asks.
    dpi: resolution stated by the client or the header; None if neither states one.
    warnings: what was odd about the file.
    """

    pixels: Pixels
    dpi: float | None = None
    warnings: tuple[CaptureWarning, ...] = ()


@dataclass(frozen=True, slots=True)
class Quality:
    """How well a capture will serve. score: 0 (useless) to 100.

    reasons: stable codes of what a person at the counter can correct (`too_dark`), worst first; empty if nothing.
    components: the measurements behind the score, in the units that their names state.
    warnings: what was odd about the file; a packed template does not keep them.
    """

    score: int
    reasons: tuple[str, ...] = ()
    components: Mapping[str, float] = field(default_factory=dict)
    warnings: tuple[CaptureWarning, ...] = ()


@dataclass(frozen=True, slots=True)
class Minutiae:
    """The n minutiae of one print, at 500 dpi.

    x, y: float32 (n,), pixels from the upper left corner, y down.
    direction: float32 (n,), radians in [0, 2π), clockwise as seen (y points down), along the ridge.
    quality: float32 (n,), 0 to 1.
    ending: bool (n,), True for a ridge ending, False for a bifurcation.
    """

    x: Vector
    y: Vector
    direction: Vector
    quality: Vector
    ending: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.x)


@dataclass(frozen=True, slots=True)
class Features:
    """What is compared of a print. vector, minutiae: as in Template."""

    vector: Vector
    minutiae: Minutiae


@dataclass(frozen=True, slots=True)
class Template:
    """What is kept of one capture, to recognise the person.

    vector: float32 (d,), unit length; the inner product of two is their cosine. d depends on the modality.
    minutiae: for fingers only.
    model: short hash of the networks that made it; templates of different models are never compared.
    enhanced: what its enhanced picture shows; for poor prints only.
    """

    position: Position
    vector: Vector
    quality: Quality
    model: str
    minutiae: Minutiae | None = None
    enhanced: Features | None = None

    @property
    def views(self) -> tuple[Self, ...]:
        """The template without what was enhanced, and one of that: each is compared like a capture of its own."""
        if self.enhanced is None:
            return (self,)
        plain = replace(self, enhanced=None)
        return plain, replace(plain, vector=self.enhanced.vector, minutiae=self.enhanced.minutiae)


@dataclass(frozen=True, slots=True)
class TemplateFormat:
    """The format of templates: all that comparisons and searches need to know about the networks. Both by modality.

    models: hash of the networks that make the templates. dimensions: length of the vectors.
    """

    models: Mapping[str, str]
    dimensions: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Evidence:
    """The evidence of one position for "same person" against "different people".

    score: the comparison score of the modality (cosine for faces, relaxed similarity for minutiae), 0 to 1.
    log10_lr: log10 of the likelihood ratio; 2 means a hundred times likelier if mated.
    found_at: the reference's position, where a hypothesis pairs fingers of different positions; None otherwise.
    scale: by which the probe's print was multiplied, where it is believed to have another resolution than stated; None
    otherwise.
    """

    score: float
    log10_lr: float
    found_at: Position | None = None
    scale: float | None = None


class Hypothesis(StrEnum):
    """How a probe may be a person's. Codes are stable: clients depend on them.

    as_stated: every capture is the person's, at the position stated. face_alone, fingers_alone: only these are, the
    others are somebody else's. some_false: any of the captures may be somebody else's. hands_swapped: the left hand
    was given as the right. any_position: each finger may be any of the person's. mirrored: the prints are, as in a
    mirror. other_resolution: the prints have another resolution than their files or the client state.
    """

    AS_STATED = "as_stated"
    FACE_ALONE = "face_alone"
    FINGERS_ALONE = "fingers_alone"
    SOME_FALSE = "some_false"
    HANDS_SWAPPED = "hands_swapped"
    ANY_POSITION = "any_position"
    MIRRORED = "mirrored"
    OTHER_RESOLUTION = "other_resolution"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A person found by a search.

    log10_lr: of "same person" against "different people", over all hypotheses. rarity: log10 of the number of
    comparisons of different people, of the same positions, for each one that gives as much evidence. hypothesis: the
    one that explains the comparison best. evidence: by position of the probe, as this hypothesis pairs them.
    """

    key: int
    log10_lr: float
    rarity: float
    hypothesis: Hypothesis
    evidence: Mapping[Position, Evidence]

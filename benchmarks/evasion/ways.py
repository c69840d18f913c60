"""The ways of trying: what a person who is enrolled sends to enrol again.

The face is among the captures of a way where it is the subject's own or another's on purpose; the others are harder
without it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np
from PIL import Image as Pillow

from benchmarks.evasion.captures import Face, Finger, Impression, Unusable, pixels_of, png
from matcher import Position
from matcher.types import Pixels
from service.enrolment.domain.enrolments import SentCapture

POSITIONS = (Position.RIGHT_INDEX, Position.RIGHT_MIDDLE, Position.LEFT_INDEX, Position.LEFT_MIDDLE)
SWAPPED = (*POSITIONS[2:], *POSITIONS[:2])
SHIFTED = (*POSITIONS[1:], POSITIONS[0])
WRONG_DPI = (300, 400, 600, 1000)
SLAP_DPI, SLAP_MM = 500, 80.0
"""Of a slap made of single fingers; a scanner's platen for four fingers is 81 mm wide."""
ROTATIONS = tuple((*POSITIONS[by:], *POSITIONS[:by]) for by in range(len(POSITIONS)))
PERMUTED = tuple(order for order in permutations(POSITIONS) if order not in ROTATIONS)
"""Neither as they are, nor shifted by any number, nor hands swapped."""


@dataclass(frozen=True, slots=True)
class Known:
    """A finger of which one impression is enrolled; `others` are what else there is to send."""

    name: str
    enrolled: Impression
    others: Sequence[Impression]


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a try is about, who has the first picture of the face enrolled; and another person, who is not enrolled."""

    fingers: Sequence[Known]
    face: Face
    other_fingers: Sequence[Known]
    other_face: Face

    def enrolled(self, with_face: bool = True, fingers: int = 4) -> list[SentCapture]:
        """The captures with which the subject is enrolled, or some of them."""
        portraits = [face(self.face.pictures[0])] if with_face else []
        return [*portraits, *placed([one.enrolled for one in self.fingers[:fingers]])]


@dataclass(frozen=True, slots=True)
class Way:
    """captures: of one try. fingers: how many of the subject's own are in it; none: the face is all that is true."""

    captures: Callable[[Subject], list[SentCapture]]
    fingers: int = 4

    def depends_on(self, subject: Subject) -> frozenset[str]:
        """The fingers, or the face, that a try stands and falls with."""
        own = [one.name for one in subject.fingers[: self.fingers]]
        return frozenset(own or [subject.face.name])


def draw_subject(fingers: Sequence[Finger], faces: Sequence[Face], rng: np.random.Generator) -> Subject:
    """Someone of eight different fingers, four of them another's, and two faces. Raises Unusable if there are fewer."""
    faces = [one for one in faces if len(one.pictures) > 1]
    if len(fingers) < 2 * len(POSITIONS) or len(faces) < 2:
        raise Unusable(
            f"{len(fingers)} fingers and {len(faces)} faces have two usable captures; a try needs eight and two: the "
            "subject's and another person's"
        )
    some = [_known(fingers[at], rng) for at in rng.permutation(len(fingers))[: 2 * len(POSITIONS)]]
    own, other = (faces[at] for at in rng.permutation(len(faces))[:2])
    return Subject(some[: len(POSITIONS)], own, some[len(POSITIONS) :], other)


def _known(finger: Finger, rng: np.random.Generator) -> Known:
    order = [finger.impressions[at] for at in rng.permutation(len(finger.impressions))]
    return Known(finger.name, order[0], order[1:])


def ways(rng: np.random.Generator) -> Mapping[str, Way]:
    """By name. rng: draws what is not fixed: orders, the true face's picture."""

    def portrait(one: Face) -> SentCapture:
        return face(one.pictures[int(rng.integers(1, len(one.pictures)))])

    def mixed(one: Subject, *, true: int, of: int) -> list[SentCapture]:
        """The true face, and fingers of which only the first are true."""
        fingers = [*one.fingers[:true], *one.other_fingers[true:of]]
        return [portrait(one.face), *placed(second(fingers))]

    def permuted(one: Subject) -> list[SentCapture]:
        return placed(second(one.fingers), PERMUTED[int(rng.integers(len(PERMUTED)))])

    return {
        "honest_f4": Way(lambda one: mixed(one, true=4, of=4)),
        "honest_f1": Way(lambda one: mixed(one, true=1, of=1), 1),
        "face_wrong_1": Way(lambda one: mixed(one, true=0, of=1), 0),
        "wrong_2_of_4": Way(lambda one: mixed(one, true=2, of=4), 2),
        "wrong_4_true_face": Way(lambda one: mixed(one, true=0, of=4), 0),
        "other_face": Way(lambda one: [portrait(one.other_face), *placed(second(one.fingers))]),
        "swapped": Way(lambda one: placed(second(one.fingers), SWAPPED)),
        "shifted": Way(lambda one: placed(second(one.fingers), SHIFTED)),
        "permuted": Way(permuted),
        "one_finger_all": Way(lambda one: placed(repeated(one.fingers[0].others)), 1),
        "identical_files": Way(lambda one: placed([one.fingers[0].others[0]] * len(POSITIONS)), 1),
        "one_of_four_true": Way(lambda one: placed(second([one.fingers[0], *one.other_fingers[1:]])), 1),
        **{f"dpi_{dpi}": Way(stating(dpi)) for dpi in WRONG_DPI},
        "mirrored": Way(lambda one: placed([mirrored(each) for each in second(one.fingers)])),
        "slap_as_finger": Way(lambda one: [slap(second(one.fingers))]),
        "low_quality_all": Way(lambda one: placed([worst(each.others) for each in one.fingers])),
    }


def second(fingers: Iterable[Known]) -> list[Impression]:
    """One impression of each that is not enrolled; which one was drawn with the subject."""
    return [one.others[0] for one in fingers]


def placed(impressions: Iterable[Impression], positions: Sequence[Position] = POSITIONS) -> list[SentCapture]:
    """Impressions given at these positions, in order, with their true resolution."""
    return [
        SentCapture(position.value, one.content, one.dpi) for one, position in zip(impressions, positions, strict=False)
    ]


def face(picture: bytes) -> SentCapture:
    return SentCapture(Position.FACE.value, picture)


def repeated(impressions: Sequence[Impression]) -> list[Impression]:
    """One for each position: different ones as far as there are so many."""
    return [impressions[at % len(impressions)] for at in range(len(POSITIONS))]


def worst(impressions: Sequence[Impression]) -> Impression:
    """The one of the lowest quality."""
    return min(impressions, key=lambda one: one.quality)


def stating(dpi: int) -> Callable[[Subject], list[SentCapture]]:
    """Four fingers of which the client states this resolution."""
    return lambda one: [
        SentCapture(position.value, each.content, float(dpi))
        for each, position in zip(second(one.fingers), POSITIONS, strict=True)
    ]


def mirrored(one: Impression) -> Impression:
    """The picture flipped left to right."""
    return Impression(png(pixels_of(one.content)[:, ::-1]), one.dpi, one.quality)


def slap(impressions: Iterable[Impression]) -> SentCapture:
    """Fingers side by side in one picture, as many as fit on a scanner, sent as the first finger."""
    shown: list[Pixels] = []
    for one in impressions:
        pixels = _at_500_dpi(one)
        if sum(each.shape[1] for each in [*shown, pixels]) <= SLAP_MM / 25.4 * SLAP_DPI:
            shown.append(pixels)
    height = max(len(one) for one in shown)
    padded = [np.pad(one, ((0, height - len(one)), (0, 0)), constant_values=255) for one in shown]
    return SentCapture(POSITIONS[0].value, png(np.hstack(padded)), float(SLAP_DPI))


def _at_500_dpi(one: Impression) -> Pixels:
    pixels = pixels_of(one.content)
    if one.dpi == SLAP_DPI:
        return pixels
    height, width = (round(side * SLAP_DPI / one.dpi) for side in pixels.shape)
    return np.asarray(Pillow.fromarray(pixels).resize((width, height)))

"""A second, closer look at one face, brought upright.

YuNet still finds a face turned in the plane, but its landmarks hardly turn along (of 20 degrees it reports 7), and an
aligned crop is only as good as its landmarks. So the face is cut out at a fixed size, turned by what the landmarks
understate, and looked at again, as it is and mirrored.
"""

from dataclasses import replace
from math import atan2, cos, degrees, radians, sin

import numpy as np
from numpy.typing import NDArray

from matcher.face.align import TEMPLATE, resampled, similarity
from matcher.face.yunet import Face, YuNet
from matcher.parameters import (
    FACE_CONFIRMED,
    FACE_SURE,
    FACE_TURN_CLEAR,
    FACE_TURN_DOUBT,
    FACE_TURN_GAIN,
    FACE_TURN_STEP,
    FACE_VIEW_FACE,
    FACE_VIEW_SCORE,
    FACE_VIEW_SIDE,
)
from matcher.types import Pixels, Vector

Floats = NDArray[np.float64]
MIRRORED = [1, 0, 2, 4, 3]
"""The landmarks' order after left and right have changed places."""


def look_again(yunet: YuNet, pixels: Pixels, face: Face) -> Face | None:
    """The face with better landmarks and score. None where none is seen any more: the first look was mistaken."""
    turn = FACE_TURN_GAIN * roll(face.landmarks)
    found = _look(yunet, pixels, face, turn)
    if found is None or found.score < FACE_SURE or abs(_rest(found, turn)) > FACE_TURN_CLEAR:
        turn = _best_turn(yunet, pixels, face)
        found = _look(yunet, pixels, face, turn)
    turn += _rest(found, turn) if found else 0.0
    seen = [one for one in (found, _look(yunet, pixels, face, turn, mirrored=True)) if one is not None]
    if max((one.score for one in seen), default=0.0) < FACE_CONFIRMED:
        return None
    landmarks = np.stack([one.landmarks for one in seen]).mean(axis=0)
    return replace(face, landmarks=landmarks, score=max(one.score for one in seen))


def roll(landmarks: Vector) -> float:
    """The turn in the plane that best explains the landmarks, in degrees, clockwise as seen."""
    matrix, _ = similarity(TEMPLATE, np.asarray(landmarks, np.float64))
    return degrees(atan2(matrix[1, 0], matrix[0, 0]))


def _best_turn(yunet: YuNet, pixels: Pixels, face: Face) -> float:
    """The turn under which the detector is surest, upright if in doubt, and what the landmarks there still say."""
    looks = [(turn, _look(yunet, pixels, face, turn)) for turn in range(-180, 180, FACE_TURN_STEP)]
    turn, found = max(looks, key=lambda look: look[1].score - FACE_TURN_DOUBT * abs(look[0]) if look[1] else -1.0)
    return turn + _rest(found, turn) if found else 0.0


def _rest(found: Face, turn: float) -> float:
    """What is still to be turned, in degrees, by a face seen in a view turned by so many."""
    return FACE_TURN_GAIN * ((roll(found.landmarks) - turn + 180) % 360 - 180)


def _look(yunet: YuNet, pixels: Pixels, face: Face, turn: float, *, mirrored: bool = False) -> Face | None:
    """The face seen in a view turned back by so many degrees, in the pixels of the whole picture."""
    matrix, shift = _view(face, turn)
    view = resampled(pixels, matrix, shift, FACE_VIEW_SIDE)
    middle = FACE_VIEW_SIDE / 2
    found = yunet(np.ascontiguousarray(view[:, ::-1]) if mirrored else view, FACE_VIEW_SCORE)
    central = [other for other in found if float(np.abs(other.centre - middle).max()) < FACE_VIEW_FACE / 2]
    if not central:
        return None
    best = min(central, key=lambda other: float(np.abs(other.centre - middle).max()))  # not a neighbour's
    points = best.landmarks.astype(np.float64)
    if mirrored:
        points = (points * [-1, 1] + [FACE_VIEW_SIDE, 0])[MIRRORED]
    return replace(face, landmarks=(points @ matrix.T + shift).astype(np.float32), score=best.score)


def _view(face: Face, turn: float) -> tuple[Floats, Floats]:
    """Matrix (2, 2) and shift (2,) from the pixels of a view, the face upright in its middle, to the picture's."""
    scale = float(face.size.max()) / FACE_VIEW_FACE
    c, s = scale * cos(radians(turn)), scale * sin(radians(turn))
    matrix = np.array([[c, -s], [s, c]])
    return matrix, face.centre - matrix @ np.full(2, FACE_VIEW_SIDE / 2)

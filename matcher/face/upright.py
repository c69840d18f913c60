"""The second detection: one face again, rotated upright and at a fixed size, for exact landmarks.

YuNet still finds a face that is rotated in the image plane, but its landmarks follow the rotation only in part (of 20
degrees they show 7), and an aligned crop is only as good as its landmarks. So the face is cut out, rotated by what the
landmarks understate, and detected again, as it is and mirrored.
"""

from dataclasses import replace
from math import atan2, cos, degrees, radians, sin

import numpy as np
from numpy.typing import NDArray

from matcher.face.align import TEMPLATE, resampled, similarity
from matcher.face.yunet import Face, YuNet
from matcher.parameters import (
    FACE_CONFIRMED,
    FACE_ROTATION_CLEAR,
    FACE_ROTATION_DOUBT,
    FACE_ROTATION_GAIN,
    FACE_ROTATION_STEP,
    FACE_SURE,
    FACE_VIEW_FACE,
    FACE_VIEW_SCORE,
    FACE_VIEW_SIDE,
)
from matcher.types import Pixels, Vector

Floats = NDArray[np.float64]
MIRRORED = [1, 0, 2, 4, 3]
"""The order of the landmarks after left and right are exchanged."""


def detect_again(yunet: YuNet, pixels: Pixels, face: Face) -> Face | None:
    """The face with better landmarks and score, or None if it is not confirmed: the first detection was wrong."""
    rotation = FACE_ROTATION_GAIN * roll(face.landmarks)
    found = _detect(yunet, pixels, face, rotation)
    if found is None or found.score < FACE_SURE or abs(_rest(found, rotation)) > FACE_ROTATION_CLEAR:
        rotation = _best_rotation(yunet, pixels, face)
        found = _detect(yunet, pixels, face, rotation)
    rotation += _rest(found, rotation) if found else 0.0
    both = [one for one in (found, _detect(yunet, pixels, face, rotation, mirrored=True)) if one is not None]
    if max((one.score for one in both), default=0.0) < FACE_CONFIRMED:
        return None
    landmarks = np.stack([one.landmarks for one in both]).mean(axis=0)
    return replace(face, landmarks=landmarks, score=max(one.score for one in both))


def roll(landmarks: Vector) -> float:
    """The rotation in the image plane that fits the landmarks best, in degrees, clockwise as seen."""
    matrix, _ = similarity(TEMPLATE, np.asarray(landmarks, np.float64))
    return degrees(atan2(matrix[1, 0], matrix[0, 0]))


def _best_rotation(yunet: YuNet, pixels: Pixels, face: Face) -> float:
    """The rotation with the highest score, upright if in doubt, corrected by the landmarks found there. In degrees."""
    tried = [(angle, _detect(yunet, pixels, face, angle)) for angle in range(-180, 180, FACE_ROTATION_STEP)]
    angle, found = max(tried, key=lambda one: one[1].score - FACE_ROTATION_DOUBT * abs(one[0]) if one[1] else -1.0)
    return angle + _rest(found, angle) if found else 0.0


def _rest(found: Face, rotation: float) -> float:
    """The rotation left, in degrees, of a face found in a view that was rotated back by `rotation`."""
    return FACE_ROTATION_GAIN * ((roll(found.landmarks) - rotation + 180) % 360 - 180)


def _detect(yunet: YuNet, pixels: Pixels, face: Face, rotation: float, *, mirrored: bool = False) -> Face | None:
    """The face as found in a view rotated back by `rotation` degrees, in pixels of the whole picture; None if it is not
    found.
    """
    matrix, shift = _view(face, rotation)
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


def _view(face: Face, rotation: float) -> tuple[Floats, Floats]:
    """Matrix (2, 2) and shift (2,) from the pixels of a view, with the face upright in its middle, to the picture's."""
    scale = float(face.size.max()) / FACE_VIEW_FACE
    c, s = scale * cos(radians(rotation)), scale * sin(radians(rotation))
    matrix = np.array([[c, -s], [s, c]])
    return matrix, face.centre - matrix @ np.full(2, FACE_VIEW_SIDE / 2)

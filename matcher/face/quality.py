"""How well a face will serve, and what a person at the counter can correct. Components are named as in ISO/IEC 29794-5.

The score is the length of the embedding before it is scaled to a unit vector: networks of this kind give short vectors
to faces that they recognise badly. The components never change the score; they suggest how to correct a low one.
"""

from collections.abc import Mapping
from math import atan, degrees

import numpy as np
from numpy.typing import NDArray

from matcher.face.align import TEMPLATE, similarity
from matcher.face.upright import roll
from matcher.face.yunet import Face
from matcher.memory import strips
from matcher.parameters import (
    FACE_LENGTH_POOR,
    FACE_LENGTH_RICH,
    FACE_LIMITS,
    FACE_NOSE_LEVEL,
    FACE_SCORE_UNCLEAR,
)
from matcher.types import Pixels, Quality, Vector

ADVICE: Mapping[str, str] = {
    "too_far": "Move closer to the camera.",
    "face_cut_off": "Move back until the whole face is in the picture.",
    "turned_sideways": "Turn the face straight to the camera.",
    "looking_up_or_down": "Hold the head level and look into the camera.",
    "head_tilted": "Hold the head upright.",
    "too_dark": "Put more light on the face.",
    "too_bright": "Put less light on the face.",
    "low_contrast": "Take the light from behind the camera; clean the lens.",
    "uneven_light": "Light both halves of the face alike.",
    "blurred": "Hold still and let the camera focus.",
    "several_people": "Check whose portrait this is; only the person being enrolled should be in the picture.",
    "unclear": "Uncover the face: no mask, hand, hair or dark glasses, and take the picture again.",
}
"""Reason code to a sentence for the counter, in English. Codes are stable: translations depend on them."""

_INNER = np.s_[30:106, 24:88]
"""The part of the aligned crop that is skin on nearly everyone."""

Floats = NDArray[np.float64]


def assess(picture: Pixels, face: Face, crop: Pixels, length: float) -> Quality:
    """The quality of one face.

    picture: RGB (H, W, 3); `face` is in its pixels. crop: the aligned face (112, 112, 3).
    length: Euclidean length of the raw embedding.
    """
    share = (length - FACE_LENGTH_POOR) / (FACE_LENGTH_RICH - FACE_LENGTH_POOR)
    score = round(100 * float(np.clip(share, 0, 1)))
    components = {"vector_length": length, **_geometry(picture, face), **_light(crop)}
    reasons = _reasons(components)
    if not reasons and score < FACE_SCORE_UNCLEAR:
        reasons = ("unclear",)
    return Quality(score, reasons, components)


def _reasons(components: Mapping[str, float]) -> tuple[str, ...]:
    """The codes of all components beyond their limits, the furthest beyond first."""
    excess: dict[str, float] = {}
    for limit in FACE_LIMITS:
        value = abs(components[limit.component])
        if limit.least is not None:
            excess[limit.reason] = limit.least / max(value, 1e-6)
        if limit.most is not None:
            excess[limit.reason] = value / limit.most
    return tuple(sorted((reason for reason, ratio in excess.items() if ratio > 1), key=lambda reason: -excess[reason]))


def _geometry(picture: Pixels, face: Face) -> dict[str, float]:
    yaw, pitch = yaw_and_pitch(face.landmarks)
    extent = np.array(picture.shape[1::-1], np.float64)
    low, high = face.centre - face.size / 2, face.centre + face.size / 2
    inside = np.prod(np.clip(np.minimum(high, extent) - np.maximum(low, 0), 0, None)) / np.prod(face.size)
    return {
        "inter_eye_distance_px": float(np.linalg.norm(face.landmarks[1] - face.landmarks[0])),
        "yaw_degrees": yaw,
        "pitch_degrees": pitch,
        "roll_degrees": roll(face.landmarks),
        "face_inside_share": min(1.0, float(inside)),
        "off_centre_share": float(np.abs(face.centre / extent - 0.5).max()),
        "background_spread": _background_spread(picture, face),
    }


def yaw_and_pitch(landmarks: Vector) -> tuple[float, float]:
    """Yaw and pitch in degrees, roughly, from the nose's location between eyes and mouth.

    Yaw is positive if the nose points to the right of the picture, pitch if it points down. Assumed: eyes 64 mm apart
    and 68 mm above the mouth, the tip of the nose 30 mm in front of their plane.
    """
    matrix, shift = similarity(np.asarray(landmarks, np.float64), TEMPLATE)
    left, right, nose, *mouth = np.asarray(landmarks, np.float64) @ matrix.T + shift
    eyes, lips = (left + right) / 2, (mouth[0] + mouth[1]) / 2
    height = max(float(lips[1] - eyes[1]), 1e-6)
    level = float(nose[1] - eyes[1]) / height
    axis = eyes[0] + level * (lips[0] - eyes[0])
    half = max(float(right[0] - left[0]) / 2, 1e-6)
    return degrees(atan(float(nose[0] - axis) / half * 32 / 30)), degrees(atan((level - FACE_NOSE_LEVEL) * 68 / 30))


def _light(crop: Pixels) -> dict[str, float]:
    skin = _luminance(crop)[_INNER]
    low, high = np.percentile(skin, [5, 95])
    left, right = skin[:, : skin.shape[1] // 2].mean(), skin[:, skin.shape[1] // 2 :].mean()
    return {
        "mean_luminance": float(skin.mean()),
        "under_exposed_share": float((skin < 26).mean()),
        "over_exposed_share": float((skin > 247).mean()),
        "contrast": float(high - low),
        "left_right_difference": float(abs(left - right) / max(left + right, 1.0)),
        "sharpness": _sharpness(skin),
    }


def _luminance(pixels: Pixels) -> Floats:
    return np.asarray(pixels.astype(np.float64) @ np.array([0.2126, 0.7152, 0.0722]), np.float64)


def _sharpness(grey: Floats) -> float:
    """The share of finest detail: variance of the Laplacian divided by the variance of the picture."""
    inner = grey[1:-1, 1:-1]
    laplacian = 4 * inner - grey[:-2, 1:-1] - grey[2:, 1:-1] - grey[1:-1, :-2] - grey[1:-1, 2:]
    return float(laplacian.var() / max(inner.var(), 1.0))


def _background_spread(picture: Pixels, face: Face) -> float:
    """Standard deviation of luminance beside the head, left and right, as high as the face; 0 if there is no room."""
    low, high = face.centre - face.size / 2, face.centre + face.size / 2
    rows = slice(max(0, int(low[1])), max(0, int(high[1])))
    left = picture[rows, max(0, int(low[0] - face.size[0])) : max(0, int(low[0] - face.size[0] / 2))]
    right = picture[rows, max(0, int(high[0] + face.size[0] / 2)) : max(0, int(high[0] + face.size[0]))]
    spreads = [_spread(side) for side in (left, right) if side.size]
    return max(spreads, default=0.0)


def _spread(pixels: Pixels) -> float:
    """Standard deviation of the luminance."""
    height, width = pixels.shape[:2]
    grey = np.empty((height, width))
    for rows in strips(height, width):
        grey[rows] = _luminance(pixels[rows])
    return float(grey.std())

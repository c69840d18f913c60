"""Faces and five landmarks, by YuNet (W. Wu, H. Peng, S. Yu, 2023).

The network is anchor-free: at each cell of the grids of stride 8, 16 and 32 it states how sure it is of a face, the
face's box and its landmarks, as offsets from the cell in units of the stride.
"""

from dataclasses import dataclass
from math import cos, radians, sin

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageOps

from matcher.networks import Network
from matcher.parameters import FACE_DETECTION_SIDE, FACE_OVERLAP, FACE_VIEWS, FaceView
from matcher.types import Pixels, Vector

STRIDES = (8, 16, 32)
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Face:
    """One face in a picture, all in its pixels from the upper left corner, y down.

    centre: float32 (2,), of the box. size: float32 (2,), width and height of the box.
    landmarks: float32 (5, 2): the eye on the picture's left, the other eye, tip of the nose, the mouth's left and
    right corner, again as the picture shows them.
    score: the detector's own, 0 to 1.
    """

    centre: Vector
    size: Vector
    landmarks: Vector
    score: float


class Detector:
    """Finds the faces of a picture, whatever their size and their turn in the plane."""

    def __init__(self, network: Network) -> None:
        self._network = network

    def find(self, pixels: Pixels) -> list[Face]:
        """All faces of an RGB picture (H, W, 3), surest first. Harder looks are taken only while nothing is found."""
        picture = Pillow.fromarray(pixels)
        scale = min(1.0, FACE_DETECTION_SIDE / max(picture.size))
        small = _resized(picture, scale)
        for view in FACE_VIEWS:
            found = self._look(small, view)
            if found:
                return [_scaled(face, 1 / scale) for face in found]
        return []

    def _look(self, picture: Pillow.Image, view: FaceView) -> list[Face]:
        border = round(view.border * max(picture.size))
        seen = ImageOps.expand(picture, border) if border else picture
        turned = seen.rotate(view.turn, Pillow.Resampling.BILINEAR, expand=True) if view.turn else seen
        found = self._run(np.asarray(turned), view.score)
        return [_turned_back(face, view.turn, turned.size, seen.size, border) for face in found]

    def _run(self, pixels: Pixels, least_score: float) -> list[Face]:
        padded = _padded(pixels)
        blob = np.ascontiguousarray(padded[None, :, :, ::-1].transpose(0, 3, 1, 2), np.float32)
        heads = self._network(input=blob)
        height, width = padded.shape[:2]
        candidates = np.concatenate([_decoded(heads, stride, height, width, least_score) for stride in STRIDES])
        return [_face(row) for row in _without_overlaps(candidates)]


def _resized(picture: Pillow.Image, scale: float) -> Pillow.Image:
    if scale == 1.0:
        return picture
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    return picture.resize(size, Pillow.Resampling.BILINEAR, reducing_gap=3.0)


def _padded(pixels: Pixels) -> Pixels:
    step = STRIDES[-1]
    return np.pad(pixels, ((0, -pixels.shape[0] % step), (0, -pixels.shape[1] % step), (0, 0)))


def _decoded(heads: dict[str, Floats], stride: int, height: int, width: int, least_score: float) -> Floats:
    """Rows of score, box centre, box size, landmarks: (n, 15), for the cells at least so sure."""
    certainty = np.sqrt(heads[f"cls_{stride}"][0, :, 0] * heads[f"obj_{stride}"][0, :, 0])
    cells = np.flatnonzero(certainty >= least_score)
    row, column = np.divmod(cells, width // stride)
    corner = np.stack([column, row], axis=1)
    box = heads[f"bbox_{stride}"][0, cells]
    landmarks = (heads[f"kps_{stride}"][0, cells].reshape(-1, 5, 2) + corner[:, None]) * stride
    parts = [certainty[cells, None], (corner + box[:, :2]) * stride, np.exp(box[:, 2:]) * stride]
    return np.concatenate([*parts, landmarks.reshape(-1, 10)], axis=1).astype(np.float32)


def _without_overlaps(rows: Floats) -> list[Floats]:
    """Keep the surest of each heap of boxes that overlap by more than FACE_OVERLAP (intersection over union)."""
    kept: list[Floats] = []
    for row in rows[np.argsort(-rows[:, 0], kind="stable")]:
        if all(_overlap(row, other) <= FACE_OVERLAP for other in kept):
            kept.append(row)
    return kept


def _overlap(one: Floats, other: Floats) -> float:
    low = np.maximum(one[1:3] - one[3:5] / 2, other[1:3] - other[3:5] / 2)
    high = np.minimum(one[1:3] + one[3:5] / 2, other[1:3] + other[3:5] / 2)
    common = float(np.prod(np.maximum(high - low, 0)))
    return common / (float(np.prod(one[3:5]) + np.prod(other[3:5])) - common)


def _face(row: Floats) -> Face:
    return Face(centre=row[1:3], size=row[3:5], landmarks=row[5:].reshape(5, 2), score=float(row[0]))


def _scaled(face: Face, by: float) -> Face:
    factor = np.float32(by)
    return Face(face.centre * factor, face.size * factor, face.landmarks * factor, face.score)


def _turned_back(face: Face, turn: float, turned: tuple[int, int], seen: tuple[int, int], border: int) -> Face:
    """From the pixels of the turned view to those of the picture before its border was added."""
    c, s = cos(radians(turn)), sin(radians(turn))
    back = np.array([[c, s], [-s, c]], np.float32)
    offset = np.array(seen, np.float32) / 2 - border
    middle = np.array(turned, np.float32) / 2
    points = np.concatenate([face.centre[None], face.landmarks])
    upright = ((points - middle) @ back + offset).astype(np.float32)
    return Face(upright[0], face.size, upright[1:], face.score)

"""One pass of YuNet (W. Wu, H. Peng, S. Yu, 2023): the faces of a picture as it is.

The network is anchor-free: for each cell of the grids of stride 8, 16 and 32 it states its certainty of a face, and the
face's box and landmarks, as offsets from the cell in units of the stride.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matcher.networks import Network
from matcher.parameters import FACE_OVERLAP
from matcher.types import Pixels, Vector

STRIDES = (8, 16, 32)
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Face:
    """One face in a picture, all in its pixels from the upper left corner, y down.

    centre: float32 (2,), of the box. size: float32 (2,), width and height of the box.
    landmarks: float32 (5, 2): the eye on the picture's left, the other eye, tip of the nose, the mouth's corner on the
    picture's left, the other corner.
    score: the detector's, 0 to 1.
    """

    centre: Vector
    size: Vector
    landmarks: Vector
    score: float


class YuNet:
    """Good for faces of some 10 to 300 pixels, rotated by no more than 15 degrees or so."""

    def __init__(self, network: Network) -> None:
        self._network = network

    def __call__(self, pixels: Pixels, least_score: float) -> list[Face]:
        """The faces of an RGB picture (H, W, 3) of any size, highest score first."""
        padded = _padded(pixels)
        blob = np.ascontiguousarray(padded[None, :, :, ::-1].transpose(0, 3, 1, 2), np.float32)
        heads = self._network(input=blob)
        columns = padded.shape[1]
        candidates = np.concatenate([_decoded(heads, stride, columns // stride, least_score) for stride in STRIDES])
        return [_face(row) for row in _without_overlaps(candidates)]


def _padded(pixels: Pixels) -> Pixels:
    step = STRIDES[-1]
    return np.pad(pixels, ((0, -pixels.shape[0] % step), (0, -pixels.shape[1] % step), (0, 0)))


def _decoded(heads: dict[str, Floats], stride: int, columns: int, least_score: float) -> Floats:
    """Rows of score, box centre, box size, landmarks: (n, 15), for the cells with at least `least_score`."""
    certainty = np.sqrt(heads[f"cls_{stride}"][0, :, 0] * heads[f"obj_{stride}"][0, :, 0])
    cells = np.flatnonzero(certainty >= least_score)
    row, column = np.divmod(cells, columns)
    corner = np.stack([column, row], axis=1)
    box = heads[f"bbox_{stride}"][0, cells]
    landmarks = (heads[f"kps_{stride}"][0, cells].reshape(-1, 5, 2) + corner[:, None]) * stride
    parts = [certainty[cells, None], (corner + box[:, :2]) * stride, np.exp(box[:, 2:]) * stride]
    return np.concatenate([*parts, landmarks.reshape(-1, 10)], axis=1).astype(np.float32)


def _without_overlaps(rows: Floats) -> list[Floats]:
    """Of boxes that overlap by more than FACE_OVERLAP (intersection over union), keep the one of the highest score."""
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

"""A face in the standard pose: 112 × 112 pixels, with eyes, nose and mouth where the embedding expects them."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from matcher.memory import strips
from matcher.types import Pixels, Vector

Floats = NDArray[np.float64]

SIDE = 112
TEMPLATE = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]], np.float64
)
"""The five landmarks as in ArcFace (Deng et al., 2019) and most networks since."""


def align(pixels: Pixels, landmarks: Vector) -> Pixels:
    """The face of an RGB picture, (112, 112, 3); black beyond its edge. landmarks: (5, 2) as yunet.Face has them."""
    return resampled(pixels, *similarity(TEMPLATE, np.asarray(landmarks, np.float64)), SIDE)


def resampled(pixels: Pixels, matrix: Floats, shift: Floats, side: int) -> Pixels:
    """A square of the picture, (side, side, 3): its point p is the picture's `matrix @ p + shift`; black beyond.

    matrix: (2, 2), a rotation and a scale. shift: (2,).
    """
    scale = float(np.sqrt(np.linalg.det(matrix)))
    corners = np.array([[0, 0], [side, 0], [0, side], [side, side]]) @ matrix.T + shift
    region, origin = _region(pixels, corners.min(axis=0) - 2 * scale, corners.max(axis=0) + 2 * scale)
    small, ratio = _shrunk(region, scale)
    matrix, shift = matrix / ratio[:, None], (shift - origin) / ratio
    affine = (*matrix[0], shift[0], *matrix[1], shift[1])
    return np.array(small.transform((side, side), Pillow.Transform.AFFINE, affine, Pillow.Resampling.BILINEAR))


def similarity(source: Floats, target: Floats) -> tuple[Floats, Floats]:
    """Rotation and scale (matrix, 2 × 2) and shift (2,) that bring source closest to target in least squares.

    source, target: (n, 2). By the method of S. Umeyama (1991), without mirroring.
    """
    a, b = source - source.mean(axis=0), target - target.mean(axis=0)
    u, sizes, vt = np.linalg.svd(b.T @ a)
    signs = np.array([1.0, np.sign(np.linalg.det(u @ vt))])
    scale = float((sizes * signs).sum() / (a**2).sum())
    matrix = scale * (u * signs) @ vt
    return matrix, target.mean(axis=0) - matrix @ source.mean(axis=0)


def _region(pixels: Pixels, low: Floats, high: Floats) -> tuple[Pillow.Image, Floats]:
    """The part of the picture between two corners, and the upper left corner of that part (2,)."""
    height, width = pixels.shape[:2]
    x0, x1 = sorted(int(np.clip(x, 0, width)) for x in (low[0], high[0] + 1))
    y0, y1 = sorted(int(np.clip(y, 0, height)) for y in (low[1], high[1] + 1))
    part = pixels[y0:y1, x0:x1] if x1 > x0 and y1 > y0 else np.zeros((1, 1, 3), np.uint8)
    return _copied(part), np.array([x0, y0], np.float64)


def _copied(part: Pixels) -> Pillow.Image:
    """As `fromarray`, which copies a part of a picture twice."""
    height, width = part.shape[:2]
    picture = Pillow.new("RGB", (width, height))
    for rows in strips(height, width):
        picture.paste(Pillow.fromarray(part[rows]), (0, rows.start))
    return picture


def _shrunk(region: Pillow.Image, scale: float) -> tuple[Pillow.Image, Floats]:
    """The region reduced to about the crop's resolution with a filter: sampling every nth pixel would alias.

    Also the number of original pixels per reduced pixel, across and down (2,).
    """
    if scale <= 1:
        return region, np.ones(2)
    size = max(1, round(region.width / scale)), max(1, round(region.height / scale))
    return region.resize(size, Pillow.Resampling.BILINEAR), np.array(region.size) / np.array(size)

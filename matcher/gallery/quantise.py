"""Vectors and minutiae in fewer bits, as the gallery keeps them.

Faces are decided by their cosine, so their vectors are kept in 16-bit fixed point, exact to 1.5e-5 per number. Vectors
of fingers only select people for comparison, so they are kept in 8 bits with a scale each. A minutia takes 7 bytes.
"""

import numpy as np
from numpy.typing import NDArray

from matcher.parameters import GALLERY_MINUTIAE, GALLERY_PIXEL_STEPS
from matcher.types import Minutiae, Vector

FACE_SCALE = np.float32(1 / 32767)
DIRECTION_STEPS = 65536 / (2 * np.pi)
"""Steps per radian."""


def pack_faces(vectors: Vector) -> NDArray[np.int16]:
    """Unit vectors (f, d) in units of FACE_SCALE."""
    return np.rint(np.clip(vectors, -1, 1) * 32767).astype(np.int16)


def pack_fingers(vectors: Vector) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Vectors (g, d) in 8 bits, and the scale of each (g,)."""
    scales = np.maximum(np.abs(vectors).max(axis=1, initial=0.0), 1e-12) / 127
    return np.rint(vectors / scales[:, None]).astype(np.int8), scales.astype(np.float32)


def pack_minutiae(found: Minutiae) -> NDArray[np.uint8]:
    """7 bytes per minutia: x and y in 32nds of a pixel up to 2047, direction in 65536ths of a full rotation, quality in
    127ths, ending. Of more than GALLERY_MINUTIAE, those of the highest quality are kept.
    """
    kept = np.sort(np.argsort(-found.quality, kind="stable")[:GALLERY_MINUTIAE])
    words = np.stack(
        [
            np.clip(np.rint(found.x[kept] * GALLERY_PIXEL_STEPS), 0, 65535),
            np.clip(np.rint(found.y[kept] * GALLERY_PIXEL_STEPS), 0, 65535),
            np.rint(found.direction[kept] * DIRECTION_STEPS) % 65536,
        ]
    ).astype("<u2")
    quality = np.rint(np.clip(found.quality[kept], 0, 1) * 127).astype(np.uint8)
    return np.concatenate([words.view(np.uint8).ravel(), quality | found.ending[kept].astype(np.uint8) << 7])


def unpack_minutiae(packed: NDArray[np.uint8]) -> Minutiae:
    """The minutiae that `pack_minutiae` packed, to its precision."""
    count = len(packed) // 7
    x, y, direction = packed[: 6 * count].view("<u2").reshape(3, count).astype(np.float32)
    quality_and_ending = packed[6 * count :]
    return Minutiae(
        x / np.float32(GALLERY_PIXEL_STEPS),
        y / np.float32(GALLERY_PIXEL_STEPS),
        np.asarray(direction / np.float32(DIRECTION_STEPS), np.float32),
        (quality_and_ending & 127).astype(np.float32) / np.float32(127),
        quality_and_ending >= 128,
    )

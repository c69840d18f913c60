"""Grey levels → minutiae, by LEADER (R. Cappelli), a network that finds them in one pass."""

import math

import numpy as np

from matcher import parameters as p
from matcher.finger.ridges import RidgeMap
from matcher.networks import Network
from matcher.types import Minutiae, Pixels

Box = tuple[int, int, int, int]
"""Top, left, bottom, right in pixels; the last two are outside."""


def find_minutiae(network: Network, grey: Pixels, box: Box) -> Minutiae:
    """The minutiae inside `box` of an image (H, W) at 500 dpi, in the coordinates of the whole image."""
    top, left, bottom, right = box
    part = grey[top:bottom, left:right].astype(np.float32)
    padding = [(0, -side % p.CROP_MULTIPLE) for side in part.shape]
    padded = np.pad(part, padding, mode="edge")
    found = network(input=padded[None, :, :, None])["head_conc"][0, : part.shape[0], : part.shape[1]]
    row, column = np.nonzero(found[:, :, 3] > p.MINUTIA_QUALITY)
    _, direction, ending, quality = found[row, column].T
    return Minutiae(
        x=(column + left).astype(np.float32),
        y=(row + top).astype(np.float32),
        direction=np.mod(-direction, 2 * math.pi).astype(np.float32),  # LEADER counts anticlockwise
        quality=quality.astype(np.float32),
        ending=ending >= 0.5,
    )


def ridge_box(ridges: RidgeMap, grey: Pixels) -> Box:
    """The smallest box around the ridges, with a margin."""
    rows, columns = np.flatnonzero(ridges.ridge.any(axis=1)), np.flatnonzero(ridges.ridge.any(axis=0))
    if len(rows) == 0:
        return 0, 0, *grey.shape
    step, margin = p.RIDGE_STEP, p.CROP_MARGIN
    top, left = (max(0, int(at[0]) * step - margin) for at in (rows, columns))
    bottom = min(grey.shape[0], (int(rows[-1]) + 1) * step + margin)
    right = min(grey.shape[1], (int(columns[-1]) + 1) * step + margin)
    return top, left, bottom, right

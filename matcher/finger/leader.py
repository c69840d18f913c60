"""Grey levels → minutiae, by LEADER (R. Cappelli), a network that finds them in one pass."""

import numpy as np
from numpy.typing import NDArray

from matcher import parameters as p
from matcher.finger.ridges import RidgeMap
from matcher.networks import Network
from matcher.types import Minutiae, Pixels

_FULL_ROTATION = np.float32(2 * np.pi)

Box = tuple[int, int, int, int]
"""Top, left, bottom, right in pixels; bottom and right are exclusive."""


def find_minutiae(network: Network, grey: Pixels, box: Box) -> Minutiae:
    """The minutiae inside `box` of an image (H, W) at 500 dpi, in the coordinates of the whole image."""
    top, left, bottom, right = box
    part = grey[top:bottom, left:right].astype(np.float32)
    padded = np.pad(part, [(0, -side % p.CROP_MULTIPLE) for side in part.shape], mode="edge")
    found = network(image=padded[None, None], least=np.array([p.MINUTIA_QUALITY], np.float32))
    row, column = found["place"][:, 2:].T
    inside = (row < part.shape[0]) & (column < part.shape[1])
    quality, cosine, sine, ending = found["seen"][inside].T
    return Minutiae(
        x=(column[inside] + left).astype(np.float32),
        y=(row[inside] + top).astype(np.float32),
        direction=_in_one_rotation(np.arctan2(-sine, cosine)),  # LEADER counts anticlockwise
        quality=quality,
        ending=ending >= 0,
    )


def ridge_box(ridges: RidgeMap, grey: Pixels) -> Box:
    """The smallest box around the ridges, with a margin, on the grid of the network's pooling: off it, minutiae change.

    The whole image if there are no ridges.
    """
    rows, columns = np.nonzero(ridges.ridge)
    if len(rows) == 0:
        return 0, 0, *grey.shape
    (top, bottom), (left, right) = _extent(rows, grey.shape[0]), _extent(columns, grey.shape[1])
    return top, left, bottom, right


def _in_one_rotation(angle: NDArray[np.float32]) -> NDArray[np.float32]:
    """Radians in [0, 2π)."""
    return np.mod(angle, _FULL_ROTATION) % _FULL_ROTATION  # twice, because −1e-9 first becomes 2π


def _extent(windows: NDArray[np.intp], size: int) -> tuple[int, int]:
    grid, first = p.CROP_MULTIPLE, int(windows.min()) * p.RIDGE_STEP - p.CROP_MARGIN
    last = (int(windows.max()) + 1) * p.RIDGE_STEP + p.CROP_MARGIN
    return max(0, first // grid * grid), min(size, -(-last // grid) * grid)

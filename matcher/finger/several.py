"""Whether a picture that was sent as one finger shows several: a slap, a palm, prints side by side."""

import numpy as np

from matcher import parameters as p
from matcher.finger.ridges import RidgeMap
from matcher.types import Pixels


def shows_several(grey: Pixels, ridges: RidgeMap) -> bool:
    """Whether ridges are wider than any one finger's, or are separated into fingertips.

    grey: (H, W) at 500 dpi; ridges: its map. Only ridges wider than those of a finger laid flat are looked at closely,
    which takes 0.02 to 0.1 seconds.
    """
    width = _width_mm(ridges)
    if width <= p.FINGER_FLAT_MM:
        return False
    if width > p.FINGER_ROLLED_MM:
        return True
    from matcher.finger.slaps import find_tips  # SciPy is slow to import

    return len(find_tips(grey, ridges, wanted=1, settings=p.SLAP_SETTINGS[:1])) > 1


def _width_mm(ridges: RidgeMap) -> float:
    columns = np.flatnonzero(ridges.ridge.any(axis=0))
    return float(np.ptp(columns) + 1) * p.RIDGE_STEP * 25.4 / p.FINGER_DPI if len(columns) else 0.0

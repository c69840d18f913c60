"""How well a print will serve, 0 to 100, and what a person at the counter can mend."""

import numpy as np

from matcher import parameters as p
from matcher.finger.ridges import RidgeMap
from matcher.types import Minutiae, Quality


def finger_quality(ridges: RidgeMap, minutiae: Minutiae) -> Quality:
    """The score grows with the sure minutiae and the ridge area; reasons name what keeps it low."""
    components = {
        "ridge_area_mm2": ridges.area * (25.4 / p.FINGER_DPI) ** 2,
        "ridge_clarity": float(np.median(ridges.strength[ridges.ridge])) if ridges.area else 0.0,
        "minutiae": float(len(minutiae)),
        "minutiae_certainty": float(minutiae.quality.sum()),
    }
    score = round(100 * (1 - np.exp(-components["minutiae_certainty"] / 20)))
    reasons = ("too_small_area",) if components["ridge_area_mm2"] < p.QUALITY_SMALL_AREA else ()
    return Quality(int(score), reasons, components)

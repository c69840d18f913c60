"""How well a face will serve, from the length of its vector before normalising."""

import numpy as np

from matcher.parameters import FACE_LENGTH_POOR, FACE_LENGTH_RICH
from matcher.types import Quality


def assess(length: float) -> Quality:
    """length: Euclidean length of the raw embedding."""
    share = (length - FACE_LENGTH_POOR) / (FACE_LENGTH_RICH - FACE_LENGTH_POOR)
    return Quality(score=round(100 * float(np.clip(share, 0, 1))))

"""A capture → grey levels at 500 dpi."""

import numpy as np
from PIL import Image as Pillow

from matcher.errors import NotAFingerprint
from matcher.parameters import FINGER_DPI, FINGER_LARGEST_MM
from matcher.types import Image, Pixels


def grey_at_500_dpi(image: Image) -> Pixels:
    """uint8 (H, W). An image without a stated resolution is taken as 500 dpi. Raises NotAFingerprint if it is too
    large.
    """
    scale = FINGER_DPI / (image.dpi or FINGER_DPI)
    height, width = (25.4 / FINGER_DPI * scale * side for side in image.pixels.shape[:2])
    if max(height, width) > FINGER_LARGEST_MM:
        raise NotAFingerprint(
            f"the picture is {width:.0f} × {height:.0f} mm at {FINGER_DPI / scale:.0f} dpi, larger than a "
            "hand's fingers; please check that it is a print and that the resolution is right"
        )
    picture = Pillow.fromarray(image.pixels).convert("L")
    if abs(scale - 1) > 0.01:
        size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
        picture = picture.resize(size, Pillow.Resampling.LANCZOS)
    return np.asarray(picture)

"""A capture → grey levels at 500 dots an inch."""

import numpy as np
from PIL import Image as Pillow

from matcher.parameters import FINGER_DPI
from matcher.types import Image, Pixels


def grey_at_500_dpi(image: Image) -> Pixels:
    """uint8 (H, W). An image whose resolution nobody said is taken for 500 dpi."""
    picture = Pillow.fromarray(image.pixels).convert("L")
    scale = FINGER_DPI / (image.dpi or FINGER_DPI)
    if abs(scale - 1) > 0.01:
        size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
        picture = picture.resize(size, Pillow.Resampling.LANCZOS)
    return np.asarray(picture)

"""A capture → grey levels at 500 dpi."""

import numpy as np
from PIL import Image as Pillow

from matcher.errors import NotAFingerprint
from matcher.memory import strips
from matcher.parameters import FINGER_DPI, FINGER_LARGEST_MM
from matcher.types import Image, Pixels


def grey_at_500_dpi(image: Image) -> Pixels:
    """uint8 (H, W). An image without a stated resolution is taken as 500 dpi. Raises NotAFingerprint if it is too
    large.
    """
    height, width = image.pixels.shape[:2]
    check_extent(width, height, image.dpi)
    scale = FINGER_DPI / (image.dpi or FINGER_DPI)
    picture = _grey(image.pixels)
    if abs(scale - 1) > 0.01:
        size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
        picture = picture.resize(size, Pillow.Resampling.LANCZOS)
    return np.asarray(picture)


def check_extent(width: int, height: int, dpi: float | None) -> None:
    """Raise NotAFingerprint if so many pixels are more than a hand's fingers. dpi: as grey_at_500_dpi takes it."""
    stated = dpi or FINGER_DPI
    across, down = (25.4 / stated * side for side in (width, height))
    if max(across, down) > FINGER_LARGEST_MM:
        raise NotAFingerprint(
            f"the picture is {across:.0f} × {down:.0f} mm at {stated:.0f} dpi, larger than a "
            "hand's fingers; please check that it is a print and that the resolution is right"
        )


def _grey(pixels: Pixels) -> Pillow.Image:
    """A picture (H, W) or (H, W, 3) in grey."""
    if pixels.ndim == 2:
        return Pillow.fromarray(pixels)
    height, width = pixels.shape[:2]
    picture = Pillow.new("L", (width, height))
    for rows in strips(height, width):
        picture.paste(Pillow.fromarray(pixels[rows]).convert("L"), (0, rows.start))
    return picture

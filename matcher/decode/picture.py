"""Pictures read by Pillow."""

import io
from typing import Any

import numpy as np
from PIL import Image as Pillow
from PIL import ImageOps, UnidentifiedImageError

from matcher.decode.limits import check_size, plausible
from matcher.decode.several import one_picture
from matcher.decode.wrong_kinds import refusal
from matcher.errors import CaptureDamaged, CaptureUnreadable, MatcherError, TooManyPixels
from matcher.types import Image, Pixels

FORMATS = ("PNG", "JPEG", "JPEG2000", "BMP", "TIFF", "WEBP")
"""No others: each further parser is a further point of attack."""
BITS_PER_SAMPLE, PHOTOMETRIC, WHITE_IS_ZERO = 258, 262, 0
"""TIFF's tags, and a value of the second."""


def read(content: bytes) -> Image:
    """Raises CaptureTooLarge or CaptureUnreadable."""
    try:
        with Pillow.open(io.BytesIO(content), formats=FORMATS) as opened:
            check_size(*opened.size)
            warnings = one_picture(opened, content)
            dpi = _dpi(opened)
            ImageOps.exif_transpose(opened, in_place=True)
            return Image(_pixels(opened), dpi, warnings)
    except MatcherError:
        raise
    except (Pillow.DecompressionBombError, Pillow.DecompressionBombWarning) as bomb:
        raise TooManyPixels("the picture has far more pixels than are accepted") from bomb
    except UnidentifiedImageError as unknown:
        raise refusal(content, f"{', '.join(FORMATS)}, WSQ") from unknown
    except Exception as broken:  # decoders raise nearly anything for damaged files
        raise CaptureDamaged(f"the picture is damaged or cut short: {broken}") from broken


def _dpi(opened: Pillow.Image) -> float | None:
    try:
        across, down = (float(value) for value in opened.info["dpi"])
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None
    return plausible(across) if abs(across - down) <= 1 else None


def _pixels(picture: Pillow.Image) -> Pixels:
    if picture.mode.startswith("I;16"):
        return _from_16_bit(np.asarray(picture), picture)
    if picture.mode in {"I", "F"}:
        raise CaptureUnreadable("the picture has 32 bits per channel; 8 or 16 are accepted")
    if picture.mode in {"LAB", "HSV"}:
        raise CaptureUnreadable(f"the picture's colours are written as {picture.mode}; grey, RGB and CMYK are accepted")
    if picture.has_transparency_data:
        picture = _on_white(picture)
    mode = "L" if picture.mode in {"1", "L"} else "RGB"
    return np.array(picture if picture.mode == mode else picture.convert(mode))  # convert() to the same mode copies


def _from_16_bit(values: np.ndarray[Any, Any], picture: Pillow.Image) -> Pixels:
    """Grey levels of 12 or 16 bits in 8. TIFF alone has 12, and may count from white: Pillow applies neither."""
    tags = getattr(picture, "tag_v2", {})
    most = 4095 if tags.get(BITS_PER_SAMPLE) == (12,) else 65535
    grey = ((values.astype(np.uint32) * 255 + most // 2) // most).astype(np.uint8)
    return 255 - grey if tags.get(PHOTOMETRIC) == WHITE_IS_ZERO else grey


def _on_white(picture: Pillow.Image) -> Pillow.Image:
    """Over white paper. A picture that is transparent everywhere is not meant so: its transparency is left out."""
    mode = "L" if picture.mode in {"1", "L", "LA", "La"} else "RGB"
    layer = picture.convert("RGBA")
    if layer.getchannel("A").getextrema() == (0, 0):
        return layer.convert(mode)
    return Pillow.alpha_composite(Pillow.new("RGBA", layer.size, "white"), layer).convert(mode)

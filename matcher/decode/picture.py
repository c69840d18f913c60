"""Pictures read by Pillow."""

import io
from typing import Any

import numpy as np
from PIL import Image as Pillow
from PIL import ImageOps, UnidentifiedImageError

from matcher.decode.limits import check_size, plausible
from matcher.errors import CaptureDamaged, CaptureUnreadable, MatcherError, TooManyPixels
from matcher.types import Image, Pixels

FORMATS = ("PNG", "JPEG", "JPEG2000", "BMP", "TIFF", "WEBP")
"""No others: each further parser is a further point of attack."""


def read(content: bytes) -> Image:
    """Raises CaptureTooLarge or CaptureUnreadable."""
    try:
        with Pillow.open(io.BytesIO(content), formats=FORMATS) as opened:
            check_size(*opened.size)
            dpi = _dpi(opened)
            ImageOps.exif_transpose(opened, in_place=True)
            return Image(_pixels(opened), dpi)
    except MatcherError:
        raise
    except (Pillow.DecompressionBombError, Pillow.DecompressionBombWarning) as bomb:
        raise TooManyPixels("the picture has far more pixels than are accepted") from bomb
    except UnidentifiedImageError as unknown:
        raise CaptureUnreadable(f"the file is not a picture in one of {', '.join(FORMATS)}, WSQ") from unknown
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
        return _from_16_bit(np.asarray(picture))
    if picture.mode in {"I", "F"}:
        raise CaptureUnreadable("the picture has 32 bits per channel; 8 or 16 are accepted")
    if picture.has_transparency_data:
        picture = _on_white(picture)
    mode = "L" if picture.mode in {"1", "L"} else "RGB"
    return np.array(picture if picture.mode == mode else picture.convert(mode))  # convert() to the same mode copies


def _from_16_bit(values: np.ndarray[Any, Any]) -> Pixels:
    return ((values.astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8)


def _on_white(picture: Pillow.Image) -> Pillow.Image:
    grey = picture.mode in {"1", "L", "LA", "La"}
    layer = picture.convert("RGBA")
    flat = Pillow.alpha_composite(Pillow.new("RGBA", layer.size, "white"), layer)
    return flat.convert("L" if grey else "RGB")

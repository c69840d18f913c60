"""Pictures read by Pillow."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from PIL import Image as Pillow
from PIL import ImageOps, UnidentifiedImageError

from matcher.decode.limits import Header, check_size, plausible
from matcher.errors import CaptureDamaged, CaptureUnreadable, MatcherError, TooManyPixels
from matcher.memory import strips
from matcher.types import Image, Pixels

FORMATS = ("PNG", "JPEG", "JPEG2000", "BMP", "TIFF", "WEBP")
"""No others: each further parser is a further point of attack."""


def header(content: bytes) -> Header:
    """Decodes nothing. Raises CaptureTooLarge or CaptureUnreadable."""
    with _opened(content) as opened:
        return Header(*opened.size, _dpi(opened))


def read(content: bytes) -> Image:
    """Raises CaptureTooLarge or CaptureUnreadable."""
    with _opened(content) as opened:
        dpi = _dpi(opened)
        ImageOps.exif_transpose(opened, in_place=True)
        return Image(_pixels(opened), dpi)


@contextmanager
def _opened(content: bytes) -> Iterator[Pillow.Image]:
    """A picture of an accepted size, its header read. What fails in the block is the capture's fault."""
    try:
        with Pillow.open(io.BytesIO(content), formats=FORMATS) as opened:
            check_size(*opened.size)
            yield opened
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
    """A strip at a time: whole pictures would be copied two to five times on the way."""
    picture.load()
    if picture.mode.startswith("I;16"):
        return _from_16_bit(np.asarray(picture))
    if picture.mode in {"I", "F"}:
        raise CaptureUnreadable("the picture has 32 bits per channel; 8 or 16 are accepted")
    mode = "L" if picture.mode in {"1", "L", "LA", "La"} else "RGB"
    width, height = picture.size
    pixels = np.empty((height, width) if mode == "L" else (height, width, 3), np.uint8)
    for rows in strips(height, width):
        strip = picture.crop((0, rows.start, width, rows.stop))
        flat = _on_white(strip) if strip.has_transparency_data else strip
        pixels[rows] = np.asarray(flat if flat.mode == mode else flat.convert(mode))
    return pixels


def _from_16_bit(values: np.ndarray[Any, Any]) -> Pixels:
    pixels = np.empty(values.shape, np.uint8)
    for rows in strips(*values.shape):
        pixels[rows] = (values[rows].astype(np.uint32) * 255 + 32767) // 65535
    return pixels


def _on_white(picture: Pillow.Image) -> Pillow.Image:
    layer = picture.convert("RGBA")
    return Pillow.alpha_composite(Pillow.new("RGBA", layer.size, "white"), layer)

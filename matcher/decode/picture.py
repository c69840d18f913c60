"""Pictures read by Pillow."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from PIL import Image as Pillow
from PIL import ImageOps, UnidentifiedImageError

from matcher.decode.limits import Header, check_size, plausible
from matcher.decode.several import one_picture
from matcher.decode.wrong_kinds import refusal
from matcher.errors import CaptureDamaged, CaptureUnreadable, MatcherError, TooManyPixels
from matcher.memory import strips
from matcher.types import Image, Pixels

FORMATS = ("PNG", "JPEG", "JPEG2000", "BMP", "TIFF", "WEBP")
"""No others: each further parser is a further point of attack."""
BITS_PER_SAMPLE, PHOTOMETRIC, WHITE_IS_ZERO = 258, 262, 0
"""TIFF's tags, and a value of the second."""


def header(content: bytes) -> Header:
    """Decodes nothing. Raises CaptureTooLarge or CaptureUnreadable."""
    with _opened(content) as opened:
        return Header(*opened.size, _dpi(opened))


def read(content: bytes) -> Image:
    """Raises CaptureTooLarge or CaptureUnreadable."""
    with _opened(content) as opened:
        warnings = one_picture(opened, content)
        dpi = _dpi(opened)
        ImageOps.exif_transpose(opened, in_place=True)
        return Image(_pixels(opened), dpi, warnings)


@contextmanager
def _opened(content: bytes) -> Iterator[Pillow.Image]:
    """A picture of an accepted size, its header read. What fails in the block is the capture's fault."""
    try:
        with Pillow.open(io.BytesIO(content), formats=FORMATS) as opened:
            check_size(*opened.size)
            yield opened
    except (MatcherError, MemoryError):
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
    """A strip at a time: whole pictures would be copied two to five times on the way."""
    picture.load()
    if picture.mode.startswith("I;16"):
        return _from_16_bit(np.asarray(picture), picture)
    if picture.mode in {"I", "F"}:
        raise CaptureUnreadable("the picture has 32 bits per channel; 8 or 16 are accepted")
    if picture.mode in {"LAB", "HSV"}:
        raise CaptureUnreadable(f"the picture's colours are written as {picture.mode}; grey, RGB and CMYK are accepted")
    mode = "L" if picture.mode in {"1", "L", "LA", "La"} else "RGB"
    shown = picture.has_transparency_data and not _is_transparent_everywhere(picture)
    width, height = picture.size
    pixels = np.empty((height, width) if mode == "L" else (height, width, 3), np.uint8)
    for rows in strips(height, width):
        strip = picture.crop((0, rows.start, width, rows.stop))
        pixels[rows] = np.asarray(_flat(strip, mode, shown))
    return pixels


def _flat(strip: Pillow.Image, mode: str, shown: bool) -> Pillow.Image:
    """In grey or RGB. shown: its transparency, over white paper; otherwise it is left out."""
    if not strip.has_transparency_data:
        return strip if strip.mode == mode else strip.convert(mode)
    layer = strip.convert("RGBA")
    return (Pillow.alpha_composite(Pillow.new("RGBA", layer.size, "white"), layer) if shown else layer).convert(mode)


def _is_transparent_everywhere(picture: Pillow.Image) -> bool:
    """A picture that would show nothing is not meant so."""
    width, height = picture.size
    return all(
        picture.crop((0, rows.start, width, rows.stop)).convert("RGBA").getchannel("A").getextrema() == (0, 0)
        for rows in strips(height, width)
    )


def _from_16_bit(values: np.ndarray[Any, Any], picture: Pillow.Image) -> Pixels:
    """Grey levels of 12 or 16 bits in 8. TIFF alone has 12, and may count from white: Pillow applies neither."""
    tags = getattr(picture, "tag_v2", {})
    most = 4095 if tags.get(BITS_PER_SAMPLE) == (12,) else 65535
    pixels = np.empty(values.shape, np.uint8)
    for rows in strips(*values.shape):
        pixels[rows] = (values[rows].astype(np.uint32) * 255 + most // 2) // most
    return 255 - pixels if tags.get(PHOTOMETRIC) == WHITE_IS_ZERO else pixels

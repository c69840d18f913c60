"""What a header states, and the checks that every decoder makes before it decodes."""

import math
from dataclasses import dataclass

from matcher.errors import CaptureEmpty, CaptureTooLarge, CaptureUnreadable, TooManyPixels
from matcher.parameters import DECODE_MAX_BYTES, DECODE_MAX_PIXELS, SANE_DPI


def check_bytes(content: bytes) -> None:
    """Raises CaptureEmpty for no bytes, CaptureTooLarge for too many."""
    if not content:
        raise CaptureEmpty("the file is empty")
    if len(content) > DECODE_MAX_BYTES:
        raise CaptureTooLarge(f"the file has {len(content):,} bytes; at most {DECODE_MAX_BYTES:,} are accepted")


@dataclass(frozen=True, slots=True)
class Header:
    """What is known of a picture before it is decoded. width, height: pixels, as stored.

    dpi: None if the header states none that is plausible. dpi_is_final: decoding will not find another.
    """

    width: int
    height: int
    dpi: float | None = None
    dpi_is_final: bool = True

    @property
    def pixels(self) -> int:
        return self.width * self.height


def check_size(width: int, height: int) -> None:
    """Raises CaptureUnreadable for an empty picture, TooManyPixels for one of too many pixels."""
    if width < 1 or height < 1:
        raise CaptureUnreadable("the picture has no pixels")
    if width * height > DECODE_MAX_PIXELS:
        raise TooManyPixels(f"the picture has {width} × {height} pixels; at most {DECODE_MAX_PIXELS:,} are accepted")


def plausible(dpi: float) -> float | None:
    """A header's resolution rounded to 1 dpi, or None if it is a placeholder such as 72 or 1."""
    if not math.isfinite(dpi) or not SANE_DPI[0] <= dpi <= SANE_DPI[1]:
        return None
    return float(round(dpi))

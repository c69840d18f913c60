"""Finger image records of ISO/IEC 19794-4, versions 010 (2005) and 020 (2011), with one finger."""

import struct
from dataclasses import dataclass

import numpy as np

from matcher.decode.limits import check_size, plausible
from matcher.errors import CaptureUnreadable
from matcher.types import Image

START = b"FIR\x00"
OLD, NEW = b"010\x00", b"020\x00"
NAMES = struct.Struct(">4s4s")
OLD_HEADER = struct.Struct(">8x6s4xBB4xHHBBxx")
"""Length, number of fingers, unit of resolution, resolution across and down, bits per pixel, compression."""
OLD_VIEW = struct.Struct(">IxBxxxHHx")
"""Length, number of views, width, height."""
NEW_HEADER = struct.Struct(">8xIHBB")
"""Length, number of representations, whether certificates follow, number of fingers."""
NEW_REPRESENTATION = struct.Struct(">I9x5xB")
"""Length, number of quality blocks; before it date, time and device."""
QUALITY, CERTIFICATE = 5, 3
NEW_VIEW = struct.Struct(">xxB4xHHBBxHHI")
"""Unit of resolution, resolution across and down, bits per pixel, compression, width, height, bytes of the image."""
RAW, PACKED = 0, 1
PER_CENTIMETRE = 2


@dataclass(frozen=True, slots=True)
class View:
    """One finger's image as the record holds it. dpi: None if the record's is not plausible."""

    content: bytes
    compression: int
    width: int
    height: int
    dpi: float | None

    @property
    def is_raw(self) -> bool:
        return self.compression == RAW

    def raw_image(self) -> Image:
        """The picture of an uncompressed view. Raises CaptureTooLarge or CaptureUnreadable."""
        check_size(self.width, self.height)
        if len(self.content) != self.width * self.height:
            raise CaptureUnreadable("the finger record has not as many pixels as it states")
        return Image(np.frombuffer(self.content, np.uint8).reshape(self.height, self.width).copy(), self.dpi)


def accepts(content: bytes) -> bool:
    return content.startswith(START)


def only_view(content: bytes) -> View:
    """The one view of a record. Raises CaptureUnreadable for several views, for 16 bits per pixel, for damage."""
    try:
        _, version = NAMES.unpack_from(content)
        if version not in {OLD, NEW}:
            raise CaptureUnreadable("the finger record is not of ISO/IEC 19794-4, version 010 or 020")
        view, bits = (_old if version == OLD else _new)(content)
    except struct.error as short:
        raise CaptureUnreadable("the finger record is cut short") from short
    if bits != 8 or view.compression == PACKED:
        raise CaptureUnreadable("the finger record's image has not 8 bits per pixel")
    return view


def _old(content: bytes) -> tuple[View, int]:
    length, fingers, unit, across, down, bits, compression = OLD_HEADER.unpack_from(content)
    block, views, width, height = OLD_VIEW.unpack_from(content, OLD_HEADER.size)
    _require_one(fingers * views)
    end = OLD_HEADER.size + block
    _require_whole(OLD_HEADER.size + OLD_VIEW.size, end, int.from_bytes(length), len(content))
    picture = content[OLD_HEADER.size + OLD_VIEW.size : end]
    return View(picture, compression, width, height, _dpi(unit, across, down)), bits


def _new(content: bytes) -> tuple[View, int]:
    length, representations, certified, _ = NEW_HEADER.unpack_from(content)
    _require_one(representations)
    block, qualities = NEW_REPRESENTATION.unpack_from(content, NEW_HEADER.size)
    at = NEW_HEADER.size + NEW_REPRESENTATION.size + qualities * QUALITY
    if certified:
        (certificates,) = struct.unpack_from(">B", content, at)
        at += 1 + certificates * CERTIFICATE
    unit, across, down, bits, compression, width, height, size = NEW_VIEW.unpack_from(content, at)
    start = at + NEW_VIEW.size
    _require_whole(start, start + size, NEW_HEADER.size + block, min(length, len(content)))
    return View(content[start : start + size], compression, width, height, _dpi(unit, across, down)), bits


def _require_one(views: int) -> None:
    if views != 1:
        raise CaptureUnreadable(f"the finger record holds {views} images; one is expected")


def _require_whole(start: int, end: int, length: int, available: int) -> None:
    if not start < end <= length <= available:
        raise CaptureUnreadable(
            "the lengths in the finger record do not agree with the file; it is damaged or cut short"
        )


def _dpi(unit: int, across: int, down: int) -> float | None:
    if across != down:
        return None
    return plausible(across * 2.54 if unit == PER_CENTIMETRE else across)

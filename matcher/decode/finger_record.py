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
OLD_VIEW = struct.Struct(">IBBxxxHHx")
"""Length, finger, number of views, width, height."""
NEW_HEADER = struct.Struct(">8xIHBB")
"""Length, number of representations, whether certificates follow, number of fingers."""
NEW_REPRESENTATION = struct.Struct(">I9x5xB")
"""Length, number of quality blocks; before it date, time and device."""
QUALITY, CERTIFICATE = 5, 3
NEW_VIEW = struct.Struct(">BxB4xHHBBxHHI")
"""Finger, unit, resolution across and down, bits per pixel, compression, width, height, bytes of the image."""
RAW, PACKED = 0, 1
PER_INCH, PER_CENTIMETRE = 1, 2
ANSI_IDENTIFIER = slice(14, 18)
"""The product identifier that ANSI INCITS 381-2004 has and ISO/IEC 19794-4 has not; the rest is the same."""


@dataclass(frozen=True, slots=True)
class View:
    """One finger's image as the record holds it.

    position: the record's own code, 0 where it does not know. dpi: None if the record's is not plausible.
    """

    content: bytes
    position: int
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


ADVICE = "send the picture that it holds"


def accepts(content: bytes) -> bool:
    return content.startswith(START)


def extent(content: bytes) -> tuple[int, int]:
    """Bytes that the record states, and bytes of its header. Nothing is checked."""
    if content[4:8] == OLD:
        return int.from_bytes(content[8:14]), OLD_HEADER.size
    return int.from_bytes(content[8:12]), NEW_HEADER.size


def only_view(content: bytes) -> View:
    """The one view of a record. Raises CaptureUnreadable for several views, for 16 bits per pixel, for damage."""
    try:
        _, version = NAMES.unpack_from(content)
        if version not in {OLD, NEW}:
            raise CaptureUnreadable(f"the finger record is not of ISO/IEC 19794-4, version 010 or 020; {ADVICE}")
        if version == OLD and _is_ansi(content):
            raise CaptureUnreadable(f"this is a finger record of ANSI INCITS 381, not of ISO/IEC 19794-4; {ADVICE}")
        view, bits = (_old if version == OLD else _new)(content)
    except struct.error as short:
        raise CaptureUnreadable("the finger record is cut short") from short
    if bits != 8 or view.compression == PACKED:
        raise CaptureUnreadable("the finger record's image has not 8 bits per pixel")
    return view


def _is_ansi(content: bytes) -> bool:
    """Whether the header makes sense only with ANSI's product identifier in it."""
    without = content[: ANSI_IDENTIFIER.start] + content[ANSI_IDENTIFIER.stop :]
    if len(without) < OLD_HEADER.size + OLD_VIEW.size:
        return False
    length, _, unit, *_ = OLD_HEADER.unpack_from(without)
    block, *_ = OLD_VIEW.unpack_from(without, OLD_HEADER.size)
    end = len(content) - len(without) + OLD_HEADER.size + block
    return unit in {PER_INCH, PER_CENTIMETRE} and end <= int.from_bytes(length) <= len(content)


def _old(content: bytes) -> tuple[View, int]:
    length, fingers, unit, across, down, bits, compression = OLD_HEADER.unpack_from(content)
    block, position, views, width, height = OLD_VIEW.unpack_from(content, OLD_HEADER.size)
    _require_one(fingers * views)
    end = OLD_HEADER.size + block
    _require_whole(OLD_HEADER.size + OLD_VIEW.size, end, int.from_bytes(length), len(content))
    picture = content[OLD_HEADER.size + OLD_VIEW.size : end]
    return View(picture, position, compression, width, height, _dpi(unit, across, down)), bits


def _new(content: bytes) -> tuple[View, int]:
    length, representations, certified, _ = NEW_HEADER.unpack_from(content)
    _require_one(representations)
    block, qualities = NEW_REPRESENTATION.unpack_from(content, NEW_HEADER.size)
    at = NEW_HEADER.size + NEW_REPRESENTATION.size + qualities * QUALITY
    if certified:
        (certificates,) = struct.unpack_from(">B", content, at)
        at += 1 + certificates * CERTIFICATE
    position, unit, across, down, bits, compression, width, height, size = NEW_VIEW.unpack_from(content, at)
    start = at + NEW_VIEW.size
    _require_whole(start, start + size, NEW_HEADER.size + block, min(length, len(content)))
    return View(content[start : start + size], position, compression, width, height, _dpi(unit, across, down)), bits


def _require_one(views: int) -> None:
    if views != 1:
        raise CaptureUnreadable(f"the finger record holds {views} images; send one record per finger")


def _require_whole(start: int, end: int, length: int, available: int) -> None:
    if not start < end <= length <= available:
        raise CaptureUnreadable(
            "the lengths in the finger record do not agree with the file; it is damaged or cut short"
        )


def _dpi(unit: int, across: int, down: int) -> float | None:
    if across != down:
        return None
    return plausible(across * 2.54 if unit == PER_CENTIMETRE else across)

"""Finger minutiae records of ISO/IEC 19794-2, read and written: versions " 20" (2005) and "030" (2011), of one finger.

Only the record formats; the compact formats of chip cards have no header by which to recognise them. Records count
directions anticlockwise in 256ths of a full rotation, `Minutiae` clockwise in radians; both point along the ridge from
its end, y down.
"""

import struct
from dataclasses import replace
from enum import Enum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from matcher.decode.limits import check_bytes, plausible
from matcher.decode.padding import without_padding
from matcher.decode.stated import dpi_warnings, position_warnings
from matcher.errors import CaptureDamaged, CaptureUnreadable, TooFewFeatures
from matcher.finger.ansi import is_ansi_record
from matcher.finger.quality import minutiae_quality
from matcher.parameters import DPI_AGREES, FEWEST_MINUTIAE, FINGER_DPI, UNSTATED_MINUTIA_QUALITY
from matcher.types import FINGERS, CaptureWarning, Minutiae, Position, Quality, WarningCode

START = b"FMR\x00"


class Version(Enum):
    """An edition of the standard, by the version number its records carry."""

    V2005 = b" 20\x00"
    V2011 = b"030\x00"


_NAMES = struct.Struct(">4s4sI")
"""Format, version, length of the record."""
_OLD_HEADER = struct.Struct(">4s4sI2xHHHHBB")
"""The names, width, height, pixels per centimetre across and down, number of views, zero."""
_OLD_VIEW = struct.Struct(">BBBB")
"""Finger, view number and impression, quality, number of minutiae."""
_NEW_HEADER = struct.Struct(">4s4sIHB")
"""The names, number of representations, whether certificates follow."""
_NEW_REPRESENTATION = struct.Struct(">I9s5xB")
"""Length, date and time, device (not stated), number of quality blocks."""
_NEW_QUALITY, _NEW_CERTIFICATE = struct.Struct(">BHH"), 3
"""Quality, and codes of the vendor and the algorithm that measured it."""
_NEW_VIEW = struct.Struct(">BBHHBHHBB")
"""Finger, number, pixels per centimetre across and down, impression, width, height, bytes per minutia, how many."""
_EXTENDED = struct.Struct(">H")
"""Bytes of extended data that follow, at the end of every view."""
_MINUTIA = np.dtype([("x", ">u2"), ("y", ">u2"), ("angle", "u1"), ("quality", "u1")])
"""Kind in the two upper bits of x, then coordinates, direction, quality. Five-byte minutiae have no quality."""

_ENDING, _BIFURCATION, _NO_KIND = 1, 2, 3
_FAR = 0x3FFF  # the fourteen bits of a coordinate
_STEPS = 256  # of direction, in a full rotation
_MOST = 255  # minutiae per record
_PER_CENTIMETRE = round(FINGER_DPI / 2.54)
_NOT_STATED = (254, 255)
_NO_DATE = b"\xff" * 9

_Column = NDArray[np.int64]


class _Columns(NamedTuple):
    """The n minutiae of a record, int64 (n,) each: x with the kind in its upper bits, y, direction, quality."""

    x_and_kind: _Column
    y: _Column
    angle: _Column
    quality: _Column


class _View(NamedTuple):
    """The one view of a record. finger: position code. size: width, height. sampling: pixels per centimetre."""

    finger: int
    size: tuple[int, int]
    sampling: tuple[int, int]
    columns: _Columns


def is_minutiae_record(content: bytes) -> bool:
    """Whether a file states that it is a minutiae record."""
    return content.startswith(START)


def extract_record(
    content: bytes, dpi: float | None = None, position: Position | None = None
) -> tuple[Minutiae, Quality]:
    """As `FingerExtractor.extract`, from a minutiae record instead of a picture.

    dpi, position: as the client states them; a record that states otherwise, or is a little wrong, has warnings in its
    quality. Another extractor's minutiae are at slightly different locations, and some are missing. They can be
    compared with ours, but less well than ours with each other. Raises as `read_minutiae_record`, and TooFewFeatures.
    """
    minutiae, warnings = _read(content, dpi, position)
    if len(minutiae) < FEWEST_MINUTIAE:
        raise TooFewFeatures(f"the record holds {len(minutiae)} minutiae, at least {FEWEST_MINUTIAE} are needed")
    return minutiae, replace(minutiae_quality(minutiae), warnings=warnings)


def read_minutiae_record(content: bytes, dpi: float | None = None) -> Minutiae:
    """The minutiae of a record of one finger, scaled to 500 dpi; possibly none.

    dpi: resolution stated by the client; it overrides the record's. A minutia without a stated quality gets
    UNSTATED_MINUTIA_QUALITY; one that is neither ending nor bifurcation counts as an ending; one on the image's edge is
    moved inside. Raises CaptureDamaged for a record that is cut short, is followed by other bytes than zeros, or has
    values without a meaning in the standard, CaptureUnreadable for another standard or version, several views or an
    implausible resolution, and CaptureTooLarge.
    """
    return _read(content, dpi, None)[0]


def _read(content: bytes, dpi: float | None, position: Position | None) -> tuple[Minutiae, tuple[CaptureWarning, ...]]:
    check_bytes(content)
    try:
        version, length = _checked_names(content)
        header = _OLD_HEADER.size if version == Version.V2005.value else _NEW_HEADER.size
        record, padded = without_padding(content, length, header, "minutiae record")
        if length != len(record):
            raise CaptureDamaged(f"the minutiae record states {length:,} bytes, the file has {len(content):,}")
        view = (_read_old if version == Version.V2005.value else _read_new)(record)
    except struct.error as short:
        raise CaptureDamaged("the minutiae record is cut short") from short
    columns, clamped = _inside(view.columns, view.size)
    own = _own_dpi(view.sampling)
    contradicted = (
        *position_warnings(view.finger, () if position is None else (position,)),
        *dpi_warnings(dpi, "the client", own, "the minutiae record"),
    )
    return _minutiae(columns, _scale(dpi or own, view.sampling)), (*padded, *contradicted, *clamped)


def _checked_names(content: bytes) -> tuple[bytes, int]:
    """Version and stated length. Raises CaptureUnreadable for what is not of ISO/IEC 19794-2."""
    start, version, length = _NAMES.unpack_from(content)
    if start == START and is_ansi_record(content):
        raise CaptureUnreadable(
            "this is a minutiae record of ANSI INCITS 378, not of ISO/IEC 19794-2; let the device write the latter, or "
            "send the finger's picture"
        )
    if start != START or version not in {known.value for known in Version}:
        raise CaptureUnreadable('the record is not of ISO/IEC 19794-2, version " 20" (2005) or "030" (2011)')
    return version, length


def write_minutiae_record(minutiae: Minutiae, version: Version, position: Position, quality: int) -> bytes:
    """A record of one finger, a live and plain impression, at 500 dpi.

    Coordinates are rounded to pixels, directions to 256ths of a full rotation, qualities to hundredths (in 2005 at
    least 0.01, because 0 means not stated). The image's size is the least that holds all minutiae. A record holds 255
    minutiae; of more, those of the highest quality are written. quality: of the print, 0 to 100. Raises ValueError for
    a face, for another quality, or for coordinates outside 0 to 16,382 pixels.
    """
    if not position.is_finger or not 0 <= quality <= 100:
        raise ValueError(f"a record holds a finger with a quality of 0 to 100, not {position} with {quality}")
    rows = np.sort(np.argsort(-minutiae.quality, kind="stable")[:_MOST])
    x, y = (np.rint(part[rows]).astype(np.int64) for part in (minutiae.x, minutiae.y))
    if len(rows) and not 0 <= min(x.min(), y.min()) <= max(x.max(), y.max()) < _FAR:
        raise ValueError(f"a record holds coordinates of 0 to {_FAR - 1} pixels")
    packed = np.zeros(len(rows), _MINUTIA)
    packed["x"] = np.where(minutiae.ending[rows], _ENDING, _BIFURCATION) << 14 | x
    packed["y"] = y
    packed["angle"] = np.rint(-minutiae.direction[rows] * _STEPS / (2 * np.pi)).astype(np.int64) % _STEPS
    least = 1 if version is Version.V2005 else 0
    packed["quality"] = np.clip(np.rint(100 * minutiae.quality[rows]), least, 100)
    size = int(x.max(initial=0)) + 1, int(y.max(initial=0)) + 1
    finger = FINGERS.index(position) + 1
    return (_written_old if version is Version.V2005 else _written_new)(packed, size, finger, quality)


def _read_old(content: bytes) -> _View:
    *_, width, height, across, down, views, reserved = _OLD_HEADER.unpack_from(content)
    _require_one(views)
    _require(reserved == 0, "a reserved byte is not zero")
    finger, _, quality, count = _OLD_VIEW.unpack_from(content, _OLD_HEADER.size)
    _require_quality(quality)
    columns = _columns(content, _OLD_HEADER.size + _OLD_VIEW.size, count, 6)
    columns = _with_quality(columns, stated=~np.isin(columns.quality, (0, *_NOT_STATED)))
    return _View(finger, (width, height), (across, down), columns)


def _read_new(content: bytes) -> _View:
    *_, representations, certified = _NEW_HEADER.unpack_from(content)
    _require_one(representations)
    _require(certified <= 1, "the flag of certificates is neither 0 nor 1")
    length, _, qualities = _NEW_REPRESENTATION.unpack_from(content, _NEW_HEADER.size)
    _require(_NEW_HEADER.size + length == len(content), "its lengths do not agree")
    at = _NEW_HEADER.size + _NEW_REPRESENTATION.size
    if qualities:
        quality, _, _ = _NEW_QUALITY.unpack_from(content, at)
        _require_quality(quality)
    at += qualities * _NEW_QUALITY.size
    if certified:
        (certificates,) = struct.unpack_from(">B", content, at)
        at += 1 + certificates * _NEW_CERTIFICATE
    finger, _, across, down, _, width, height, how, count = _NEW_VIEW.unpack_from(content, at)
    _require(how >> 4 in (5, 6), "a minutia has neither five bytes nor six")
    columns = _columns(content, at + _NEW_VIEW.size, count, how >> 4)
    columns = _with_quality(columns, stated=~np.isin(columns.quality, _NOT_STATED))
    return _View(finger, (width, height), (across, down), columns)


def _columns(content: bytes, start: int, count: int, width: int) -> _Columns:
    """The minutiae as written, `width` bytes each. Raises CaptureDamaged unless the record ends with this view."""
    end = start + count * width
    (extended,) = _EXTENDED.unpack_from(content, end)
    _require(end + _EXTENDED.size + extended == len(content), "its lengths do not agree")
    rows = np.full((count, _MINUTIA.itemsize), _NOT_STATED[0], np.uint8)
    rows[:, :width] = np.frombuffer(content, np.uint8, count * width, start).reshape(count, width)
    packed = rows.view(_MINUTIA)[:, 0]
    return _Columns(*(packed[name].astype(np.int64) for name in ("x", "y", "angle", "quality")))


def _with_quality(columns: _Columns, stated: NDArray[np.bool_]) -> _Columns:
    """Qualities in hundredths, −1 for those not stated. Raises CaptureDamaged for one above 100."""
    _require(not (columns.quality[stated] > 100).any(), "the quality of a minutia is above 100")
    return columns._replace(quality=np.where(stated, columns.quality, -1))


def _inside(columns: _Columns, size: tuple[int, int]) -> tuple[_Columns, tuple[CaptureWarning, ...]]:
    """The kind left in x's upper bits, and coordinates inside the image, with a warning if any had to be moved.

    A minutia at x = width or y = height, as widely used extractors write it, is moved by one pixel. Raises
    CaptureDamaged for one that is farther outside, or an impossible size.
    """
    (width, height), x = size, columns.x_and_kind & _FAR
    _require(0 < min(size) <= max(size) <= _FAR, "the size of its image is impossible")
    _require(not ((x > width) | (columns.y > height)).any(), "a minutia lies outside the image")
    moved = int(((x == width) | (columns.y == height)).sum())
    if not moved:
        return columns, ()
    detail = f"{moved} minutiae on the edge of the image, {width} × {height} pixels, were moved inside by one pixel"
    inside = columns._replace(x_and_kind=columns.x_and_kind - (x == width), y=np.minimum(columns.y, height - 1))
    return inside, (CaptureWarning(WarningCode.COORDINATES_CLAMPED, detail),)


def _minutiae(columns: _Columns, scale: float) -> Minutiae:
    x_and_kind, y, angle, quality = columns
    kind, x = x_and_kind >> 14, x_and_kind & _FAR
    _require(not (kind == _NO_KIND).any(), "a minutia is of an unknown kind")
    return Minutiae(
        x=(x * scale).astype(np.float32),
        y=(y * scale).astype(np.float32),
        direction=(-angle % _STEPS * (2 * np.pi / _STEPS)).astype(np.float32),
        quality=np.where(quality < 0, UNSTATED_MINUTIA_QUALITY, quality / 100).astype(np.float32),
        ending=kind != _BIFURCATION,
    )


def _own_dpi(sampling: tuple[int, int]) -> float | None:
    """The record's resolution; None if it is not plausible."""
    across, down = sampling
    return plausible(across * 2.54) if across == down else None


def _scale(dpi: float | None, sampling: tuple[int, int]) -> float:
    """The factor from the record's pixels to pixels at 500 dpi."""
    if dpi is None:
        across, down = sampling
        raise CaptureUnreadable(
            f"the minutiae record's resolution, {across} by {down} pixels per centimetre, is not a scanner's"
        )
    scale = FINGER_DPI / dpi
    return 1.0 if abs(scale - 1) <= DPI_AGREES else scale


def _written_old(packed: NDArray[np.void], size: tuple[int, int], finger: int, quality: int) -> bytes:
    view = _OLD_VIEW.pack(finger, 0, quality, len(packed)) + packed.tobytes() + _EXTENDED.pack(0)
    length = _OLD_HEADER.size + len(view)
    sampling = (_PER_CENTIMETRE, _PER_CENTIMETRE)
    return _OLD_HEADER.pack(START, Version.V2005.value, length, *size, *sampling, 1, 0) + view


def _written_new(packed: NDArray[np.void], size: tuple[int, int], finger: int, quality: int) -> bytes:
    sampling = (_PER_CENTIMETRE, _PER_CENTIMETRE)
    view = _NEW_QUALITY.pack(quality, 0, 0)
    view += _NEW_VIEW.pack(finger, 0, *sampling, 0, *size, _MINUTIA.itemsize << 4, len(packed))
    view += packed.tobytes() + _EXTENDED.pack(0)
    length = _NEW_REPRESENTATION.size + len(view)
    header = _NEW_HEADER.pack(START, Version.V2011.value, _NEW_HEADER.size + length, 1, 0)
    return header + _NEW_REPRESENTATION.pack(length, _NO_DATE, 1) + view


def _require_one(views: int) -> None:
    if views != 1:
        raise CaptureUnreadable(f"the minutiae record holds {views} views; send one record per finger, with one view")


def _require_quality(quality: int) -> None:
    _require(quality <= 100 or quality in _NOT_STATED, f"a quality of {quality}, which is above 100")


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise CaptureDamaged(f"the minutiae record is damaged: {otherwise}")

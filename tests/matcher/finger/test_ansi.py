"""Records of ANSI INCITS 378, laid out here byte by byte: named as such, never mistaken for those of ISO."""

import struct

import pytest

from matcher.errors import CaptureUnreadable
from matcher.finger.ansi import is_ansi_record
from matcher.finger.records import Version, read_minutiae_record, write_minutiae_record
from matcher.types import Position
from tests.data import evaluation_data
from tests.matcher.finger.test_records import new, old, rows_of

ROWS = [(1, 10 + i, 20 + i, i, 50) for i in range(30)]


def of_2004(views: int = 1, *, long: bool = False, extended: bytes = b"") -> bytes:
    view = struct.pack(">BBBB", 2, 0, 80, len(ROWS)) + rows_of(ROWS) + struct.pack(">H", len(extended)) + extended
    rest = struct.pack(">HHHHHHHBB", 0x33, 1, 0, 300, 400, 197, 197, views, 0) + view * views
    size = 8 + (6 if long else 2) + len(rest)
    return b"FMR\x00 20\x00" + (struct.pack(">HI", 0, size) if long else struct.pack(">H", size)) + rest


def of_2009(views: int = 1, *, version: bytes = b"030\x00", extended: bytes = b"") -> bytes:
    view = struct.pack(">BBBBHHHHHHB", 2, 0, 0, 80, 0x33, 1, 300, 400, 197, 197, len(ROWS))
    view += rows_of(ROWS) + struct.pack(">H", len(extended)) + extended
    rest = struct.pack(">HHBHBB", 0x33, 1, 0, 7, views, 0) + view * views
    return b"FMR\x00" + version + struct.pack(">I", 12 + len(rest)) + rest


@pytest.mark.parametrize(
    "content",
    [
        of_2004(),
        of_2004(2),
        of_2004(extended=bytes(7)),
        of_2004(extended=bytes(65_535), long=True),
        of_2004() + bytes(100),
        of_2009(),
        of_2009(3),
        of_2009(extended=bytes(300)),
        of_2009() + bytes(100),
        of_2009(version=b"035\x00"),
    ],
)
def test_records_of_ansi_are_named(content: bytes) -> None:
    with pytest.raises(CaptureUnreadable, match=r"ANSI INCITS 378, .*send the finger's picture"):
        read_minutiae_record(content)


def test_records_of_iso_are_none() -> None:
    whole = [old(), new(), new(width=5, date=b"\xff" * 9), old(extended=bytes(300)), new(extended=bytes(300))]
    found = read_minutiae_record(old())
    whole += [write_minutiae_record(found, version, Position.LEFT_RING, 9) for version in Version]
    for content in whole:
        for end in range(8, len(content) + 1):
            assert not is_ansi_record(content[:end])


def test_evaluation_records_are_none() -> None:
    for path in evaluation_data("formats/iso19794-2").glob("*.iso"):
        assert not is_ansi_record(path.read_bytes())

"""ISO/IEC 19794-5 records of both editions, written here byte by byte as the standard lays them out."""

import struct
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.decode import decode
from matcher.decode.face_record import embedded_picture
from matcher.errors import CaptureUnreadable, MatcherError
from tests.captures import capture


def of_2005(picture: bytes, *, points: int = 2, images: int = 1, version: bytes = b"010\x00") -> bytes:
    information = struct.pack(">H14x", points) + bytes(8 * points)
    image = struct.pack(">BBHHBBHH", 1, 0, 910, 1137, 1, 2, 0, 0) + picture
    block = struct.pack(">I", 4 + len(information) + len(image)) + information + image
    return struct.pack(">4s4sIH", b"FAC\x00", version, 14 + len(block), images) + block


def of_2011(picture: bytes, *, points: int = 2, images: int = 1, qualities: int = 1, shape: bytes = b"") -> bytes:
    captured = struct.pack(">HBBBBBHBHH", 2024, 2, 29, 23, 59, 58, 999, 1, 0xFFFF, 7)
    quality = struct.pack(">B", qualities) + struct.pack(">BHH", 80, 0x001D, 1) * qualities
    information = struct.pack(">HBBBB3sH3s3s", points, 1, 2, 3, 170, b"\1\2\3", 4, b"\1\2\3", b"\4\5\6")
    landmarks = b"".join(struct.pack(">BBHHH", 1, code % 256, 3, 4, 5) for code in range(points))
    image = struct.pack(">BBHHBHBB", 1, 2, 910, 1137, 0, 0, 0, 1) + struct.pack(">I", len(picture)) + picture
    block = captured + quality + information + landmarks + image + shape
    header = struct.pack(">4s4sIHBH", b"FAC\x00", b"030\x00", 17 + 4 + len(block), images, 0, 0)
    return header + struct.pack(">I", 4 + len(block)) + block


EDITIONS = pytest.mark.parametrize("record", [of_2005, of_2011])


@EDITIONS
@pytest.mark.parametrize("points", [0, 1, 22])
def test_the_picture_inside_is_decoded(record: Callable[..., bytes], points: int) -> None:
    portrait = capture("obama.jpg")
    np.testing.assert_array_equal(decode(record(portrait, points=points)).pixels, decode(portrait).pixels)


@given(st.binary(min_size=1, max_size=40), st.integers(0, 255), st.integers(0, 300), st.binary(max_size=40))
def test_of_2011_only_the_picture_is_taken(picture: bytes, qualities: int, points: int, shape: bytes) -> None:
    assert embedded_picture(of_2011(picture, qualities=qualities, points=points, shape=shape)) == picture


def altered(record: bytes, at: int, number: bytes) -> bytes:
    return record[:at] + number + record[at + len(number) :]


@pytest.mark.parametrize(
    ("content", "states"),
    [
        (of_2005(b"picture", version=b"020\x00"), "version is neither"),
        (of_2005(b"picture", images=2), "2 images; send one record per face"),
        (of_2005(b"picture") + b"x", "states 69 bytes, the file has 70, and what follows is not zeros"),
        (of_2011(b"picture") + bytes(9) + b"x", "not zeros"),
        (of_2005(b"picture")[:-1], "length of the record"),
        (of_2005(b"picture")[:20], "length of the record"),
        (of_2005(b"picture")[:13], "length of the record"),
        (of_2005(b"picture")[:7], "version should have 4 bytes, 3 are left"),
        (of_2005(b""), "no bytes"),
        (of_2005(b"picture"), "not a picture"),
        (of_2005(of_2005(b"picture")), "not a picture"),
        (altered(of_2005(b"picture"), 18, b"\0\7"), "feature points should have 56 bytes, 35 are left"),
        (of_2011(b"picture", images=0), "0 images"),
        (of_2011(b"picture", images=2), "2 images"),
        (of_2011(b"picture")[:-1], "length of the record"),
        (altered(of_2011(b"picture"), 8, b"\0\0\0\5"), "length of the record it ends at byte 5"),
        (altered(of_2011(b"picture"), 8, b"\0\0\0\x0d"), "number of images should have 2 bytes, 1 are left"),
        (altered(of_2011(b"picture"), 17, b"\0\0\0\3"), "length of the block"),
        (altered(of_2011(b"picture"), 17, b"\xff\xff\xff\xff"), "length of the block"),
        (altered(of_2011(b"picture"), 17, b"\0\0\0\4"), "capture time and device"),
        (altered(of_2011(b"picture"), 35, b"\xff"), "quality blocks should have 1275 bytes"),
        (altered(of_2011(b"picture"), 41, b"\xff\xff"), "feature points should have 524280 bytes"),
        (altered(of_2011(b"picture", points=0), 69, b"\0\0\0\x08"), "image should have 8 bytes, 7 are left"),
        (of_2011(b""), "no bytes"),
        (of_2011(b"picture"), "not a picture"),
        (of_2011(of_2011(b"picture")), "not a picture"),
    ],
)
def test_the_error_states_what_is_wrong(content: bytes, states: str) -> None:
    with pytest.raises(CaptureUnreadable, match=states):
        decode(content)


@EDITIONS
@given(data=st.data())
def test_a_record_cut_anywhere_is_reported_as_cut(record: Callable[..., bytes], data: st.DataObject) -> None:
    whole = record(b"picture")
    kept = data.draw(st.integers(len(b"FAC\x00"), len(whole) - 1))
    with pytest.raises(CaptureUnreadable, match="damaged or cut short: "):
        decode(whole[:kept])


@given(st.sampled_from([b"", b"010\x00", b"030\x00"]), st.binary(max_size=80))
def test_any_bytes_after_the_name_raise_nothing_but_our_errors(version: bytes, rest: bytes) -> None:
    with pytest.raises(MatcherError):
        decode(b"FAC\x00" + version + rest)


@EDITIONS
def test_zeros_after_a_record_are_ignored_with_a_warning(record: Callable[..., bytes]) -> None:
    portrait = record(capture("obama.jpg"))
    found = decode(portrait + bytes(99))
    np.testing.assert_array_equal(found.pixels, decode(portrait).pixels)
    assert [one.code for one in found.warnings] == ["padding_ignored"]
    assert decode(portrait).warnings == ()

"""ISO/IEC 19794-5:2005 records, written here byte by byte as the standard lays them out."""

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.decode import decode
from matcher.errors import CaptureUnreadable, MatcherError
from tests.captures import capture


def record(picture: bytes, *, points: int = 2, images: int = 1, version: bytes = b"010\x00") -> bytes:
    information = struct.pack(">H14x", points) + bytes(8 * points)
    image = struct.pack(">BBHHBBHH", 1, 0, 910, 1137, 1, 2, 0, 0) + picture
    block = struct.pack(">I", 4 + len(information) + len(image)) + information + image
    return struct.pack(">4s4sIH", b"FAC\x00", version, 14 + len(block), images) + block


@pytest.mark.parametrize("points", [0, 1, 22])
def test_the_picture_inside_is_decoded(points: int) -> None:
    portrait = capture("obama.jpg")
    np.testing.assert_array_equal(decode(record(portrait, points=points)).pixels, decode(portrait).pixels)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (record(b"picture", version=b"030\x00"), "version 010"),
        (record(b"picture", images=2), "2 images"),
        (record(b"picture")[:-1], "lengths"),
        (record(b"picture")[:20], "cut short"),
        (record(b""), "lengths"),
        (record(b"picture"), "not a picture"),
        (record(record(b"picture")), "not a picture"),
    ],
)
def test_what_is_wrong_is_said(content: bytes, says: str) -> None:
    with pytest.raises(CaptureUnreadable, match=says):
        decode(content)


@given(st.binary(max_size=80))
def test_any_bytes_after_the_name_raise_nothing_but_our_errors(rest: bytes) -> None:
    with pytest.raises(MatcherError):
        decode(b"FAC\x00" + rest)

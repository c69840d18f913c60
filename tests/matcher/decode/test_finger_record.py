"""ISO/IEC 19794-4 records, written here byte by byte as both versions of the standard lay them out."""

import struct
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.decode import decode
from matcher.errors import CaptureUnreadable, MatcherError
from matcher.types import Pixels
from tests.captures import capture
from tests.data import evaluation_data

WSQ, PNG = 2, 5


def old(picture: bytes, compression: int, *, size: tuple[int, int] = (1, 1), fingers: int = 1, dpi: int = 500) -> bytes:
    view = struct.pack(">IBBBBBHHB", 14 + len(picture), 2, 1, 1, 80, 0, *size, 0) + picture
    head = struct.pack(">HHBBHHHHBBH", 0, 30, fingers, 1, 500, 500, dpi, dpi, 8, compression, 0)
    return b"FIR\x00010\x00" + (32 + len(view)).to_bytes(6) + head + view


def new(
    picture: bytes, compression: int, *, size: tuple[int, int] = (1, 1), qualities: int = 1, certified: bool = False
) -> bytes:
    quality = bytes([qualities]) + bytes([80, 0, 1, 0, 2]) * qualities
    certificates = bytes([2]) + bytes(6) if certified else b""
    view = struct.pack(">BBBHHHHBBBHHI", 2, 0, 2, 197, 197, 197, 197, 8, compression, 29, *size, len(picture))
    body = bytes(14) + quality + certificates + view + picture
    body = struct.pack(">I", 4 + len(body)) + body
    return b"FIR\x00020\x00" + struct.pack(">IHBB", 16 + len(body), 1, certified, 1) + body


def grey(height: int, width: int) -> Pixels:
    return np.random.default_rng(1).integers(0, 256, (height, width), np.uint8)


@pytest.mark.parametrize("record", [old, new])
@pytest.mark.parametrize(("name", "compression"), [("test.wsq", WSQ), ("p1_1.png", PNG)])
def test_the_picture_inside_is_decoded(record: Callable[..., bytes], name: str, compression: int) -> None:
    found = decode(record(capture(name), compression))
    np.testing.assert_array_equal(found.pixels, decode(capture(name)).pixels)
    assert found.dpi == 500


@pytest.mark.parametrize("record", [old, new])
def test_raw_pixels(record: Callable[..., bytes]) -> None:
    pixels = grey(30, 20)
    np.testing.assert_array_equal(decode(record(pixels.tobytes(), 0, size=(20, 30))).pixels, pixels)
    with pytest.raises(CaptureUnreadable, match="as many pixels"):
        decode(record(pixels.tobytes()[:-1], 0, size=(20, 30)))


def test_quality_blocks_and_certificates_are_stepped_over() -> None:
    pixels = grey(4, 5)
    found = decode(new(pixels.tobytes(), 0, size=(5, 4), qualities=3, certified=True)).pixels
    np.testing.assert_array_equal(found, pixels)


def test_the_clients_resolution_wins_over_the_records() -> None:
    assert decode(old(grey(4, 5).tobytes(), 0, size=(5, 4), dpi=1000)).dpi == 1000
    assert decode(old(grey(4, 5).tobytes(), 0, size=(5, 4), dpi=1000), dpi=569).dpi == 569


@pytest.mark.parametrize(
    ("content", "states"),
    [
        (old(b"x", 0, fingers=2), "2 images"),
        (old(b"x", 0)[:-1], "lengths"),
        (new(b"x", 0)[:-1], "lengths"),
        (old(b"x", 0)[:20], "cut short"),
        (new(b"x", 0)[:30], "cut short"),
        (old(b"x", 1), "8 bits"),
        (b"FIR\x00030\x00" + bytes(60), "version 010 or 020"),
        (old(b"nothing", WSQ), "not a picture"),
    ],
)
def test_the_error_states_what_is_wrong(content: bytes, states: str) -> None:
    with pytest.raises(CaptureUnreadable, match=states):
        decode(content)


@given(version=st.sampled_from([b"010\x00", b"020\x00", b""]), rest=st.binary(max_size=90))
def test_any_bytes_after_the_name_raise_nothing_but_our_errors(version: bytes, rest: bytes) -> None:
    try:
        assert decode(b"FIR\x00" + version + rest).pixels.size
    except MatcherError:
        return


def test_records_of_other_makers_are_read() -> None:
    files = sorted(evaluation_data("formats/iso19794-4").glob("*.iso"))
    assert files
    for path in files:
        found = decode(path.read_bytes())
        assert found.dpi == 500, path.name
        assert min(found.pixels.shape) > 150, path.name

"""ISO/IEC 19794-4 records, written here byte by byte as both versions of the standard lay them out."""

import re
import struct
from collections.abc import Callable, Collection
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

from matcher.decode import decode
from matcher.errors import CaptureUnreadable, MatcherError
from matcher.types import SLAPS, Pixels, Position
from tests.captures import capture
from tests.data import evaluation_data

WSQ, PNG = 2, 5


def old(
    picture: bytes,
    compression: int,
    *,
    size: tuple[int, int] = (1, 1),
    fingers: int = 1,
    dpi: int = 500,
    position: int = 2,
) -> bytes:
    view = struct.pack(">IBBBBBHHB", 14 + len(picture), position, 1, 1, 80, 0, *size, 0) + picture
    head = struct.pack(">HHBBHHHHBBH", 0, 30, fingers, 1, 500, 500, dpi, dpi, 8, compression, 0)
    return b"FIR\x00010\x00" + (32 + len(view)).to_bytes(6) + head + view


def new(
    picture: bytes,
    compression: int,
    *,
    size: tuple[int, int] = (1, 1),
    qualities: int = 1,
    certified: bool = False,
    fingers: int = 1,
    position: int = 2,
) -> bytes:
    quality = bytes([qualities]) + bytes([80, 0, 1, 0, 2]) * qualities
    certificates = bytes([2]) + bytes(6) if certified else b""
    view = struct.pack(">BBBHHHHBBBHHI", position, 0, 2, 197, 197, 197, 197, 8, compression, 29, *size, len(picture))
    body = bytes(14) + quality + certificates + view + picture
    body = struct.pack(">I", 4 + len(body)) + body
    return b"FIR\x00020\x00" + struct.pack(">IHBB", 16 + len(body), fingers, certified, 1) + body


def of_ansi(picture: bytes, compression: int) -> bytes:
    """ANSI INCITS 381-2004: a product identifier more in the header."""
    content = old(picture, compression)
    return content[:8] + (len(content) + 4).to_bytes(6) + b"\0\x33\0\1" + content[14:]


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
        (old(b"x", 0, fingers=2), "2 images; send one record per finger"),
        (new(b"x", 0, fingers=3), "3 images; send one record per finger"),
        (old(b"x", 0) + bytes(5) + b"x", "states 47 bytes, the file has 53, and what follows is not zeros"),
        (new(b"x", 0) + b"x", "not zeros"),
        (old(b"x", 0)[:-1], "lengths"),
        (new(b"x", 0)[:-1], "lengths"),
        (old(b"x", 0)[:20], "cut short"),
        (new(b"x", 0)[:30], "cut short"),
        (old(b"x", 1), "8 bits"),
        (b"FIR\x00030\x00" + bytes(60), "version 010 or 020"),
        (old(b"nothing", WSQ), "not a picture"),
        (of_ansi(bytes(300), 0), "ANSI INCITS 381.*send the picture that it holds"),
        (of_ansi(b"x", WSQ) + bytes(9), "ANSI INCITS 381"),
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


def codes(content: bytes, dpi: float | None = None, sent_as: Collection[Position] = ()) -> list[str]:
    return [one.code for one in decode(content, dpi=dpi, sent_as=sent_as).warnings]


@pytest.mark.parametrize("record", [old, new])
def test_zeros_after_a_record_are_ignored_with_a_warning(record: Callable[..., bytes]) -> None:
    content = record(grey(4, 5).tobytes(), 0, size=(5, 4))
    np.testing.assert_array_equal(decode(content + bytes(99)).pixels, grey(4, 5))
    assert (codes(content), codes(content + bytes(99))) == ([], ["padding_ignored"])


RIGHT_FOUR = SLAPS["plain_right_four"]
CONTRADICTED = ["position_contradicted"]


@pytest.mark.parametrize("record", [old, new])
@pytest.mark.parametrize(
    ("position", "sent_as", "expected", "states"),
    [
        (2, (Position.RIGHT_INDEX,), [], ""),
        (0, (Position.RIGHT_INDEX,), [], ""),
        (7, (Position.RIGHT_INDEX,), CONTRADICTED, r"states left_index \(position code 7\).* sent as right_index"),
        (13, (Position.RIGHT_INDEX,), CONTRADICTED, "right_index, right_middle, right_ring, right_little"),
        (15, (Position.RIGHT_THUMB,), CONTRADICTED, "left_thumb, right_thumb"),
        (46, (Position.RIGHT_INDEX,), CONTRADICTED, "right_index, left_index"),
        (23, (Position.LEFT_RING,), CONTRADICTED, "a palm"),
        (200, (Position.LEFT_RING,), CONTRADICTED, "no known finger"),
        (13, RIGHT_FOUR, [], ""),
        (48, RIGHT_FOUR, [], ""),
        (0, RIGHT_FOUR, [], ""),
        (14, RIGHT_FOUR, CONTRADICTED, "left_little"),
        (2, RIGHT_FOUR, CONTRADICTED, "right_index"),
        (15, SLAPS["plain_thumbs"], [], ""),
        (7, (), [], ""),
    ],
)
def test_a_record_that_contradicts_the_clients_position_has_a_warning(
    record: Callable[..., bytes], position: int, sent_as: Collection[Position], expected: list[str], states: str
) -> None:
    found = decode(record(grey(4, 5).tobytes(), 0, size=(5, 4), position=position), sent_as=sent_as).warnings
    assert [one.code for one in found] == expected
    assert all(re.search(states, one.detail) for one in found)


def picture_of(dpi: float) -> bytes:
    out = BytesIO()
    Pillow.fromarray(grey(40, 30)).save(out, "PNG", dpi=(dpi, dpi))
    return out.getvalue()


def test_a_file_that_contradicts_the_clients_resolution_has_a_warning() -> None:
    for content in (picture_of(1000), old(grey(4, 5).tobytes(), 0, size=(5, 4), dpi=1000)):
        assert codes(content) == codes(content, dpi=1000) == codes(content, dpi=1003) == []
        (warning,) = decode(content, dpi=500).warnings
        assert warning.code == "dpi_contradicted"
        assert "1000 dpi, the client 500 dpi; the latter" in warning.detail
    assert codes(picture_of(72), dpi=500) == []  # a placeholder
    assert codes(picture_of(1000), 500, (Position.FACE,)) == []  # of no consequence


def test_a_picture_that_contradicts_its_record_has_a_warning() -> None:
    content = old(picture_of(1000), PNG)
    assert decode(content).dpi == 500
    assert codes(content) == ["dpi_contradicted"]
    assert codes(content, dpi=1000) == ["dpi_contradicted"] * 2
    assert codes(old(picture_of(500), PNG)) == []


def test_the_print_of_two_resolutions_has_a_warning() -> None:
    folder = evaluation_data("field/wrong_dpi_header")
    left = (Position.LEFT_INDEX,)
    assert codes((folder / "left_index.jp2").read_bytes(), 500, left) == ["dpi_contradicted"]
    record = decode((folder / "left_index_same_picture.iso").read_bytes(), sent_as=left)
    assert "dpi_contradicted" in [one.code for one in record.warnings]
    assert record.dpi == 500

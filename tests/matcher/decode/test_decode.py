"""Every accepted format comes back as it went in, and no bytes raise anything but the matcher's errors."""

import io
import struct
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow

from matcher.decode import decode
from matcher.errors import CaptureTooLarge, CaptureUnreadable, MatcherError
from matcher.parameters import DECODE_MAX_BYTES
from matcher.types import Pixels
from tests.captures import capture
from tests.data import evaluation_data

LOSSLESS = {"PNG": {}, "BMP": {}, "TIFF": {}, "WEBP": {"lossless": True}, "JPEG2000": {}}
FORMATS = [*LOSSLESS, "JPEG"]


def written(picture: Pillow.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def scene(*shape: int) -> Pixels:
    return np.random.default_rng(1).integers(0, 256, shape, np.uint8)


@pytest.mark.parametrize("kind", LOSSLESS)
def test_colour_comes_back_exactly(kind: str) -> None:
    pixels = scene(40, 60, 3)
    np.testing.assert_array_equal(decode(written(Pillow.fromarray(pixels), kind, **LOSSLESS[kind])).pixels, pixels)


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "JPEG2000"])
def test_grey_stays_grey(kind: str) -> None:
    pixels = scene(40, 60)
    np.testing.assert_array_equal(decode(written(Pillow.fromarray(pixels), kind)).pixels, pixels)


def test_jpeg_is_close() -> None:
    pixels = np.linspace(0, 255, 64 * 64).reshape(64, 64).astype(np.uint8)
    found = decode(written(Pillow.fromarray(pixels), "JPEG", quality=95)).pixels
    assert np.abs(found.astype(int) - pixels).max() <= 8


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_16_bits_are_scaled_to_8(kind: str) -> None:
    values = np.array([[0, 128, 257, 32896, 65535]], np.uint16)
    np.testing.assert_array_equal(decode(written(Pillow.fromarray(values), kind)).pixels, [[0, 0, 1, 128, 255]])


def test_32_bits_are_refused() -> None:
    with pytest.raises(CaptureUnreadable, match="32 bits"):
        decode(written(Pillow.fromarray(np.ones((4, 4), np.float32)), "TIFF"))


def test_transparency_is_flattened_on_white() -> None:
    colour = Pillow.new("RGBA", (2, 1), (10, 20, 30, 255))
    colour.putpixel((1, 0), (10, 20, 30, 0))
    np.testing.assert_array_equal(decode(written(colour, "PNG")).pixels, [[[10, 20, 30], [255, 255, 255]]])
    grey = Pillow.new("LA", (2, 1), (7, 0))
    grey.putpixel((1, 0), (7, 255))
    np.testing.assert_array_equal(decode(written(grey, "PNG")).pixels, [[255, 7]])


def test_palette_bilevel_and_cmyk() -> None:
    red = Pillow.new("RGB", (3, 2), (255, 0, 0))
    np.testing.assert_array_equal(decode(written(red.quantize(4), "PNG")).pixels, np.asarray(red))
    np.testing.assert_array_equal(decode(written(Pillow.new("1", (2, 2), 1), "PNG")).pixels, np.full((2, 2), 255))
    np.testing.assert_array_equal(decode(written(red.convert("CMYK"), "TIFF")).pixels, np.asarray(red))


@pytest.mark.parametrize(("orientation", "quarters"), [(1, 0), (3, 2), (6, -1), (8, 1)])
def test_exif_orientation_is_applied(orientation: int, quarters: int) -> None:
    pixels = scene(4, 6)
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    found = decode(written(Pillow.fromarray(pixels), "PNG", exif=exif)).pixels
    np.testing.assert_array_equal(found, np.rot90(pixels, quarters))


@pytest.mark.parametrize(("header", "expected"), [(500, 500), (1000, 1000), (72, None), (96, None), (9999, None)])
def test_resolution_of_the_header_counts_if_plausible(header: int, expected: float | None) -> None:
    content = written(Pillow.fromarray(scene(8, 8)), "PNG", dpi=(header, header))
    assert decode(content).dpi == expected
    assert decode(content, dpi=569).dpi == 569


def test_resolution_that_differs_across_and_down_does_not_count() -> None:
    assert decode(written(Pillow.fromarray(scene(8, 8)), "PNG", dpi=(500, 250))).dpi is None


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"\xff\xa0", b"\xff\xa0\xff\xa2", b"\x89PNG\r\n\x1a\n", bytes(1000)]
)
def test_what_is_no_picture_is_unreadable(content: bytes) -> None:
    with pytest.raises(CaptureUnreadable):
        decode(content)


def test_other_formats_are_refused() -> None:
    with pytest.raises(CaptureUnreadable, match="PNG"):
        decode(written(Pillow.fromarray(scene(8, 8)), "GIF"))


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("share", [0.3, 0.7, 0.95])
def test_a_truncated_picture_is_unreadable(kind: str, share: float) -> None:
    content = written(Pillow.fromarray(scene(60, 60, 3)), kind)
    with pytest.raises(CaptureUnreadable):
        decode(content[: int(len(content) * share)])


def test_too_many_bytes() -> None:
    with pytest.raises(CaptureTooLarge, match="bytes"):
        decode(bytes(DECODE_MAX_BYTES + 1))


@pytest.mark.parametrize("side", [7_000, 12_000, 60_000])
def test_too_many_pixels_are_refused_by_the_header_alone(side: int) -> None:
    header = b"IHDR" + struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    content = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    content += struct.pack(">I", 0) + b"IDAT" + struct.pack(">I", zlib.crc32(b"IDAT"))
    with pytest.raises(CaptureTooLarge, match="pixels"):
        decode(content)


def test_too_large_a_wsq_frame_is_refused_by_the_header_alone() -> None:
    frame = b"\xff\xa2" + struct.pack(">HBBHH", 17, 0, 255, 60_000, 60_000)
    with pytest.raises(CaptureTooLarge, match="60000 × 60000"):
        decode(b"\xff\xa0" + frame + bytes(20))


def test_wsq() -> None:
    found = decode(capture("test.wsq"))
    assert found.pixels.shape == (520, 540)
    assert found.pixels.std() > 20
    assert found.dpi is None  # the file states none


def test_wsq_that_would_end_the_process_is_unreadable() -> None:
    content = capture("test.wsq")
    with pytest.raises(CaptureUnreadable):
        decode(content[: len(content) // 3])


def test_evaluation_files_decode() -> None:
    for folder in ("formats/wsq", "formats/jp2"):
        for path in evaluation_data(folder).iterdir():
            found = decode(path.read_bytes())
            assert found.pixels.ndim == 2
            assert found.dpi in {500, 1000}


def test_threads_do_not_disturb_each_other() -> None:
    contents = [written(Pillow.fromarray(scene(50, 40 + i, 3)), kind) for i, kind in enumerate(FORMATS * 3)]
    contents.append(capture("test.wsq"))
    alone = [decode(content).pixels for content in contents]
    with ThreadPoolExecutor(4) as pool:
        for found, wanted in zip(pool.map(decode, contents), alone, strict=True):
            np.testing.assert_array_equal(found.pixels, wanted)


SMALL = {kind: written(Pillow.fromarray(scene(12, 10, 3)), kind) for kind in FORMATS}


def damaged(content: bytes, edits: list[tuple[int, int]], keep: float) -> bytes:
    changed = bytearray(content)
    for at, value in edits:
        changed[at % len(changed)] = value
    return bytes(changed[: int(len(changed) * keep)])


EDITS = st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(0, 255)), max_size=6)
KEEP = st.sampled_from([1.0, 1.0, 0.99, 0.5])


def decodes_or_is_refused(content: bytes) -> None:
    try:
        found = decode(content)
    except MatcherError:
        return
    assert found.pixels.dtype == np.uint8
    assert found.pixels.ndim in {2, 3}


@pytest.mark.parametrize("kind", FORMATS)
@settings(max_examples=120, deadline=None)
@given(edits=EDITS, keep=KEEP)
def test_damage_raises_nothing_but_our_errors(kind: str, edits: list[tuple[int, int]], keep: float) -> None:
    decodes_or_is_refused(damaged(SMALL[kind], edits, keep))


@settings(max_examples=20, deadline=None)
@given(edits=EDITS, keep=KEEP)
def test_damaged_wsq_raises_nothing_but_our_errors(edits: list[tuple[int, int]], keep: float) -> None:
    decodes_or_is_refused(damaged(capture("test.wsq"), edits, keep))


def test_want_of_memory_is_not_the_capture_s_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would be recorded as damaged, and the person enrolled without it."""

    def starved(picture: object) -> None:
        raise MemoryError

    monkeypatch.setattr("matcher.decode.picture._pixels", starved)
    with pytest.raises(MemoryError):
        decode(capture("p1_1.png"))


def test_a_decoder_that_the_system_kills_is_not_the_capture_s_fault(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    child = tmp_path / "child.py"
    child.write_text("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n")
    monkeypatch.setattr("matcher.decode.wsq.CHILD", child)
    with pytest.raises(MemoryError):
        decode(capture("test.wsq"))

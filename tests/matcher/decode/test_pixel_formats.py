"""One print and one portrait in every pixel format of the field: read as the plain file is, or refused by name."""

import io
import struct
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageCms, TiffImagePlugin

from matcher import Extractor, Position
from matcher.decode import decode
from matcher.errors import CaptureUnreadable
from matcher.types import Pixels
from tests.captures import capture
from tests.matcher.decode.test_decode import written

Made = Callable[[Pillow.Image], bytes]


def grey() -> Pillow.Image:
    return Pillow.open(io.BytesIO(capture("p1_1.png"))).convert("L")


def portrait() -> Pillow.Image:
    return Pillow.open(io.BytesIO(capture("obama.jpg"))).convert("RGB").resize((300, 400))


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(values: NDArray[Any], bits: int, colour: int) -> bytes:
    """A PNG of 16 bits per channel, which Pillow does not write. colour: PNG's code of the kind of pixels."""
    height, width = values.shape[:2]
    rows = values.astype(">u2").reshape(height, -1).view(np.uint8)
    packed = zlib.compress(b"".join(b"\0" + row.tobytes() for row in rows), 1)
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def tiff(data: bytes, size: tuple[int, int], bits: int, photometric: int, order: str = "<") -> bytes:
    """A TIFF of one strip, uncompressed. photometric: 0 is grey counted from white, 1 from black, 2 is RGB."""
    tags = [(256, size[0]), (257, size[1]), (258, bits), (259, 1), (262, photometric), (273, 8)]
    tags += [(277, 3 if photometric == 2 else 1), (278, size[1]), (279, len(data))]
    data += b"\0" * (len(data) % 2)
    entries = b"".join(struct.pack(f"{order}HHII", tag, 4, 1, value) for tag, value in tags)
    start = struct.pack(f"{order}2sHI", b"II" if order == "<" else b"MM", 42, 8 + len(data))
    return start + data + struct.pack(f"{order}H", len(tags)) + entries + bytes(4)


def sixteen(picture: Pillow.Image) -> NDArray[np.uint16]:
    return np.asarray(picture).astype(np.uint16) * 257


def twelve_bits(picture: Pillow.Image) -> bytes:
    values = np.asarray(picture.resize((picture.width // 2 * 2, picture.height))).astype(np.uint32)
    values = (values * 4095 + 127) // 255
    pairs = values[:, 0::2] << 12 | values[:, 1::2]
    packed = np.stack([pairs >> 16, pairs >> 8 & 255, pairs & 255], axis=-1).astype(np.uint8)
    return tiff(packed.tobytes(), (values.shape[1], values.shape[0]), 12, 1)


def top_down(picture: Pillow.Image) -> bytes:
    """A BMP of 32 bits whose rows go down, as a negative height states, and whose fourth byte is unused."""
    rgb = np.asarray(picture.convert("RGB"))
    rows = np.dstack([rgb[:, :, ::-1], np.zeros(rgb.shape[:2], np.uint8)]).tobytes()
    header = struct.pack("<IiiHHIIiiII", 40, picture.width, -picture.height, 1, 32, 0, len(rows), 0, 0, 0, 0)
    return struct.pack("<2sIII", b"BM", 54 + len(rows), 0, 54) + header + rows


def ycck(picture: Pillow.Image) -> bytes:
    """A JPEG of YCCK as Adobe writes it: the inverse of RGB as YCbCr, and no black."""
    inverse = Pillow.fromarray(255 - np.asarray(picture.convert("RGB"))).convert("YCbCr")
    channels = [255 - np.asarray(channel) for channel in inverse.split()]
    black = np.zeros_like(channels[0])
    content = bytearray(written(Pillow.merge("CMYK", [*map(Pillow.fromarray, (*channels, black))]), "JPEG", quality=95))
    at = content.index(b"Adobe") + 11
    assert content[at] == 0
    content[at] = 2
    return bytes(content)


def with_alpha(picture: Pillow.Image) -> bytes:
    """White as transparency, over black."""
    levels = np.asarray(picture)
    levels = levels if levels.ndim == 3 else levels[:, :, None]
    alpha = np.where(levels.min(axis=2, keepdims=True) == 255, 0, 255)
    return written(Pillow.fromarray(np.dstack([levels * (alpha > 0), alpha]).astype(np.uint8)), "PNG")


def invisible(picture: Pillow.Image) -> bytes:
    whole = picture.copy()
    whole.putalpha(0)
    return written(whole, "PNG")


def big_endian(picture: Pillow.Image) -> bytes:
    return tiff(picture.tobytes(), picture.size, 8, 1 if picture.mode == "L" else 2, ">")


def palette(picture: Pillow.Image) -> bytes:
    """Grey levels as colours of a palette, the first of which, black, is transparent but never used."""
    indexed = Pillow.fromarray(np.maximum(np.asarray(picture.convert("L")), 1))
    indexed.putpalette([level for level in range(256) for _ in range(3)])
    return written(indexed, "PNG", transparency=0)


def profiled(picture: Pillow.Image) -> bytes:
    return written(picture, "PNG", icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())


def mpo(picture: Pillow.Image) -> bytes:
    return written(picture, "MPO", quality=95, save_all=True, append_images=[Pillow.new("RGB", (30, 40), "red")])


FOR_BOTH: dict[str, Made] = {
    "grey or RGB with alpha": with_alpha,
    "transparent everywhere": invisible,
    "BMP of negative height": top_down,
    "big-endian TIFF": big_endian,
    "TIFF compressed": lambda it: written(it, "TIFF", compression="tiff_lzw"),
    "CMYK JPEG, inverted": lambda it: written(it.convert("RGB").convert("CMYK"), "JPEG", quality=95),
    "YCCK JPEG": ycck,
    "progressive JPEG": lambda it: written(it, "JPEG", quality=95, progressive=True),
    "JPEG with bytes after it": lambda it: written(it, "JPEG", quality=95) + b"SEFT" * 9,
    "PNG with bytes after it": lambda it: written(it, "PNG") + bytes(40) + b"more",
    "ICC profile": profiled,
    "MPO": lambda it: mpo(it.convert("RGB")),
}
FOR_GREY: dict[str, Made] = FOR_BOTH | {
    "PNG of 16 bits": lambda it: png(sixteen(it), 16, 0),
    "PNG of 16 bits and alpha": lambda it: png(np.dstack([sixteen(it), np.full(it.size[::-1], 65535)]), 16, 4),
    "TIFF of 16 bits": lambda it: tiff(sixteen(it).tobytes(), it.size, 16, 1),
    "TIFF of 16 bits, big-endian": lambda it: tiff(sixteen(it).astype(">u2").tobytes(), it.size, 16, 1, ">"),
    "TIFF of 16 bits that counts from white": lambda it: tiff((65535 - sixteen(it)).tobytes(), it.size, 16, 0),
    "TIFF of 8 bits that counts from white": lambda it: tiff((255 - np.asarray(it)).tobytes(), it.size, 8, 0),
    "TIFF of 12 bits": twelve_bits,
    "palette with transparency": palette,
}
FOR_COLOUR: dict[str, Made] = FOR_BOTH | {
    "PNG of 16 bits": lambda it: png(sixteen(it), 16, 2),
    "PNG of 16 bits and alpha": lambda it: png(np.dstack([sixteen(it), np.full(it.size[::-1], 65535)]), 16, 6),
    "CMYK TIFF": lambda it: written(it.convert("CMYK"), "TIFF"),
    "YCbCr TIFF": lambda it: written(it.convert("YCbCr"), "TIFF"),
}


def assert_near(found: Pixels, plain: Pillow.Image) -> None:
    levels = np.asarray(Pillow.fromarray(found).convert("L")).astype(int)
    expected = np.asarray(plain.convert("L").resize(levels.shape[::-1]))
    apart = np.abs(levels - expected)
    assert apart.mean() < 3
    assert np.percentile(apart, 99) < 14


@pytest.mark.parametrize("case", FOR_GREY)
def test_a_print_is_read_as_the_plain_one(extractor: Extractor, case: str) -> None:
    content = FOR_GREY[case](grey())
    assert_near(decode(content).pixels, grey())
    extractor.check(Position.RIGHT_INDEX, content)


@pytest.mark.parametrize("case", FOR_COLOUR)
def test_a_portrait_is_read_as_the_plain_one(extractor: Extractor, case: str) -> None:
    content = FOR_COLOUR[case](portrait())
    assert_near(decode(content).pixels, portrait())
    extractor.check(Position.FACE, content)


def test_one_bit_shows_the_print(extractor: Extractor) -> None:
    bilevel = grey().point(lambda level: 255 * (level > 150)).convert("1")
    for content in (written(bilevel, "PNG"), written(bilevel, "TIFF", compression="group4"), written(bilevel, "BMP")):
        np.testing.assert_array_equal(decode(content).pixels, np.asarray(bilevel) * np.uint8(255))
        extractor.check(Position.RIGHT_INDEX, content)


def test_white_ridges_on_black_show_the_print(extractor: Extractor) -> None:
    extractor.check(Position.RIGHT_INDEX, written(Pillow.fromarray(255 - np.asarray(grey())), "PNG"))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize(("orientation", "stored"), [(3, Pillow.Transpose.ROTATE_180), (6, Pillow.Transpose.ROTATE_90)])
def test_a_portrait_is_upright_whatever_its_orientation(
    extractor: Extractor, kind: str, orientation: int, stored: Pillow.Transpose
) -> None:
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    content = written(portrait().transpose(stored), kind, exif=exif)
    assert_near(decode(content).pixels, portrait())
    extractor.check(Position.FACE, content)


def pages(kind: str, count: int, **options: object) -> bytes:
    first, *more = (Pillow.new("L", (20, 30), 10 * number) for number in range(count))
    return written(first, kind, save_all=True, append_images=more, **options)


@pytest.mark.parametrize(
    ("content", "states"),
    [
        (pages("TIFF", 2), "TIFF file holds 2 pictures; send each in a file of its own"),
        (pages("TIFF", 40), "16 or more"),
        (pages("PNG", 3), "PNG file holds 3 pictures"),
        (pages("PNG", 2, default_image=True), "PNG file holds 2 pictures"),
        (pages("WEBP", 4, lossless=True), "WEBP file holds 4 pictures"),
        (written(Pillow.fromarray(np.ones((4, 4), np.float32)), "TIFF"), "32 bits"),
        (written(Pillow.fromarray(np.ones((4, 4), np.int32)), "TIFF"), "32 bits"),
        (written(Pillow.new("LAB", (4, 4)), "TIFF"), "LAB"),
    ],
)
def test_what_is_not_one_picture_of_a_known_kind_is_refused_by_name(content: bytes, states: str) -> None:
    with pytest.raises(CaptureUnreadable, match=states) as caught:
        decode(content)
    assert type(caught.value) is CaptureUnreadable


def test_the_first_picture_of_a_phones_file_is_read_with_a_warning(extractor: Extractor) -> None:
    (warning,) = extractor.check(Position.FACE, mpo(portrait()))
    assert warning.code == "further_pictures_ignored"
    assert "2 pictures" in warning.detail


def test_a_smaller_copy_beside_a_page_is_no_second_picture() -> None:
    file = io.BytesIO()
    with TiffImagePlugin.AppendingTiffWriter(file) as both:
        grey().save(both, "TIFF")
        both.newFrame()
        grey().resize((40, 50)).save(both, "TIFF", tiffinfo={254: 1})
        both.newFrame()
    found = decode(file.getvalue())
    np.testing.assert_array_equal(found.pixels, np.asarray(grey()))
    assert found.warnings == ()


def test_a_chain_of_directories_that_ends_in_nothing_is_one_page() -> None:
    content = bytearray(tiff(np.asarray(grey()).tobytes(), grey().size, 8, 1))
    content[-4:] = struct.pack("<I", len(content) + 1000)
    np.testing.assert_array_equal(decode(bytes(content)).pixels, np.asarray(grey()))

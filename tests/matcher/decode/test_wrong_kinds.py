"""What is sent by mistake instead of a picture or a record is named, with what to send instead."""

import base64
import json
import re
import struct
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

from matcher import Capture, Extractor, Position
from matcher.decode import decode
from matcher.decode.wrong_kinds import kind_of
from matcher.errors import CaptureDamaged, CaptureError, CaptureUnreadable, NoFace, NotAFingerprint
from tests.captures import capture
from tests.data import evaluation_data
from tests.matcher.decode.test_decode import FORMATS, scene, written
from tests.matcher.decode.test_face_record import of_2005, of_2011
from tests.matcher.decode.test_finger_record import new, old
from tests.matcher.finger import test_records as minutiae

PICTURES = {kind: written(Pillow.fromarray(scene(20, 30, 3)), kind) for kind in FORMATS} | {
    "WSQ": b"\xff\xa0\xff\xa4" + bytes(20)
}
RECORDS = {
    "19794-2": minutiae.new(),
    "19794-4": old(bytes(6), 0, size=(2, 3)),
    "19794-5": of_2011(PICTURES["JPEG"]),
}
READ = {**PICTURES, **RECORDS}


def der(tag: bytes, value: bytes) -> bytes:
    return tag + b"\x82" + struct.pack(">H", len(value)) + value


KINDS: dict[str, tuple[bytes, str]] = {
    "ANSI/NIST": (b"1.001:1911.002:0400\x1d1.003:1", "ANSI/NIST-ITL.*type-4"),
    "ANSI/NIST, short tags": (b"1.01:191\x1d", "ANSI/NIST-ITL"),
    "PDF": (b"%PDF-1.7\n", "PDF.*PNG or JPEG"),
    "HEIC": (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", "HEIC.*JPEG"),
    "AVIF": (b"\x00\x00\x00\x1cftypavif\x00\x00\x00\x00avifmif1", "AVIF.*JPEG"),
    "video": (b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2", "video"),
    "WAVE": (b"RIFF\x00\x00\x00\x00WAVEfmt ", "video"),
    "JPEG XL": (b"\xff\x0a\x00\x10", "JPEG XL"),
    "ISO 39794-4": (der(b"\x64", bytes(300)), "ISO/IEC 39794"),
    "data group 2": (der(b"\x75", der(b"\x7f\x61", bytes(300))), "passport"),
    "BIT": (der(b"\x7f\x61", bytes(300)), "ASN.1"),
    "BIR": (b'<?xml version="1.0"?>\n<cbeff:BIR xmlns:cbeff="x">', "CBEFF.*BDB"),
    "XML": (b"\xef\xbb\xbf<?xml version='1.0'?><svg/>", "XML"),
    "JSON": (json.dumps({"image": base64.b64encode(PICTURES["PNG"]).decode()}).encode(), "JSON.*base64"),
    "JSON list": (b' [\n{"a": 1}]', "JSON"),
    "GIF": (written(Pillow.fromarray(scene(8, 8)), "GIF"), "GIF.*PNG"),
    "ZIP": (b"PK\x03\x04\x14\x00", "ZIP"),
    "gzip": (b"\x1f\x8b\x08\x00", "gzip"),
    "DICOM": (bytes(128) + b"DICM" + bytes(9), "DICOM"),
    "HTML": (b"\r\n<!DOCTYPE html><html><body>401", "web page"),
    "iris": (b"IIR\x00020\x00" + bytes(60), "iris"),
    "address": (b"https://example.org/captures/12.png", "address"),
    "path": (b"/captures/12/right_index.png", "address"),
    "card format": (np.random.default_rng(1).integers(128, 256, 90, np.uint8).tobytes(), "card format.*19794-2"),
    "binary CBEFF": (bytes([3, 1, 0, 7]) * 11 + RECORDS["19794-4"], "19794-4 in a wrapper.*at byte 44"),
    "7816-11 BIT": (der(b"\x7f\x2e", minutiae.old()), "19794-2 .*in a wrapper.*at byte 5"),
    "text": (b"right index", "not a picture in one of PNG"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_kind_is_named(kind: str) -> None:
    content, states = KINDS[kind]
    for sent in (content, content + b"\n") if content.isascii() else (content,):
        with pytest.raises(CaptureUnreadable, match=states) as caught:
            decode(sent)
        assert type(caught.value) is CaptureUnreadable


def in_lines(content: bytes) -> bytes:
    return base64.encodebytes(content).replace(b"\n", b"\r\n")


def unpadded(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")


WRITTEN: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "base64": (base64.b64encode, "base64 text"),
    "URL-safe base64": (unpadded, "base64 text"),
    "base64 in lines": (in_lines, "base64 text"),
    "base64 in JSON's quotes": (lambda it: json.dumps(base64.b64encode(it).decode()).encode(), "base64 text"),
    "base64 with slashes as PHP writes them": (lambda it: base64.b64encode(it).replace(b"/", b"\\/"), "base64 text"),
    "base64 after a byte-order mark": (lambda it: b"\xef\xbb\xbf" + base64.b64encode(it), "base64 text"),
    "data URL": (lambda it: b"data:image/png;base64," + base64.b64encode(it), "base64 in a data: URL"),
    "hexadecimal": (lambda it: it.hex().encode(), "hexadecimal text"),
    "capital hexadecimal": (lambda it: it.hex(" ").upper().encode(), "hexadecimal text"),
    "hexadecimal of a database": (lambda it: b"\\x" + it.hex().encode(), "hexadecimal text"),
    "hexadecimal with 0x": (lambda it: b"0x" + it.hex().encode(), "hexadecimal text"),
    "escaped bytes": (lambda it: "".join(f"\\x{byte:02x}" for byte in it).encode(), "hexadecimal text"),
}


@pytest.mark.parametrize("how", WRITTEN)
@pytest.mark.parametrize("kind", READ)
def test_what_was_sent_as_text_is_named(kind: str, how: str) -> None:
    write, states = WRITTEN[how]
    name = kind.replace("JPEG2000", "JPEG 2000").replace("WEBP", "WebP")
    with pytest.raises(CaptureUnreadable, match=f"{states} of an? .*{name}.*; send the bytes themselves"):
        decode(write(READ[kind]))


def test_a_data_url_of_something_else_is_named() -> None:
    with pytest.raises(CaptureUnreadable, match="a data: URL; send the bytes"):
        decode(b"data:text/plain,hello")


@pytest.mark.parametrize("kind", FORMATS)
def test_a_picture_whose_header_is_damaged_is_not_named_as_another_kind(kind: str) -> None:
    content = PICTURES[kind]
    assert (found := kind_of(content)) is not None
    assert found.advice is None
    with pytest.raises(CaptureDamaged):
        decode(content[:12])


@given(st.sampled_from([*READ.values()]), st.integers(0, 400), st.sampled_from([*WRITTEN]))
def test_any_part_of_such_text_raises_nothing_but_our_errors(content: bytes, end: int, how: str) -> None:
    with pytest.raises(CaptureUnreadable):
        decode(WRITTEN[how][0](content)[: end + 1])


@given(st.binary(max_size=1200))
def test_any_bytes_have_a_kind_or_none(content: bytes) -> None:
    kind_of(content)


@pytest.mark.parametrize("wrapped", [lambda it: it, base64.b64encode, lambda it: b"0x" + it.hex().encode()])
def test_each_mistake_is_named_under_any_position(extractor: Extractor, wrapped: Callable[[bytes], bytes]) -> None:
    """A minutiae record is read for a finger alone: under a face and as a slap it is one of the mistakes."""
    content = wrapped(RECORDS["19794-2"])
    with pytest.raises(CaptureUnreadable, match="a minutiae record"):
        extractor.check(Position.FACE, content)
    with pytest.raises(CaptureUnreadable, match="a minutiae record"):
        extractor.cut_slap(content, "plain_thumbs", ())
    if content != RECORDS["19794-2"]:
        with pytest.raises(CaptureUnreadable, match="a minutiae record"):
            extractor.check(Position.LEFT_RING, content)


@pytest.mark.parametrize("record", [of_2005, of_2011])
def test_a_face_record_as_a_finger_is_named(extractor: Extractor, record: Callable[[bytes], bytes]) -> None:
    content = record(capture("obama.jpg"))
    for refused in (
        lambda: extractor.check(Position.LEFT_RING, content),
        lambda: extractor.quality(Capture(Position.LEFT_RING, content)),
        lambda: extractor.cut_slap(content, "plain_thumbs", ()),
    ):
        with pytest.raises(NotAFingerprint, match="a face record of ISO/IEC 19794-5; send it as the position face"):
            refused()


@pytest.mark.parametrize("record", [old, new])
def test_a_finger_record_as_a_face_is_named(extractor: Extractor, record: Callable[..., bytes]) -> None:
    content = record(capture("p1_1.png"), 5)
    with pytest.raises(NoFace, match="a finger record of ISO/IEC 19794-4; send it under the finger's position"):
        extractor.check(Position.FACE, content)
    (found,) = extractor.extract([Capture(Position.FACE, content)])
    assert isinstance(found, NoFace)


def test_evaluation_files_of_other_kinds_are_named() -> None:
    for pattern, states in {"formats/an2k": "ANSI/NIST-ITL", "formats/cbeff": "CBEFF|XML"}.items():
        for path in evaluation_data(pattern).iterdir():
            with pytest.raises(CaptureError) as caught:
                decode(path.read_bytes())
            assert re.search(states, str(caught.value)), path.name

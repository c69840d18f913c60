"""What a file is that is no picture: each kind that the field sends by mistake has a name, and what to send instead.

Only the first bytes are looked at, so nothing large is decoded.
"""

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass

from matcher.errors import CaptureDamaged, CaptureUnreadable

HEAD = 1024
"""Bytes that are looked at."""
CARD_MINUTIA, CARD_MOST = (3, 5), 255 * 5
"""Bytes per minutia in the card formats of ISO/IEC 19794-2, and the most bytes of one finger in them."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file. advice: what to send instead; None for pictures, which are read."""

    name: str
    advice: str | None


AS_PICTURE = "send the picture itself as PNG or JPEG"
BYTES = "send the bytes themselves"
RECORD = "send the picture, or the record of ISO/IEC 19794, that it holds"
ALONE = "send it alone, under one finger's position"

PNG, JPEG, JPEG_2000, BMP, TIFF, WEBP, WSQ = (
    Kind(f"a {name} picture", None) for name in ("PNG", "JPEG", "JPEG 2000", "BMP", "TIFF", "WebP", "WSQ")
)
HEIC = Kind("a HEIC or AVIF picture", AS_PICTURE)
VIDEO = Kind("a video", AS_PICTURE)
JPEG_XL = Kind("a JPEG XL picture", AS_PICTURE)
MINUTIAE = Kind("a minutiae record of ISO/IEC 19794-2 or ANSI INCITS 378", ALONE)
FINGER = Kind("a finger record of ISO/IEC 19794-4", ALONE)
FACE = Kind("a face record of ISO/IEC 19794-5", "send it alone, as the position face")
IRIS = Kind("an iris record of ISO/IEC 19794-6", "send a face or a finger; irises are not read")
AN2K = Kind("an ANSI/NIST-ITL file", "send each finger's picture from its type-4 or type-14 records")
ASN1 = Kind("an ASN.1 structure, such as a record of ISO/IEC 39794 or a passport's data group", RECORD)
BIR = Kind("a CBEFF document (BIR) in XML", "send what its BDB holds, decoded from base64")
HTML = Kind("a web page", "send the file that it was to deliver; it may be an error message")
XML = Kind("an XML document", AS_PICTURE)
JSON = Kind("a JSON document", f"{AS_PICTURE}, or the bytes of what it holds in base64")
ADDRESS = Kind("the address of a file", "send the file's content")
DICOM = Kind("a DICOM file", AS_PICTURE)

STARTS: tuple[tuple[bytes, Kind], ...] = (
    (b"\x89PNG", PNG),
    (b"\xff\xd8\xff", JPEG),
    (b"\x00\x00\x00\x0cjP  ", JPEG_2000),
    (b"\xff\x4f\xff\x51", JPEG_2000),
    (b"BM", BMP),
    (b"II*\x00", TIFF),
    (b"MM\x00*", TIFF),
    (b"\xff\xa0", WSQ),
    (b"\xff\x0a", JPEG_XL),
    (b"\x00\x00\x00\x0cJXL ", JPEG_XL),
    (b"FMR\x00", MINUTIAE),
    (b"FIR\x00", FINGER),
    (b"FAC\x00", FACE),
    (b"IIR\x00", IRIS),
    (b"GIF8", Kind("a GIF picture", AS_PICTURE)),
    (b"%PDF-", Kind("a PDF document", AS_PICTURE)),
    (b"%!PS", Kind("a PostScript document", AS_PICTURE)),
    (b"8BPS", Kind("a Photoshop picture", AS_PICTURE)),
    (b"PK\x03\x04", Kind("a ZIP archive or an Office document", AS_PICTURE)),
    (b"\x1f\x8b", Kind("a gzip archive", AS_PICTURE)),
    (b"7z\xbc\xaf\x27\x1c", Kind("a 7-Zip archive", AS_PICTURE)),
    (b"Rar!", Kind("a RAR archive", AS_PICTURE)),
    (b"\x1aE\xdf\xa3", VIDEO),
)
RECORDS = re.compile(rb"(?:FMR\x00(?: 20|03[05])|FIR\x000[12]0|FAC\x000[13]0)\x00")
TEXTS: tuple[tuple[re.Pattern[bytes], Kind], ...] = (
    (re.compile(rb"1\.0{0,2}1:\d"), AN2K),
    (re.compile(rb"<!doctype html|<html", re.IGNORECASE), HTML),
    (re.compile(rb"(?s)<(?:.*<)?(?:\w+:)?BIR[\s>]"), BIR),
    (re.compile(rb"<[?!\w]"), XML),
    (re.compile(rb"[{\[]\s*[\"{\[\]}\d]"), JSON),
    (re.compile(rb"(?:https?|ftp|file)://|[A-Za-z]:\\[\w\\]|/(?:\w+/)+\w+\.\w+\s*$", re.IGNORECASE), ADDRESS),
)
BLANK = b"\xef\xbb\xbf \t\r\n\"'"
URL_SAFE = bytes.maketrans(b"-_", b"+/")
WRITTEN: tuple[tuple[str, re.Pattern[bytes], Callable[[str], bytes]], ...] = (
    ("hexadecimal", re.compile(rb"(?:[0-9A-Fa-f]{2}){4,}"), bytes.fromhex),
    ("base64", re.compile(rb"[A-Za-z0-9+/]{8,}"), lambda text: base64.b64decode(text[: len(text) - len(text) % 4])),
)


def refusal(content: bytes, formats: str) -> CaptureUnreadable:
    """Why a file that no decoder recognises is not read, and what to send instead. formats: those that are read."""
    kind = kind_of(content)
    if kind is not None and kind.advice is None:
        return CaptureDamaged(
            f"the file begins as {kind.name}, but it is damaged or cut short, or of a variant that is not read"
        )
    if kind is not None:
        return CaptureUnreadable(f"the file is not a picture but {kind.name}; {kind.advice}")
    if _may_be_a_card(content):
        formats += "; if it holds minutiae in a card format of ISO/IEC 19794-2, let the device write the record format"
    return CaptureUnreadable(f"the file is not a picture in one of {formats}")


def kind_of(content: bytes) -> Kind | None:
    """The kind of a file, also of one written as text; None if it is not known."""
    head = content[:HEAD]
    return _binary(head) or _wrapped(head) or _asn1(content) or _text(head.lstrip(BLANK))


def _binary(head: bytes) -> Kind | None:
    for start, kind in STARTS:
        if head.startswith(start):
            return kind
    if head[4:8] == b"ftyp":
        return HEIC if head[8:12] in {b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"avif", b"avis"} else VIDEO
    if head.startswith(b"RIFF"):
        return WEBP if head[8:12] == b"WEBP" else VIDEO
    return DICOM if head[128:132] == b"DICM" else None


def _asn1(content: bytes) -> Kind | None:
    """A constructed value, of a universal or application tag, whose length is that of the file."""
    if len(content) < 4 or not (content[0] == 0x30 or content[0] & 0xE0 == 0x60):
        return None
    at = 2 if content[0] & 0x1F == 0x1F else 1
    length, at = content[at], at + 1
    if length > 0x80:
        length, at = int.from_bytes(content[at : at + length - 0x80]), at + length - 0x80
    return ASN1 if at + length == len(content) else None


def _text(text: bytes) -> Kind | None:
    for pattern, kind in TEXTS:
        if pattern.match(text):
            return kind
    if text[:5].lower() == b"data:":
        return _written(text.partition(b",")[2], "in a data: URL") or Kind("a data: URL", BYTES)
    return _written(text, "text")


def _written(text: bytes, how: str) -> Kind | None:
    """The kind of what is written as hexadecimal or base64. how: in what."""
    packed = re.sub(rb"\\x|^0x|^x'|[\s:\\]", b"", text).translate(URL_SAFE)
    for name, pattern, decoded in WRITTEN:
        found = pattern.match(packed)
        inner = _binary(decoded(found[0].decode())) if found else None
        if inner is not None:
            return Kind(f"{name} {how} of {inner.name}", BYTES)
    return None


def _wrapped(head: bytes) -> Kind | None:
    """A record somewhere after the front."""
    found = RECORDS.search(head)
    if found is None:
        return None
    inner = _binary(found[0])
    assert inner is not None
    advice = f"send the record itself, which begins at byte {found.start()}"
    return Kind(f"{inner.name} in a wrapper, such as CBEFF", advice)


def _may_be_a_card(content: bytes) -> bool:
    """Card formats have no header: any short file of the right length that is not text may be one."""
    fits = any(len(content) % size == 0 for size in CARD_MINUTIA)
    return fits and len(content) <= CARD_MOST and not content.isascii()

"""Face image records of ISO/IEC 19794-5:2005, the form passports and many capture devices use."""

import struct

from matcher.errors import CaptureUnreadable

START = b"FAC\x00"
VERSION = b"010\x00"
RECORD = struct.Struct(">4s4sIH")
"""Format, version, length of the record, number of images."""
INFORMATION = struct.Struct(">IH14x")
"""Length of the block, number of feature points; then what the issuer says of sex, colours, expression and pose."""
FEATURE_POINT = 8
IMAGE_INFORMATION = 12


def accepts(content: bytes) -> bool:
    return content.startswith(START)


def embedded_picture(content: bytes) -> bytes:
    """The JPEG or JPEG 2000 file inside a record of one image. Raises CaptureUnreadable."""
    if len(content) < RECORD.size + INFORMATION.size:
        raise CaptureUnreadable("the face record is cut short")
    _, version, length, images = RECORD.unpack_from(content)
    if version != VERSION:
        raise CaptureUnreadable("the face record is not of ISO/IEC 19794-5:2005 (version 010)")
    if images != 1:
        raise CaptureUnreadable(f"the face record holds {images} images; one is expected")
    block, points = INFORMATION.unpack_from(content, RECORD.size)
    start = RECORD.size + INFORMATION.size + points * FEATURE_POINT + IMAGE_INFORMATION
    end = RECORD.size + block
    if not start < end <= length <= len(content):
        raise CaptureUnreadable("the lengths in the face record do not agree with the file; it is damaged or cut short")
    return content[start:end]

"""Face image records of ISO/IEC 19794-5, with one image: the format of passports (2005) and of MOSIP (2011)."""

from matcher.errors import CaptureUnreadable

START = b"FAC\x00"
OLD, NEW = b"010\x00", b"030\x00"
"""The editions of 2005 and 2011."""
QUALITY, POINT = 5, 8
"""Bytes of one quality block and of one feature point (2011: landmark point)."""


def accepts(content: bytes) -> bool:
    return content.startswith(START)


def extent(content: bytes) -> tuple[int, int]:
    """Bytes that the record states, and bytes of its header. Nothing is checked."""
    return int.from_bytes(content[8:12]), 17 if content[4:8] == NEW else 14


def embedded_picture(content: bytes) -> bytes:
    """The picture file inside a record of one image. Raises CaptureUnreadable, which names the field that is wrong.

    Ignored are the issuer's statements on the person, the pose and the landmarks, and a 3D shape after the picture.
    """
    record = _Record(content)
    record.take(len(START), "format")
    version = record.take(4, "version")
    if version not in {OLD, NEW}:
        raise CaptureUnreadable("the face record's version is neither 010 nor 030 of ISO/IEC 19794-5")
    is_new = version == NEW
    record.ends_after(record.number(4, "length of the record"), "length of the record")
    images = record.number(2, "number of images")
    if images != 1:
        raise CaptureUnreadable(f"the face record holds {images} images; send one record per face")
    if is_new:
        record.take(3, "certification flag and temporal semantics")
    start = record.at
    record.ends_after(start + record.number(4, "length of the block"), "length of the block")
    if is_new:
        record.take(14, "capture time and device")
        record.take(QUALITY * record.number(1, "number of quality blocks"), "quality blocks")
    points = record.number(2, "number of feature points")
    record.take(15 if is_new else 14, "facial information")
    record.take(POINT * points, "feature points")
    record.take(11 if is_new else 12, "image information")
    picture = record.take(record.number(4, "length of the image") if is_new else record.left, "image")
    if not picture:
        raise CaptureUnreadable("the face record's image has no bytes")
    return picture


class _Record:
    """Bytes read field by field from the front. at: where the next field starts."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._end = len(content)
        self.at = 0

    @property
    def left(self) -> int:
        return self._end - self.at

    def take(self, size: int, field: str) -> bytes:
        """Raises CaptureUnreadable if the record ends before the field does."""
        if size > self.left:
            raise CaptureUnreadable(
                f"the face record is damaged or cut short: its {field} should have {size} bytes, {self.left} are left"
            )
        self.at += size
        return self._content[self.at - size : self.at]

    def number(self, size: int, field: str) -> int:
        return int.from_bytes(self.take(size, field))

    def ends_after(self, size: int, field: str) -> None:
        """End the record after so many bytes from the front. Raises CaptureUnreadable if that is impossible."""
        if not self.at <= size <= self._end:
            raise CaptureUnreadable(
                f"the face record is damaged or cut short: by its {field} it ends at byte {size}, "
                f"not between {self.at} and {self._end}"
            )
        self._end = size

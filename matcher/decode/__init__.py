"""From a capture's bytes to pixels. Files are hostile until decoded: every failure is a CaptureError, nothing else."""

from dataclasses import replace

from matcher.decode import face_record, finger_record, picture, wsq
from matcher.decode.limits import Header, check_size
from matcher.errors import CaptureEmpty, CaptureTooLarge
from matcher.parameters import DECODE_MAX_BYTES
from matcher.types import Image

__all__ = ["Header", "decode", "read_header"]


def decode(content: bytes, *, dpi: float | None = None) -> Image:
    """The picture in a PNG, JPEG, JPEG 2000, BMP, TIFF, WebP or WSQ file, or in a record of ISO/IEC 19794-4 or -5.

    dpi: resolution stated by the client; it overrides the header's. Any thread may call.
    Returns uint8 pixels, (H, W) for a grey file and (H, W, 3) RGB otherwise, rotated upright as EXIF states.
    Raises CaptureTooLarge before decoding, by the size of the file or the size in its header, and CaptureUnreadable
    for anything but one complete picture.
    """
    _check_bytes(content)
    image = _decoded(content)
    return image if dpi is None else replace(image, dpi=dpi)


def read_header(content: bytes, *, dpi: float | None = None) -> Header:
    """What the header of such a file states, without decoding it. dpi: as for `decode`, and it raises the same."""
    _check_bytes(content)
    header = _header(content)
    return header if dpi is None else replace(header, dpi=dpi, dpi_is_final=True)


def _check_bytes(content: bytes) -> None:
    if not content:
        raise CaptureEmpty("the file is empty")
    if len(content) > DECODE_MAX_BYTES:
        raise CaptureTooLarge(f"the file has {len(content):,} bytes; at most {DECODE_MAX_BYTES:,} are accepted")


def _header(content: bytes) -> Header:
    if face_record.accepts(content):
        return _file_header(face_record.embedded_picture(content))
    if not finger_record.accepts(content):
        return _file_header(content)
    view = finger_record.only_view(content)
    if view.is_raw:
        check_size(view.width, view.height)
        return Header(view.width, view.height, view.dpi)
    header = _file_header(view.content)
    return header if view.dpi is None else replace(header, dpi=view.dpi, dpi_is_final=True)


def _decoded(content: bytes) -> Image:
    if face_record.accepts(content):
        return _file(face_record.embedded_picture(content))
    if not finger_record.accepts(content):
        return _file(content)
    view = finger_record.only_view(content)
    if view.is_raw:
        return view.raw_image()
    image = _file(view.content)
    return replace(image, dpi=view.dpi or image.dpi)


def _file_header(content: bytes) -> Header:
    return wsq.header(content) if wsq.accepts(content) else picture.header(content)


def _file(content: bytes) -> Image:
    return wsq.read(content) if wsq.accepts(content) else picture.read(content)

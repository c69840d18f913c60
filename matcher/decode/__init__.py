"""From a capture's bytes to pixels. Files are hostile until decoded: every failure is a CaptureError, nothing else."""

from collections.abc import Collection
from dataclasses import replace

from matcher.decode import face_record, finger_record, picture, wsq
from matcher.decode.limits import Header, check_bytes, check_size
from matcher.decode.padding import without_padding
from matcher.decode.stated import dpi_warnings, position_warnings
from matcher.errors import NoFace, NotAFingerprint
from matcher.types import Image, Position

__all__ = ["Header", "decode", "read_header"]


def decode(content: bytes, *, dpi: float | None = None, sent_as: Collection[Position] = ()) -> Image:
    """The picture in a PNG, JPEG, JPEG 2000, BMP, TIFF, WebP or WSQ file, or in a record of ISO/IEC 19794-4 or -5.

    dpi: resolution stated by the client; it overrides the header's. sent_as: the position that the client states, or
    those of a slap; none if it states none. What the file states otherwise becomes a warning. Any thread may call.
    Returns uint8 pixels, (H, W) for a grey file and (H, W, 3) RGB otherwise, rotated upright as EXIF states.
    Raises CaptureTooLarge before decoding, by the size of the file or the size in its header, CaptureUnreadable for
    anything but one complete picture, NoFace for a finger's record sent as a face, NotAFingerprint for the reverse.
    """
    check_bytes(content)
    _check_kind(content, sent_as)
    image = _decoded(content, sent_as)
    if dpi is None:
        return image
    contradicted = () if Position.FACE in sent_as else dpi_warnings(dpi, "the client", image.dpi, "the file")
    return replace(image, dpi=dpi, warnings=(*image.warnings, *contradicted))


def read_header(content: bytes, *, dpi: float | None = None, sent_as: Collection[Position] = ()) -> Header:
    """What the header of such a file states, without decoding it. As for `decode`, and it raises the same."""
    check_bytes(content)
    _check_kind(content, sent_as)
    header = _header(content)
    return header if dpi is None else replace(header, dpi=dpi, dpi_is_final=True)


def _header(content: bytes) -> Header:
    if face_record.accepts(content):
        record, _ = without_padding(content, *face_record.extent(content), "face record")
        return _file_header(face_record.embedded_picture(record))
    if not finger_record.accepts(content):
        return _file_header(content)
    record, _ = without_padding(content, *finger_record.extent(content), "finger record")
    view = finger_record.only_view(record)
    if view.is_raw:
        check_size(view.width, view.height)
        return Header(view.width, view.height, view.dpi)
    header = _file_header(view.content)
    return header if view.dpi is None else replace(header, dpi=view.dpi, dpi_is_final=True)


def _decoded(content: bytes, sent_as: Collection[Position]) -> Image:
    if face_record.accepts(content):
        return _of_face_record(content)
    return _of_finger_record(content, sent_as) if finger_record.accepts(content) else _file(content)


def _check_kind(content: bytes, sent_as: Collection[Position]) -> None:
    if face_record.accepts(content) and any(position.is_finger for position in sent_as):
        raise NotAFingerprint("this is a face record of ISO/IEC 19794-5; send it as the position face")
    if finger_record.accepts(content) and Position.FACE in sent_as:
        raise NoFace("this is a finger record of ISO/IEC 19794-4; send it under the finger's position")


def _of_face_record(content: bytes) -> Image:
    record, padded = without_padding(content, *face_record.extent(content), "face record")
    image = _file(face_record.embedded_picture(record))
    return replace(image, warnings=(*padded, *image.warnings))


def _of_finger_record(content: bytes, sent_as: Collection[Position]) -> Image:
    record, padded = without_padding(content, *finger_record.extent(content), "finger record")
    view = finger_record.only_view(record)
    image = view.raw_image() if view.is_raw else _file(view.content)
    contradicted = (
        *position_warnings(view.position, sent_as),
        *dpi_warnings(view.dpi, "the record", image.dpi, "the picture inside the record"),
    )
    return replace(image, dpi=view.dpi or image.dpi, warnings=(*padded, *contradicted, *image.warnings))


def _file_header(content: bytes) -> Header:
    return wsq.header(content) if wsq.accepts(content) else picture.header(content)


def _file(content: bytes) -> Image:
    return wsq.read(content) if wsq.accepts(content) else picture.read(content)

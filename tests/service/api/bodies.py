"""Multipart bodies written out byte by byte, as clients of all kinds send them."""

from collections.abc import Sequence
from dataclasses import dataclass

BOUNDARY = "jisr-7"
CRLF = b"\r\n"


@dataclass(frozen=True)
class Sent:
    """One part. headers: those besides Content-Disposition. more: parameters of Content-Disposition after the name."""

    name: str
    content: bytes
    headers: tuple[str, ...] = ()
    more: str = ""

    def head(self) -> list[bytes]:
        """The lines of its head, each with its end; the last is empty."""
        disposition = f'Content-Disposition: form-data; name="{self.name}"{self.more}'
        return [line.encode() + CRLF for line in (disposition, *self.headers, "")]


def framed(parts: Sequence[Sent], boundary: str = BOUNDARY) -> list[bytes]:
    """A body in pieces: lines of the frame, and contents. The last piece is the closing delimiter."""
    pieces = []
    delimiter = b"--" + boundary.encode()
    for one in parts:
        pieces += [delimiter + CRLF, *one.head(), one.content, CRLF]
    return [*pieces, delimiter + b"--"]


def body(*parts: Sent, boundary: str = BOUNDARY) -> bytes:
    """A whole body, with the line end after it that most clients send."""
    return b"".join(framed(parts, boundary)) + CRLF


def of_type(boundary: str = BOUNDARY) -> dict[str, str]:
    return {"Content-Type": f'multipart/form-data; boundary="{boundary}"'}

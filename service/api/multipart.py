"""Multipart bodies as RFC 2046 and RFC 7578 prescribe them: one that was cut short is refused as a whole.

The parser is python-multipart's. It reports what it finds and does not mind where a body ends. What it finds waits in
memory: on the disk it would lie plain, and its share of the memory was taken before it is read (limits.py).
"""

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from io import BytesIO

from fastapi.concurrency import run_in_threadpool
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from service.api.errors import FieldError, Malformed

MOST_PARTS = 64
"""More than any honest request has."""
LONGEST_BOUNDARY = 70
"""RFC 2046, section 5.1.1."""
LONGEST_EPILOGUE = 1024
"""Bytes after the end that are ignored, if they are an epilogue."""

AS_THEY_ARE = ("7bit", "8bit", "binary")
"""Transfer encodings that leave the bytes of a part as they are; RFC 7578, section 4.7, deprecates all others."""
_EPILOGUE = re.compile(rb"[ \t]*(?:[\r\n].*)?", re.DOTALL)
_HEADER_INSIDE = re.compile(rb"\r\ncontent-disposition:", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Part:
    """One part. content: its bytes as they came. charset: what its Content-Type states; None if it states none.

    unchosen: a browser's field for a file in which none was chosen.
    """

    name: str
    content: bytes
    charset: str | None = None
    unchosen: bool = False


async def read_parts(stream: AsyncIterator[bytes], boundary: bytes) -> list[Part]:
    """The parts of a body, in their order. Raises Malformed, naming the part where there is one."""
    if not 1 <= len(boundary) <= LONGEST_BOUNDARY:
        detail = f"must name a boundary of 1 to {LONGEST_BOUNDARY} characters"
        raise Malformed([FieldError("Content-Type", "boundary", detail)])
    reader = _Reader(boundary)
    async for chunk in stream:
        reader.feed(chunk)
    return await run_in_threadpool(reader.parts)


@dataclass(slots=True)
class _Arriving:
    """A part whose content is on its way."""

    name: str
    charset: str | None
    named_no_file: bool
    content: BytesIO = field(default_factory=BytesIO)

    def whole(self) -> Part:
        content = self.content.getvalue()
        if _HEADER_INSIDE.search(content):
            detail = f"the part {self.name} has the headers of another part inside: a boundary before them is missing"
            raise Malformed([FieldError(self.name, "part_inside", detail)])
        return Part(self.name, content, self.charset, self.named_no_file and not content)


class _Reader:
    """The state between two pieces of a body."""

    def __init__(self, boundary: bytes) -> None:
        self._delimiter = b"--" + boundary
        self._closing = b"\r\n" + self._delimiter + b"--"
        self._last_bytes = b"\r\n"  # a body may begin with its closing delimiter
        self._ended = False
        self._epilogue = b""
        self._parts: list[_Arriving] = []
        self._headers: dict[str, bytes] = {}
        self._name = self._value = b""
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._headers.clear,
                "on_header_field": self._header_name,
                "on_header_value": self._header_value,
                "on_header_end": self._header_end,
                "on_headers_finished": self._headers_finished,
                "on_part_data": self._data,
                "on_end": self._end,
            },
        )

    def feed(self, chunk: bytes) -> None:
        """Raises Malformed."""
        ended_before = self._ended
        if ended_before:
            self._epilogue += chunk
        else:
            self._parse(chunk)
        if self._ended and not ended_before:
            self._epilogue = (self._last_bytes + chunk).partition(self._closing)[2]
        most = len(self._closing) - 1
        self._last_bytes = (self._last_bytes + chunk[-most:])[-most:]
        if len(self._epilogue) > LONGEST_EPILOGUE:
            raise Malformed([_after_the_end(f"more than {LONGEST_EPILOGUE:,} bytes")])

    def parts(self) -> list[Part]:
        """The parts, once the body has ended. Raises Malformed."""
        if not self._ended:
            detail = "the body ends before its closing delimiter: it was cut short; send all of it again"
            raise Malformed([FieldError("body", "cut_short", detail)])
        if not _EPILOGUE.fullmatch(self._epilogue):
            raise Malformed([_after_the_end("more than white space or an epilogue on lines of its own")])
        if self._delimiter in self._epilogue:
            raise Malformed([_after_the_end("another delimiter")])
        return [one.whole() for one in self._parts]

    def _parse(self, chunk: bytes) -> None:
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            detail = f"the body is not multipart as its Content-Type states: {error}"
            raise Malformed([FieldError("body", "unreadable", detail)]) from None

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        name = self._name.decode("latin-1").lower()
        if name in self._headers:
            raise Malformed([FieldError("body", "unreadable", f"a part has two headers {name}")])
        self._headers[name] = self._value
        self._name = self._value = b""

    def _headers_finished(self) -> None:
        if len(self._parts) == MOST_PARTS:
            raise Malformed([FieldError("body", "too_many_parts", f"at most {MOST_PARTS} parts are read")])
        name = _name_of(self._headers)
        charset = _charset_of(name, self._headers)
        _, options = parse_options_header(self._headers.get("content-disposition"))
        self._parts.append(_Arriving(name, charset, options.get(b"filename") == b""))

    def _data(self, data: bytes, start: int, end: int) -> None:
        self._parts[-1].content.write(data[start:end])

    def _end(self) -> None:
        self._ended = True


def _name_of(headers: Mapping[str, bytes]) -> str:
    """The name of a part. A file name is not asked for: a capture is known by its position."""
    _, options = parse_options_header(headers.get("content-disposition"))
    if b"name" not in options:
        raise Malformed([FieldError("body", "unnamed_part", "a part has no Content-Disposition with a `name`")])
    try:
        return options[b"name"].decode()
    except UnicodeDecodeError:
        raise Malformed([FieldError("body", "not_utf8", "the name of a part is not UTF-8 text")]) from None


def _charset_of(name: str, headers: Mapping[str, bytes]) -> str | None:
    """The charset that a part's Content-Type states. Raises Malformed for a part that is not what it contains."""
    kind, options = parse_options_header(headers.get("content-type"))
    if kind.startswith(b"multipart/"):
        detail = f"the part {name} is multipart itself; send each capture as a part of its own"
        raise Malformed([FieldError(name, "nested", detail)])
    encoding = headers.get("content-transfer-encoding", b"binary").decode("latin-1").strip().lower()
    if encoding not in AS_THEY_ARE:
        detail = f"the part {name} comes in the Content-Transfer-Encoding {encoding}; send its bytes as they are"
        raise Malformed([FieldError(name, "transfer_encoding", detail)])
    return options[b"charset"].decode("latin-1") if b"charset" in options else None


def _after_the_end(what: str) -> FieldError:
    return FieldError("body", "after_the_end", f"after its closing delimiter the body has {what}")

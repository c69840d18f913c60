"""Reading multipart requests: one text part, and one part per capture, named by its position."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from encodings import normalize_encoding
from encodings.aliases import aliases
from typing import Annotated, Any

from fastapi import Depends, Query, Request
from fastapi.concurrency import run_in_threadpool
from python_multipart.multipart import parse_options_header

from matcher import FINGERS, SLAPS, Position
from service.api.errors import FieldError, Malformed
from service.api.multipart import Part, read_parts
from service.enrolment.domain.enrolments import Liveness, SentCapture
from service.enrolment.errors import CapturesRefused, NothingToEnrol, RepeatedPosition, UnknownPosition

LONGEST_TEXT = 1_000_000
"""Bytes of a part that is text."""
TEXT_PARTS = ("enrolment", "number")
"""Parts that are not captures."""
CHARSET_PART = "_charset_"
"""A part that states the charset of text parts that state none; RFC 7578, section 4.6."""
_CODECS = frozenset(aliases.values())
"""Those of charsets and a few of no text, which Python does not decode text with."""
CAPTURE_ERRORS = (UnknownPosition, RepeatedPosition, NothingToEnrol, CapturesRefused)
"""What a route that takes captures may answer."""


@dataclass(frozen=True, slots=True)
class SentForm:
    """fields: text parts by name. files: all other parts in the order they came, names possibly repeated."""

    fields: Mapping[str, str]
    files: Sequence[tuple[str, bytes]]

    def captures(
        self, dpi: Mapping[str, float | None] | None = None, liveness: Mapping[str, Liveness | None] | None = None
    ) -> list[SentCapture]:
        """The parts that are no text as captures. dpi, liveness: what the client states of each, by position."""
        return [
            SentCapture(name, content, (dpi or {}).get(name), (liveness or {}).get(name))
            for name, content in self.files
        ]


async def read_form(request: Request) -> SentForm:
    """Read the whole request. Which parts are text follows from their names; no part needs a file name."""
    kind, options = parse_options_header(request.headers.get("content-type"))
    if kind != b"multipart/form-data":
        async for chunk in request.stream():
            if chunk:
                raise Malformed([FieldError("Content-Type", "not_multipart", "the body must be multipart/form-data")])
        return SentForm({}, ())
    if options.get(b"charset", b"utf-8").lower() != b"utf-8":
        raise Malformed([FieldError("Content-Type", "not_utf8", "names of parts are read as UTF-8 only")])
    parts = await read_parts(request.stream(), options.get(b"boundary", b""))
    return await run_in_threadpool(_sorted_out, parts)


Form = Annotated[SentForm, Depends(read_form)]
"""A route asks for its actor before this: nothing is read of a caller who is not known."""


Dpi = Annotated[
    float | None, Query(gt=50, lt=2500, description="resolution of the finger captures, over what the files state")
]


def of_fingers(dpi: float | None) -> dict[str, float | None]:
    """One resolution for all finger captures, by position."""
    return {} if dpi is None else dict.fromkeys(FINGERS, dpi)


def part(form: SentForm, name: str) -> str:
    """A text part that must be there."""
    if name not in form.fields:
        raise Malformed([FieldError(name, "missing", f"the part {name} is missing")])
    return form.fields[name]


def described(text_parts: Mapping[str, Any]) -> dict[str, Any]:
    """The OpenAPI description of such a request. text_parts: schemas of the parts it must have besides captures."""
    captures = {
        name: {"type": "string", "format": "binary", "description": f"a capture: {name}"}
        for name in (*(position.value for position in Position), *SLAPS)
    }
    schema = {"type": "object", "properties": {**text_parts, **captures}, "required": list(text_parts)}
    encoding = {name: {"contentType": "application/json"} for name, one in text_parts.items() if "$ref" in one}
    return {
        "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema, "encoding": encoding}}}
    }


def _sorted_out(parts: Sequence[Part]) -> SentForm:
    texts: dict[str, Part] = {}
    files: list[tuple[str, bytes]] = []
    for one in parts:
        if one.unchosen:
            continue
        if one.name not in (*TEXT_PARTS, CHARSET_PART):
            files.append((one.name, one.content))
        elif one.name in texts:
            raise Malformed([FieldError(one.name, "repeated", f"the part {one.name} was sent twice")])
        else:
            texts[one.name] = one
    stated = texts.pop(CHARSET_PART, None)
    charset = "utf-8" if stated is None else _text(stated, "ascii").strip()
    return SentForm({name: _text(one, one.charset or charset) for name, one in texts.items()}, files)


def _text(one: Part, charset: str) -> str:
    """The text of a part, without a byte-order mark. Raises Malformed."""
    name = one.name
    if len(one.content) > LONGEST_TEXT:
        detail = f"the part {name} has {len(one.content):,} bytes; at most {LONGEST_TEXT:,} are read"
        raise Malformed([FieldError(name, "too_long", detail)])
    try:
        return one.content.decode(_codec(charset)).removeprefix("\ufeff")
    except LookupError:
        detail = f"the part {name} is in the charset {charset}, which is not known; send UTF-8"
        raise Malformed([FieldError(name, "unknown_charset", detail)]) from None
    except UnicodeError:
        code = "not_utf8" if _codec(charset) == "utf_8" else "not_in_charset"
        detail = f"the part {name} is not text in {charset}; its Content-Type may state another `charset`"
        raise Malformed([FieldError(name, code, detail)]) from None


def _codec(charset: str) -> str:
    """Python's codec of a charset. Raises LookupError; looks nothing up by a client's own words."""
    name = normalize_encoding(charset).lower()
    codec = aliases.get(name, name)
    if codec not in _CODECS:
        raise LookupError(charset)
    return codec

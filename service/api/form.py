"""Reading multipart requests: one JSON part, and one file part per capture, named by its position."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Query, Request
from python_multipart.multipart import parse_options_header

from matcher import FINGERS, SLAPS, Position
from service.api.errors import FieldError, Malformed
from service.enrolment.domain.enrolments import Liveness, SentCapture
from service.enrolment.errors import CapturesRefused, NothingToEnrol, RepeatedPosition, UnknownPosition

PARTS = 64
"""More parts than any honest request has."""

LONGEST_TEXT = 1_000_000
TEXT_PARTS = ("enrolment", "number")
"""Parts that are not captures."""
CAPTURE_ERRORS = (UnknownPosition, RepeatedPosition, NothingToEnrol, CapturesRefused)
"""What a route that takes captures may answer."""


@dataclass(frozen=True, slots=True)
class SentForm:
    """fields: text parts by name. files: file parts in the order they came, names possibly repeated."""

    fields: Mapping[str, str]
    files: Sequence[tuple[str, bytes]]

    def captures(
        self, dpi: Mapping[str, float | None] | None = None, liveness: Mapping[str, Liveness | None] | None = None
    ) -> list[SentCapture]:
        """The file parts as captures. dpi, liveness: what the client states of each, by position."""
        return [
            SentCapture(name, content, (dpi or {}).get(name), (liveness or {}).get(name))
            for name, content in self.files
        ]


async def read_form(request: Request) -> SentForm:
    """Read the whole request. A text part may also come as a file, as many clients send JSON."""
    _, options = parse_options_header(request.headers.get("content-type"))
    if options.get(b"charset", b"utf-8").lower() != b"utf-8":
        raise Malformed([FieldError("Content-Type", "not_utf8", "names of parts are read as UTF-8 only")])
    async with request.form(max_files=PARTS, max_fields=PARTS, max_part_size=LONGEST_TEXT) as form:
        fields: dict[str, str] = {}
        files: list[tuple[str, bytes]] = []
        for name, value in form.multi_items():
            content = value if isinstance(value, str) else await value.read()
            if name in TEXT_PARTS:
                if name in fields:
                    raise Malformed([FieldError(name, "repeated", f"the part {name} was sent twice")])
                if len(content) > LONGEST_TEXT:
                    detail = f"the part {name} has {len(content):,} bytes; at most {LONGEST_TEXT:,} are read"
                    raise Malformed([FieldError(name, "too_long", detail)])
                fields[name] = content if isinstance(content, str) else _text(name, content)
            elif isinstance(content, str):
                raise Malformed([FieldError(name, "not_a_file", f"the part {name} must be a file, with a file name")])
            else:
                files.append((name, content))
    return SentForm(fields, files)


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


def _text(name: str, content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise Malformed([FieldError(name, "not_utf8", f"the part {name} is not UTF-8 text")]) from None

"""Errors as RFC 9457 problem documents."""

import errno
import re
from collections.abc import Sequence
from dataclasses import dataclass
from json import JSONDecoder
from typing import Any

import structlog
from asgi_correlation_id import correlation_id
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.access.errors import Unauthenticated
from service.api.errors import (
    LONGEST_DETAIL,
    LONGEST_FIELD,
    LONGEST_SENTENCE,
    MOST_ERRORS,
    FieldError,
    Malformed,
    NotReady,
    Overloaded,
    RequestTooLarge,
    RequestTooSlow,
    TooManyRequests,
    TooManyWrongTokens,
    TooOften,
    shortened,
)
from service.enrolment.errors import CaptureRefused, CapturesRefused
from service.kit.errors import (
    Conflict,
    Forbidden,
    Gone,
    JisrError,
    NotFound,
    NotSignedIn,
    Refused,
    StorageUnavailable,
    TooLarge,
    TooMany,
    TooSlow,
    Unavailable,
)

logger = structlog.get_logger(__name__)
MEDIA_TYPE = "application/problem+json"

STATUS: dict[type[JisrError], int] = {
    Refused: 422,
    NotSignedIn: 401,
    Forbidden: 403,
    TooLarge: 413,
    TooMany: 429,
    TooSlow: 408,
    Conflict: 409,
    NotFound: 404,
    Gone: 410,
    Unavailable: 503,
}
"""By base class; an error of any context has that of the nearest."""
MACHINE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO, errno.ENOMEM, errno.EMFILE, errno.ENFILE)
"""What an operating system says when a disk is full or read-only, or the machine has no more to give."""
FULL = "the machine has no room for this now; try again in a moment"
TOO_LARGE = ("capture_too_large", "too_many_pixels")
NAMED = {"json_invalid": "malformed-json", "birth_in_future": "birth-in-future"}
"""Codes of single wrong fields that are a type of problem of their own."""
HEADERS = {
    401: {"WWW-Authenticate": "Bearer"},
    408: {"Connection": "close"},
    429: {"Retry-After": "60"},
    503: {"Retry-After": "5"},
}
UNREADABLE = (ValueError, RecursionError, ClientDisconnect)
"""What reading a body raises if the body is wrong; anything else is a mistake of ours."""


class ProblemField(BaseModel):
    """One thing to correct."""

    field: str = Field(description="where, in dotted notation: `enrolment.person.birth_date`, `right_thumb`")
    code: str = Field(description="stable, for programs", examples=["no_face"])
    detail: str = Field(description="a sentence for people")


class Problem(BaseModel):
    """An error, as RFC 9457 has it."""

    type: str = Field(description="stable name of the kind of problem", examples=["/problems/no-face"])
    title: str
    status: int
    detail: str
    instance: str = Field(description="the path of the request")
    request_id: str | None = Field(None, description="names this request in the service's log")
    errors: list[ProblemField] = Field(
        default_factory=list, description=f"the fields to correct, at most {MOST_ERRORS} of them"
    )
    errors_left_out: int = Field(0, description="how many more fields there are to correct")


@dataclass(frozen=True, slots=True)
class Described:
    """A problem before it is one of a request. kind: the last part of its type. more: errors besides these."""

    kind: str
    title: str
    status: int
    detail: str
    errors: Sequence[FieldError] = ()
    more: int = 0


MISTAKE = Described(
    "internal",
    "The service made a mistake.",
    500,
    "The service made a mistake; what it had accepted before is kept. The log has the place.",
)


def status_of(kind: type[JisrError]) -> int:
    """The status of the nearest base class."""
    return next(STATUS[base] for base in kind.__mro__ if base in STATUS)


def slug(name: str) -> str:
    """EnrolmentDiffers and no_face as they stand in a problem's type."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower().replace("_", "-")


def declared(*kinds: type[JisrError]) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI responses of a route that may answer with these, besides those every protected route may."""
    by_status: dict[int | str, list[str]] = {}
    of_caller = (Unauthenticated, Forbidden, TooManyRequests, TooManyWrongTokens)
    always = (*of_caller, Malformed, RequestTooLarge, RequestTooSlow, NotReady, Overloaded)
    for kind in (*always, *kinds):
        by_status.setdefault(status_of(kind), []).append(f"`{slug(kind.__name__)}`: {kind.__doc__}")
        if kind is CapturesRefused:
            by_status.setdefault(413, []).append("`capture-too-large`, `too-many-pixels`: a capture is too large.")
    return {status: response("\n\n".join(lines)) for status, lines in by_status.items()}


def response(description: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": description, "content": {MEDIA_TYPE: {"schema": schema}}}


def install(api: FastAPI) -> None:
    """Answer every error of this door, and of the framework, as a problem document."""
    api.add_exception_handler(JisrError, _answer_ours)
    api.add_exception_handler(RequestValidationError, _answer_validation)
    api.add_exception_handler(HTTPException, _answer_framework)
    api.add_middleware(AnswerMistakes)


class AnswerMistakes:
    """Unexpected errors become a log event and an answer; the connection stays open for the next request.

    Wanted around each application and each chain of middleware: Starlette answers in plain text what leaves one, and
    raises it again, for which uvicorn closes the connection.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = ended = False

        async def noting(message: Message) -> None:
            nonlocal started, ended
            await send(message)
            started = True
            ended = message["type"] == "http.response.body" and not message.get("more_body", False)

        try:
            await self._app(scope, receive, noting)
        except ClientDisconnect:
            logger.info("request.left", path_pattern=_pattern(scope))
        except Exception as error:
            logger.exception("request.failed", path_pattern=_pattern(scope))
            if scope["type"] != "http" or (started and not ended):
                raise
            if not started:
                lacking = isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno in MACHINE)
                found = describe(NotReady(FULL)) if lacking else MISTAKE
                await answer(Request(scope), found)(scope, receive, send)


def _pattern(scope: Scope) -> str | None:
    """The route of a request without the identifiers in its path."""
    return getattr(scope.get("route"), "path", None)


def malformed(error: ValidationError | RequestValidationError, root: str | None = None) -> Malformed:
    """What pydantic found, each error with the dotted path of its field, below `root` if given."""
    first: Sequence[Any]
    if isinstance(error, ValidationError):
        first, count = _first_errors(error), error.error_count()
    else:
        first, count = error.errors()[:MOST_ERRORS], len(error.errors())
    found = []
    for one in first:
        path = [str(part) for part in one["loc"] if part not in ("body", "query", "path")]
        field = ".".join(([root] if root else []) + path) or "body"
        found.append(FieldError(field, str(one["type"]), str(one["msg"]).removeprefix("Value error, ")))
    return Malformed(found, count - len(found))


def _first_errors(error: ValidationError) -> list[dict[str, Any]]:
    """Read one after another from the text that pydantic writes: making objects of thousands takes seconds."""
    text = error.json(include_url=False, include_context=False, include_input=False)
    reader, at, found = JSONDecoder(), 1, []
    for _ in range(min(MOST_ERRORS, error.error_count())):
        one, at = reader.raw_decode(text, at)
        at += 1  # the comma
        found.append(one)
    return found


def answer(request: Request, one: Described) -> JSONResponse:
    body = document(one, request.url.path)
    return JSONResponse(body.model_dump(), one.status, HEADERS.get(one.status), media_type=MEDIA_TYPE)


def document(one: Described, instance: str) -> Problem:
    """instance: the path of the request, empty where none was read."""
    return Problem(
        type=f"/problems/{one.kind}",
        title=one.title,
        status=one.status,
        detail=shortened(one.detail, LONGEST_DETAIL),
        instance=instance,
        request_id=correlation_id.get(),
        errors=[_problem_field(each) for each in one.errors[:MOST_ERRORS]],
        errors_left_out=one.more + len(one.errors[MOST_ERRORS:]),
    )


def _problem_field(one: FieldError) -> ProblemField:
    field, detail = shortened(one.field, LONGEST_FIELD), shortened(one.detail, LONGEST_SENTENCE)
    return ProblemField(field=field, code=one.code, detail=detail)


def describe(error: JisrError) -> Described:
    more = error.more if isinstance(error, Malformed) else 0
    kind, title = slug(type(error).__name__), (type(error).__doc__ or "").partition("\n")[0].strip()
    match error:
        case StorageUnavailable():  # the reason is for the log, not for callers
            return describe(NotReady("what keeps the registry does not answer; try again in a moment"))
        case Malformed():
            kind = NAMED.get(error.errors[0].code, kind) if len(error.errors) + error.more == 1 else kind
            fields = list(error.errors)
        case CapturesRefused():
            return _describe_captures(error)
        case Refused():
            fields = [FieldError(error.field, kind.replace("-", "_"), str(error))]
        case _:
            fields = []
    return Described(kind, title, status_of(type(error)), str(error), fields, more)


def _describe_captures(error: CapturesRefused) -> Described:
    """A problem of the first capture's type."""
    first = error.refused[0].reason
    status = 413 if first in TOO_LARGE else status_of(CaptureRefused)
    fields = [FieldError(one.field, one.reason, str(one)) for one in error.refused]
    return Described(slug(first), first.replace("_", " ").capitalize(), status, str(error), fields)


def _answer_ours(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, JisrError)
    if isinstance(error, Unavailable):
        logger.warning("request.unavailable", problem=type(error).__name__, reason=str(error))
    found = answer(request, describe(error))
    if isinstance(error, TooOften):
        found.headers["Retry-After"] = str(error.seconds)
    return found


def _answer_validation(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    return answer(request, describe(malformed(error)))


def _answer_framework(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    if isinstance(error.__cause__, JisrError):  # raised while the body was read
        return _answer_ours(request, error.__cause__)
    if error.__cause__ is not None and not isinstance(error.__cause__, UNREADABLE):
        raise error.__cause__
    if error.status_code == 400:  # a body that does not parse
        return answer(request, describe(Malformed([FieldError("body", "unreadable", error.detail)])))
    kind = {404: "no-such-page", 405: "method-not-allowed"}.get(error.status_code, "http")
    found = answer(request, Described(kind, error.detail, error.status_code, error.detail))
    found.headers.update(error.headers or {})
    return found

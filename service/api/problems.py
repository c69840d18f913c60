"""Errors as RFC 9457 problem documents."""

import re
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, ValidationError
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException

from service.api import errors as api
from service.api.errors import FieldError
from service.domain import errors as domain
from service.domain.errors import CaptureRefused, CapturesRefused, JisrError, Refused

MEDIA_TYPE = "application/problem+json"

STATUS: dict[type[JisrError], int] = {
    api.Unauthenticated: 401,
    api.Forbidden: 403,
    api.RequestTooLarge: 413,
    api.Malformed: 422,
    api.NotReady: 503,
    domain.MalformedRequest: 422,
    domain.UnknownPosition: 422,
    domain.RepeatedPosition: 422,
    domain.ContradictedException: 422,
    domain.NothingToEnrol: 422,
    domain.UnknownHousehold: 422,
    domain.MalformedHousehold: 422,
    domain.CaptureRefused: 422,
    domain.CapturesRefused: 422,
    domain.UnknownSurvivor: 422,
    domain.NothingToCompare: 422,
    domain.EnrolmentDiffers: 409,
    domain.CaseClosed: 409,
    domain.NotGivenUp: 409,
    domain.NoSuchEnrolment: 404,
    domain.NoSuchPerson: 404,
    domain.NoSuchHousehold: 404,
    domain.NoSuchCase: 404,
}
TOO_LARGE = ("capture_too_large", "too_many_pixels")
NAMED = {"json_invalid": "malformed-json", "birth_in_future": "birth-in-future"}
"""Codes of single wrong fields that are a type of problem of their own."""


class ProblemField(BaseModel):
    """One thing to mend."""

    field: str = Field(description="where, in dotted notation: `enrolment.person.birth_date`, `right_thumb`")
    code: str = Field(description="stable, for programs", examples=["no_face"])
    detail: str = Field(description="a sentence for people")


class Problem(BaseModel):
    """An error, as RFC 9457 has it."""

    type: str = Field(description="stable name of the kind of problem", examples=["/problems/no-face"])
    title: str
    status: int
    detail: str
    instance: str = Field(description="the path that was asked")
    errors: list[ProblemField] = Field(default_factory=list, description="every field to mend")


def slug(name: str) -> str:
    """EnrolmentDiffers and no_face as they stand in a problem's type."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower().replace("_", "-")


def declared(*kinds: type[JisrError]) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI responses of a route that may answer with these, besides those every protected route may."""
    by_status: dict[int | str, list[str]] = {}
    for kind in (api.Unauthenticated, api.Forbidden, api.Malformed, api.RequestTooLarge, api.NotReady, *kinds):
        by_status.setdefault(STATUS[kind], []).append(f"`{slug(kind.__name__)}`: {kind.__doc__}")
        if kind is CapturesRefused:
            by_status.setdefault(413, []).append("`capture-too-large`, `too-many-pixels`: a capture is too large.")
    return {status: response("\n\n".join(lines)) for status, lines in by_status.items()}


def response(description: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": description, "content": {MEDIA_TYPE: {"schema": schema}}}


def install(app: FastAPI) -> None:
    """Answer every error of this service, and of the framework, as a problem document."""
    app.add_exception_handler(JisrError, _answer_ours)
    app.add_exception_handler(RequestValidationError, _answer_validation)
    app.add_exception_handler(HTTPException, _answer_framework)
    app.add_exception_handler(OperationalError, _answer_database)
    app.add_exception_handler(PoolTimeout, _answer_database)
    app.add_exception_handler(Exception, _answer_bug)


def field_errors(error: ValidationError | RequestValidationError, root: str | None = None) -> list[FieldError]:
    """What pydantic found, each with the dotted path of its field, below `root` if given."""
    found = []
    for one in error.errors():
        path = [str(part) for part in one["loc"] if part not in ("body", "query", "path")]
        field = ".".join(([root] if root else []) + path) or "body"
        found.append(FieldError(field, str(one["type"]), str(one["msg"]).removeprefix("Value error, ")))
    return found


def problem(
    request: Request, kind: str, title: str, status: int, detail: str, errors: list[FieldError]
) -> JSONResponse:
    body = Problem(
        type=f"/problems/{kind}",
        title=title,
        status=status,
        detail=detail,
        instance=request.url.path,
        errors=[ProblemField(field=one.field, code=one.code, detail=one.detail) for one in errors],
    )
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
    return JSONResponse(body.model_dump(), status, headers, media_type=MEDIA_TYPE)


def _answer_ours(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, JisrError)
    kind, title, status, fields = slug(type(error).__name__), type(error).__doc__ or "", STATUS[type(error)], []
    if isinstance(error, api.Malformed):
        fields = list(error.errors)
        kind = NAMED.get(fields[0].code, kind) if len(fields) == 1 else kind
    elif isinstance(error, CapturesRefused):
        fields = [_of_capture(one) for one in error.refused]
    elif isinstance(error, Refused):
        fields = [FieldError(error.field, kind.replace("-", "_"), str(error))]
    if isinstance(error, CapturesRefused):
        first = error.refused[0].reason
        kind, title = slug(first), first.replace("_", " ").capitalize()
        status = 413 if first in TOO_LARGE else status
    return problem(request, kind, title.strip(), status, str(error), fields)


def _of_capture(refused: CaptureRefused) -> FieldError:
    return FieldError(refused.field, refused.reason, str(refused))


def _answer_validation(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    return _answer_ours(request, api.Malformed(field_errors(error)))


def _answer_framework(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    if error.status_code == 400:  # a body that does not parse
        return _answer_ours(request, api.Malformed([FieldError("body", "unreadable", error.detail)]))
    name = {404: "no-such-page", 405: "method-not-allowed"}.get(error.status_code, "http")
    answer = problem(request, name, error.detail, error.status_code, error.detail, [])
    answer.headers.update(error.headers or {})
    return answer


def _answer_database(request: Request, _: Exception) -> JSONResponse:
    answer = _answer_ours(request, api.NotReady("the database does not answer; try again in a moment"))
    answer.headers["Retry-After"] = "5"
    return answer


def _answer_bug(request: Request, error: Exception) -> JSONResponse:
    return problem(
        request,
        "internal",
        "The service made a mistake.",
        500,
        "The service made a mistake; what it had accepted before is kept. The log has the place.",
        [],
    )

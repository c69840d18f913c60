"""Searching, comparing and judging captures; nothing sent here is kept."""

from typing import Annotated

from fastapi import APIRouter, Query

from matcher import FINGERS
from service.api.answers import IdentificationOut, QualityOut, VerificationOut
from service.api.deps import Running, anybody
from service.api.errors import FieldError, Malformed
from service.api.form import Form, described, part
from service.api.problems import declared
from service.domain import errors
from service.usecases import identify as use
from service.usecases.captures import judge_capture

router = APIRouter(prefix="/v1", tags=["search"], dependencies=[anybody])

Dpi = Annotated[
    float | None, Query(gt=50, lt=2500, description="dots an inch of the finger captures, over what the files say")
]
COMMON = (
    errors.UnknownPosition,
    errors.RepeatedPosition,
    errors.NothingToEnrol,
    errors.CapturesRefused,
)


AnyFinger = Annotated[
    bool,
    Query(description="the fingers may be swapped or of unknown position: name them as you like, each once; slower"),
]


@router.post("/identify", responses=declared(*COMMON), openapi_extra=described({}))
def identify(form: Form, app: Running, dpi: Dpi = None, any_finger: AnyFinger = False) -> IdentificationOut:
    """Who of everybody enrolled is this? (1:N)"""
    found = use.identify(
        form.captures(_of_fingers(dpi)),
        storage=app.store.storage,
        engine=app.engine,
        follower=app.follower,
        rules=app.rules,
        any_finger=any_finger,
    )
    return IdentificationOut.of(found)


@router.post(
    "/verify",
    responses=declared(*COMMON, errors.NoSuchPerson, errors.NothingToCompare),
    openapi_extra=described({"number": {"type": "string", "description": "the person's number"}}),
)
def verify(form: Form, app: Running, dpi: Dpi = None) -> VerificationOut:
    """Is this the person with this number? (1:1)"""
    found = use.verify(
        part(form, "number").strip(),
        form.captures(_of_fingers(dpi)),
        storage=app.store.storage,
        engine=app.engine,
        rules=app.rules,
    )
    return VerificationOut.of(found)


@router.post("/quality", responses=declared(*COMMON), openapi_extra=described({}))
def quality(form: Form, app: Running, dpi: Dpi = None) -> QualityOut:
    """How well will this one capture serve, and what could the counter do better?"""
    captures = form.captures(_of_fingers(dpi))
    if len(captures) != 1:
        raise Malformed([FieldError("captures", "not_one", f"send one capture; {len(captures)} came")])
    return QualityOut.of(captures[0].position, judge_capture(captures[0], app.engine))


def _of_fingers(dpi: float | None) -> dict[str, float | None]:
    return {} if dpi is None else dict.fromkeys(FINGERS, dpi)

"""Enrolments."""

import asyncio
import time
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import ValidationError

from service.api.answers import EnrolmentOut
from service.api.deps import Running, anybody, enrollers
from service.api.errors import Malformed
from service.api.form import Form, SentForm, described, part
from service.api.problems import declared, field_errors
from service.api.requests import EnrolmentIn
from service.bootstrap import App
from service.domain import errors
from service.domain.enrolments import WAITING
from service.usecases import enrol, lookup
from service.usecases.lookup import EnrolmentView

router = APIRouter(prefix="/v1/enrolments", tags=["enrolments"])

SHORTEST_POLL, LONGEST_POLL = 0.05, 0.5  # seconds
LONGEST_WAIT = 60


@router.post(
    "",
    status_code=202,
    dependencies=[enrollers],
    responses=declared(
        errors.UnknownPosition,
        errors.RepeatedPosition,
        errors.ContradictedException,
        errors.NothingToEnrol,
        errors.UnknownHousehold,
        errors.MalformedHousehold,
        errors.CapturesRefused,
        errors.EnrolmentDiffers,
    ),
    openapi_extra=described({"enrolment": {"$ref": "#/components/schemas/EnrolmentIn"}}),
)
async def create(
    form: Form,
    response: Response,
    app: Running,
    wait: Annotated[float, Query(ge=0, le=LONGEST_WAIT, description="seconds to wait for the outcome")] = 0,
) -> EnrolmentOut:
    """Enrol one person.

    Accepted means kept: what this answers with 202 is on disk and will have an outcome. Captures that can never be used
    are refused at once, while the person is still there. Sending the same enrolment again answers the same.
    """
    enrolment_id = await run_in_threadpool(_submit, form, app)
    app.worker.wake()
    answer = EnrolmentOut.of(await _outcome(enrolment_id, app, wait))
    response.headers["Location"] = answer.links["self"]
    return answer


@router.get("/{enrolment_id}", dependencies=[anybody], responses=declared(errors.NoSuchEnrolment))
async def read(
    enrolment_id: UUID,
    app: Running,
    wait: Annotated[float, Query(ge=0, le=LONGEST_WAIT, description="seconds to wait for the outcome")] = 0,
) -> EnrolmentOut:
    """What became of an enrolment."""
    return EnrolmentOut.of(await _outcome(enrolment_id, app, wait))


def _submit(form: SentForm, app: App) -> UUID:
    sent = _parse(part(form, "enrolment"))
    captures = form.captures(
        {name: one.dpi for name, one in sent.captures.items()},
        {name: one.evidence() for name, one in sent.captures.items()},
    )
    store = app.store
    return enrol.submit(
        sent.command(), captures, storage=store.storage, engine=app.engine, blobs=store.blobs, clock=store.clock
    )


def _parse(text: str) -> EnrolmentIn:
    try:
        return EnrolmentIn.model_validate_json(text)
    except ValidationError as error:
        raise Malformed(field_errors(error, "enrolment")) from None


async def _outcome(enrolment_id: UUID, app: App, seconds: float) -> EnrolmentView:
    """The enrolment once it has an outcome, or as it stands when the time is up. Holds no thread while waiting."""
    until, pause = time.monotonic() + seconds, SHORTEST_POLL
    while True:
        view = await run_in_threadpool(_look_up, enrolment_id, app)
        if view.enrolment.status not in WAITING or time.monotonic() >= until:
            return view
        await asyncio.sleep(pause)
        pause = min(1.5 * pause, LONGEST_POLL)


def _look_up(enrolment_id: UUID, app: App) -> EnrolmentView:
    with app.store.storage.read() as uow:
        return lookup.enrolment(uow, enrolment_id)

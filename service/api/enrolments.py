"""Enrolments."""

import asyncio
import time
from datetime import datetime
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import (
    BaseModel,
    Field,
)

from service.adjudication.usecases.read_outcome import Outcome, has_outcome, read_outcome
from service.api.deps import MayEnrol, MayListEnrolments, MayReadEnrolment, Running
from service.api.form import CAPTURE_ERRORS, Form, SentForm, described, part
from service.api.pages import next_page
from service.api.problems import declared
from service.api.proxies import link
from service.api.sent_enrolments import AddedIn, EnrolmentIn, parse
from service.api.shapes import (
    LivenessShape,
    MarkOut,
    WarningOut,
)
from service.api.turns import InTurn
from service.bootstrap import App
from service.enrolment.domain.enrolments import (
    CaptureRecord,
    EnrolCommand,
    Enrolment,
    EnrolmentStatus,
    ExceptionReason,
)
from service.enrolment.errors import (
    ContradictedException,
    EnrolmentDiffers,
    EnrolmentErased,
    NoSuchEnrolment,
    OtherDevice,
    OtherSite,
    QueueFull,
)
from service.enrolment.ports import EnrolmentQuery
from service.enrolment.usecases.list_enrolments import list_enrolments
from service.enrolment.usecases.receive import receive_enrolment
from service.kit.actor import Actor
from service.registry.errors import MalformedHousehold, UnknownHousehold

router = APIRouter(prefix="/v1/enrolments", tags=["enrolments"])

SHORTEST_POLL, LONGEST_POLL = 0.05, 0.5  # seconds
LONGEST_WAIT = 60
Wait = Annotated[float, Query(ge=0, le=LONGEST_WAIT, description="seconds to wait for the outcome")]


class CaptureOut(BaseModel):
    position: str
    dpi: float | None = Field(description="resolution that the client stated; null: the file's counts, or 500")
    ridge_period_px: float | None = Field(
        description="of a print, at 500 dpi by the resolution believed: 6.5 to 12.5 is usual; null where it is unknown"
    )
    quality: int | None = Field(description="0 to 100; null while it waits, or where there is a problem")
    reasons: list[str] = Field(description="what the counter could correct, by code")
    problem: str | None = Field(description="why nothing could be extracted, by code")
    detail: str | None
    liveness: LivenessShape | None = Field(description="the capture device's own evidence")
    warnings: list[WarningOut] = Field(description="what was odd about the file; known as soon as it is accepted")

    @classmethod
    def of(cls, one: CaptureRecord) -> "CaptureOut":
        return cls.model_validate(one, from_attributes=True)


class ExceptionOut(BaseModel):
    position: str
    reason: ExceptionReason


class EnrolmentOut(BaseModel):
    """An enrolment and what became of it."""

    id: UUID
    status: EnrolmentStatus
    reason: str | None = Field(description="why it is unusable, by code")
    received_at: datetime
    finished_at: datetime | None
    captures: list[CaptureOut]
    exceptions: list[ExceptionOut]
    person_number: str | None = Field(description="null until it is issued; after a merge the survivor's")
    added_to: str | None = Field(
        description="the number of the person to whom the captures are to be added; null where they make one"
    )
    household_id: str | None = Field(description="null until it is issued, with the number of the first member")
    case: UUID | None = Field(description="the case, where the subject resembles people enrolled, or a mark opened it")
    candidates: int = Field(description="how many people enrolled the case names")
    marks: list[MarkOut] = Field(description="what is suspect about the enrolment itself, where there is a case")
    links: dict[str, str]

    @classmethod
    def of(cls, outcome: Outcome) -> "EnrolmentOut":
        one, case = outcome.enrolment, outcome.case
        links = {"self": link(f"/v1/enrolments/{one.id}")}
        number = outcome.person.number if outcome.person else None
        household = outcome.household.household_id if outcome.household else None
        if number:
            links["person"] = link(f"/v1/persons/{number}")
        if household:
            links["household"] = link(f"/v1/households/{household}")
        if case:
            links["case"] = link(f"/v1/cases/{case.id}")
        return cls(
            id=one.id,
            status=one.status,
            reason=one.reason,
            received_at=one.received_at,
            finished_at=one.finished_at,
            captures=[CaptureOut.of(capture) for capture in outcome.captures],
            exceptions=[ExceptionOut(position=each.position, reason=each.reason) for each in one.exceptions],
            person_number=number,
            added_to=outcome.added_to.number if outcome.added_to else None,
            household_id=household,
            case=case.id if case else None,
            candidates=outcome.candidates,
            marks=MarkOut.of_all(case.marks if case else ()),
            links=links,
        )


@router.post(
    "",
    status_code=202,
    responses=declared(
        *CAPTURE_ERRORS,
        OtherSite,
        OtherDevice,
        ContradictedException,
        UnknownHousehold,
        MalformedHousehold,
        EnrolmentDiffers,
        EnrolmentErased,
        QueueFull,
    ),
    openapi_extra=described({"enrolment": {"$ref": "#/components/schemas/EnrolmentIn"}}),
)
async def create(
    actor: MayEnrol, form: Form, response: Response, app: Running, turn: InTurn, *, wait: Wait = 0
) -> EnrolmentOut:
    """Enrol one person.

    Accepted means kept: what this answers with 202 is on disk and will have an outcome. Captures that can never be used
    are refused at once, while the person is still there. Sending the same enrolment again gets the same answer.
    """
    enrolment_id = await turn.run(partial(_receive, form, app, actor))
    app.worker.wake()
    answer = EnrolmentOut.of(await outcome_of(enrolment_id, app, actor, wait))
    response.headers["Location"] = answer.links["self"]
    return answer


class EnrolmentRow(BaseModel):
    """An enrolment in a list."""

    id: UUID
    status: EnrolmentStatus
    reason: str | None = Field(description="why it is unusable, by code")
    site: str
    device: str
    captured_at: datetime
    received_at: datetime
    finished_at: datetime | None
    links: dict[str, str]

    @classmethod
    def of(cls, one: Enrolment) -> "EnrolmentRow":
        return cls(
            id=one.id,
            status=one.status,
            reason=one.reason,
            site=one.site,
            device=one.device,
            captured_at=one.captured_at,
            received_at=one.received_at,
            finished_at=one.finished_at,
            links={"self": link(f"/v1/enrolments/{one.id}")},
        )


class EnrolmentsOut(BaseModel):
    enrolments: list[EnrolmentRow]
    next: str | None = Field(description="the link to the enrolments after these; null at the end")


@router.get("", responses=declared(NoSuchEnrolment))
def index(
    app: Running,
    actor: MayListEnrolments,
    *,
    status: Annotated[EnrolmentStatus | None, Query(description="only these; all where not given")] = None,
    reason: Annotated[
        str | None,
        Query(pattern="^[a-z_]{1,60}$", description="only those unusable for this reason, such as `capture_missing`"),
    ] = None,
    after: Annotated[UUID | None, Query(description="the last enrolment of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> EnrolmentsOut:
    """Enrolments, oldest first: `status=unusable` lists those that somebody has to see to."""
    found = list_enrolments(EnrolmentQuery(status, reason, after, limit), actor=actor, storage=app.store.storage)
    last = found[-1].id if found else None
    wanted = {"status": status, "reason": reason}
    following = next_page("/v1/enrolments", wanted, last, full=len(found) == limit, limit=limit)
    return EnrolmentsOut(enrolments=[EnrolmentRow.of(one) for one in found], next=following)


@router.get("/{enrolment_id}", responses=declared(NoSuchEnrolment, EnrolmentErased))
async def read(enrolment_id: UUID, app: Running, actor: MayReadEnrolment, wait: Wait = 0) -> EnrolmentOut:
    """What became of an enrolment."""
    return EnrolmentOut.of(await outcome_of(enrolment_id, app, actor, wait))


def _receive(form: SentForm, app: App, actor: Actor) -> UUID:
    sent = parse(EnrolmentIn, part(form, "enrolment"))
    return keep(sent, sent.command(), form, app, actor)


def keep(sent: AddedIn, command: EnrolCommand, form: SentForm, app: App, actor: Actor) -> UUID:
    """Receive what was sent, with its captures."""
    captures = form.captures(
        {name: one.dpi for name, one in sent.captures.items()},
        {name: one.evidence() for name, one in sent.captures.items()},
    )
    store = app.store
    return receive_enrolment(
        command,
        captures,
        actor=actor,
        storage=store.storage,
        extractor=app.extractor,
        blobs=store.blobs,
        clock=store.clock,
        most_waiting=store.settings.most_waiting,
    )


async def outcome_of(enrolment_id: UUID, app: App, actor: Actor, seconds: float) -> Outcome:
    """The enrolment once it has an outcome, or as it stands when the time is up. Holds no thread while waiting."""
    until, pause, storage = time.monotonic() + seconds, SHORTEST_POLL, app.store.storage
    while time.monotonic() < until:
        if await run_in_threadpool(has_outcome, enrolment_id, actor=actor, storage=storage):
            break
        await asyncio.sleep(pause)
        pause = min(1.5 * pause, LONGEST_POLL)
    return await run_in_threadpool(read_outcome, enrolment_id, actor=actor, storage=storage)

"""Captures that are added to a person later: a child who has grown, a hand that healed, a better picture."""

from functools import partial
from uuid import UUID

from fastapi import APIRouter, Response

from service.api.deps import MayEnrol, Running
from service.api.enrolments import EnrolmentOut, Wait, keep, outcome_of
from service.api.form import CAPTURE_ERRORS, Form, SentForm, described, part
from service.api.problems import declared
from service.api.sent_enrolments import AddedIn, parse
from service.api.turns import InTurn
from service.bootstrap import App
from service.enrolment.errors import (
    ContradictedException,
    EnrolmentDiffers,
    EnrolmentErased,
    OtherDevice,
    OtherSite,
    QueueFull,
)
from service.kit.actor import Actor
from service.registry.errors import NoSuchPerson, PersonErased

router = APIRouter(prefix="/v1/persons", tags=["enrolments"])


@router.post(
    "/{number}/captures",
    status_code=202,
    responses=declared(
        *CAPTURE_ERRORS,
        OtherSite,
        OtherDevice,
        ContradictedException,
        EnrolmentDiffers,
        EnrolmentErased,
        NoSuchPerson,
        PersonErased,
        QueueFull,
    ),
    openapi_extra=described({"enrolment": {"$ref": "#/components/schemas/AddedIn"}}),
)
async def create(
    number: str, actor: MayEnrol, form: Form, response: Response, *, app: Running, turn: InTurn, wait: Wait = 0
) -> EnrolmentOut:
    """Add captures to a person who is enrolled.

    They are received as those of an enrolment are, and answered for as one. Compared with what is there of the person
    (1:1) and with everyone (1:N), they are the person's at once where both agree; otherwise an operator decides a case.
    What was there before stays, and is searched too.
    """
    enrolment_id = await turn.run(partial(_receive, number, form, app, actor))
    app.worker.wake()
    answer = EnrolmentOut.of(await outcome_of(enrolment_id, app, actor, wait))
    response.headers["Location"] = answer.links["self"]
    return answer


def _receive(number: str, form: SentForm, app: App, actor: Actor) -> UUID:
    sent = parse(AddedIn, part(form, "enrolment"))
    return keep(sent, sent.adding(number), form, app, actor)

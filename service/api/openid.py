"""Signing in by an issuer of OpenID Connect: away to it, back from it, and the second factor where it states none."""

from datetime import timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Cookie, Depends, Query, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field

from service.access.errors import IssuerUnavailable, NotOffered, Unauthenticated
from service.access.steps.tickets import LONGEST
from service.access.usecases.openid import (
    AWAY_FOR,
    Arrival,
    CodeNeeded,
    begin_openid,
    complete_openid,
    complete_second_factor,
    returned,
)
from service.api.deps import CallerGate, Running, count_failure, session_limits, stranger
from service.api.json_body import StrictJsonRoute
from service.api.problems import declared
from service.api.sessions import SessionOut, session_out
from service.api.shapes import Sent
from service.api.ways import Ways
from service.audit.domain.actions import Action

router = APIRouter(prefix="/v1/sessions/oidc", tags=["sessions"], route_class=StrictJsonRoute)
COOKIE = "__Host-jisr-sign-in"
"""Ties what comes back to the browser that left. `__Host-`: no other host or path of the domain can set it."""
Parameter = Annotated[str | None, Query(max_length=LONGEST)]


class ArrivalOut(BaseModel):
    """One of the two: the session, or a ticket."""

    status: Literal["signed_in", "code_needed"]
    session: SessionOut | None = None
    ticket: str | None = Field(default=None, description="to be sent with the authenticator app's code")


class SecondFactorIn(Sent):
    ticket: Annotated[str, Field(max_length=LONGEST)]
    code: Annotated[str, Field(max_length=20)] = Field(description="six digits of the authenticator app")


def brought(
    code: Parameter = None,
    state: Parameter = None,
    iss: Parameter = None,
    ticket: Annotated[str | None, Cookie(alias=COOKIE, include_in_schema=False)] = None,
) -> Arrival:
    """What the issuer has the browser bring, and what the browser kept."""
    return Arrival(code, state, iss, ticket)


Brought = Annotated[Arrival, Depends(brought)]


@router.get("", status_code=303, response_class=RedirectResponse, responses=declared(NotOffered, IssuerUnavailable))
def leave(gate: CallerGate, ways: Ways) -> RedirectResponse:
    """Go to the issuer to sign in. For browsers: what comes back is tied to them by a cookie."""
    issuer = ways.require_issuer()
    gate.limits.count_begin(gate.address)
    away = begin_openid(issuer=issuer, tickets=ways.tickets)
    answer = RedirectResponse(away.url, 303)
    seconds = AWAY_FOR // timedelta(seconds=1)
    answer.set_cookie(COOKIE, away.ticket, max_age=seconds, path="/", secure=True, httponly=True, samesite="lax")
    return answer


@router.get("/callback", responses=declared(NotOffered, IssuerUnavailable))
def arrive(app: Running, gate: CallerGate, ways: Ways, came: Brought, response: Response) -> ArrivalOut:
    """Where the issuer sends the browser back to. Counts once, and in the browser that left."""
    store, actor, issuer = app.store, stranger(gate), ways.require_issuer()
    limits = session_limits(store.settings)
    gate.limits.require_few_wrong(gate.address)
    try:
        back = returned(came, tickets=ways.tickets)
    except Unauthenticated:  # not counted for the address: any page can have a browser come here
        store.refusals.count(Action.SIGN_IN_FAILED, actor)
        raise
    try:
        found = complete_openid(
            back,
            actor=actor,
            storage=store.storage,
            clock=store.clock,
            limits=limits,
            issuer=issuer,
            tickets=ways.tickets,
            second_factors=ways.second_factors,
        )
    except Unauthenticated:
        count_failure(app, gate, actor)
        raise
    response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="lax")
    if isinstance(found, CodeNeeded):
        return ArrivalOut(status="code_needed", ticket=found.ticket)
    return ArrivalOut(status="signed_in", session=session_out(found, limits))


@router.post("/code", status_code=201, responses=declared(NotOffered))
def send_code(sent: SecondFactorIn, app: Running, gate: CallerGate, ways: Ways) -> SessionOut:
    """The authenticator app's code, where the issuer states no second factor that counts."""
    store, actor = app.store, stranger(gate)
    ways.require_issuer()
    gate.limits.require_few_wrong(gate.address)
    try:
        opened = complete_second_factor(
            sent.ticket,
            sent.code,
            actor=actor,
            storage=store.storage,
            clock=store.clock,
            limits=session_limits(store.settings),
            tickets=ways.tickets,
        )
    except Unauthenticated:
        count_failure(app, gate, actor)
        raise
    return session_out(opened, session_limits(store.settings))

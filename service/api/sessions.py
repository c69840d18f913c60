"""Signing in and out, for people; programs have tokens."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from service.access.domain import AccessRole
from service.access.domain.operators import LONGEST_PASSWORD, SHORTEST_PASSWORD
from service.access.errors import NoSession, SignInBusy, Unauthenticated
from service.access.steps.opening import OpenedSession, SessionLimits
from service.access.steps.second_factor import totp_uri
from service.access.usecases.operators import activate_operator
from service.access.usecases.sessions import Credentials, close_session, open_session
from service.api.deps import Bearer, Caller, CallerGate, Running, count_failure, session_limits, stranger
from service.api.json_body import StrictJsonRoute
from service.api.problems import declared
from service.api.shapes import Sent
from service.api.text import Line
from service.kit.errors import MalformedRequest

router = APIRouter(prefix="/v1", tags=["sessions"], route_class=StrictJsonRoute)


class ActivationIn(Sent):
    """What an operator chooses who was invited."""

    name: Line
    code: Annotated[str, Field(max_length=100)] = Field(description="the one-time code of `jisr operator create`")
    password: Annotated[str, Field(max_length=1000)] = Field(
        description=f"{SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters"
    )


class ActivationOut(BaseModel):
    totp_secret: str = Field(description="for an authenticator app; shown this once")
    totp_uri: str = Field(description="the same as the app reads it from a QR code")


class SessionIn(Sent):
    name: Line
    password: Annotated[str, Field(max_length=1000)]
    code: Annotated[str, Field(max_length=20)] = Field(description="six digits of the authenticator app")


class SessionOut(BaseModel):
    token: str = Field(description="to be sent as `Authorization: Bearer`, until the session ends")
    role: AccessRole
    ends_at: datetime
    idle_seconds: int = Field(description="without a request, after which it ends before")


@router.post("/operators/activation", responses=declared(MalformedRequest, SignInBusy))
def activate(sent: ActivationIn, app: Running, gate: CallerGate) -> ActivationOut:
    """Choose a password by a one-time code, and get the secret of the second factor."""
    store, actor = app.store, stranger(gate)
    gate.limits.require_few_wrong(gate.address)
    try:
        secret = activate_operator(
            sent.name, sent.code, sent.password, actor=actor, storage=store.storage, clock=store.clock
        )
    except Unauthenticated:
        count_failure(app, gate, actor)
        raise
    return ActivationOut(totp_secret=secret, totp_uri=totp_uri(secret, sent.name))


@router.post("/sessions", status_code=201, responses=declared(SignInBusy))
def sign_in(sent: SessionIn, app: Running, gate: CallerGate) -> SessionOut:
    """Sign in with password and authenticator app. Five wrong tries in a row lock the name for 15 minutes."""
    store, limits, actor = app.store, session_limits(app.store.settings), stranger(gate)
    gate.limits.require_few_wrong(gate.address)
    try:
        opened = open_session(
            Credentials(sent.name, sent.password, sent.code),
            actor=actor,
            storage=store.storage,
            clock=store.clock,
            limits=limits,
        )
    except Unauthenticated:
        count_failure(app, gate, actor)
        raise
    return session_out(opened, limits)


def session_out(opened: OpenedSession, limits: SessionLimits) -> SessionOut:
    idle = limits.idle // timedelta(seconds=1)
    return SessionOut(token=opened.secret, role=AccessRole(opened.role), ends_at=opened.ends_at, idle_seconds=idle)


@router.delete("/sessions/current", status_code=204, responses=declared(NoSession))
def sign_out(app: Running, actor: Caller, bearer: Bearer) -> None:
    """End the session that the request is sent with."""
    store = app.store
    close_session(bearer, actor=actor, storage=store.storage, clock=store.clock)

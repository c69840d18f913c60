"""What operators do about their own access."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from service.access.domain.operators import LONGEST_PASSWORD, MOST_SESSIONS, SHORTEST_PASSWORD
from service.access.errors import NoSession, NoSuchSession, SignInBusy, SignInTooOld, Unauthenticated
from service.access.usecases.own_access import (
    NewPassword,
    OwnSession,
    change_password,
    end_other_sessions,
    end_session,
    list_sessions,
)
from service.api.deps import Bearer, Caller, CallerGate, Running, count_failure, session_limits
from service.api.json_body import StrictJsonRoute
from service.api.problems import declared
from service.api.shapes import Sent
from service.kit.errors import MalformedRequest

router = APIRouter(prefix="/v1", tags=["sessions"], route_class=StrictJsonRoute)


class OwnSessionOut(BaseModel):
    id: UUID
    opened_at: datetime
    seen_at: datetime = Field(description="its last use, to the minute")
    ends_at: datetime = Field(description="whatever its use")
    current: bool = Field(description="the one that asks")

    @classmethod
    def of(cls, one: OwnSession) -> "OwnSessionOut":
        held = one.session
        return cls(
            id=held.id, opened_at=held.created_at, seen_at=held.seen_at, ends_at=held.ends_at, current=one.current
        )


class OwnSessionsOut(BaseModel):
    sessions: Sequence[OwnSessionOut] = Field(description=f"those that last, {MOST_SESSIONS} at most, oldest first")


class NewPasswordIn(Sent):
    former: Annotated[str, Field(max_length=1000)] = Field(description="the password that counts until then")
    password: Annotated[str, Field(max_length=1000)] = Field(
        description=f"{SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters, not easily guessed"
    )
    code: Annotated[str, Field(max_length=20)] = Field(description="six digits of the authenticator app")


@router.get("/sessions", responses=declared(NoSession))
def index(app: Running, actor: Caller, bearer: Bearer) -> OwnSessionsOut:
    """The own sessions that last."""
    store = app.store
    limits = session_limits(store.settings)
    found = list_sessions(bearer, actor=actor, storage=store.storage, clock=store.clock, limits=limits)
    return OwnSessionsOut(sessions=[OwnSessionOut.of(one) for one in found])


@router.delete("/sessions", status_code=204, responses=declared(NoSession, SignInTooOld))
def end_others(app: Running, actor: Caller, bearer: Bearer) -> None:
    """End all own sessions but the one that asks, within ten minutes of signing in."""
    end_other_sessions(bearer, actor=actor, storage=app.store.storage, clock=app.store.clock)


@router.delete("/sessions/{session_id}", status_code=204, responses=declared(NoSession, NoSuchSession, SignInTooOld))
def end(session_id: UUID, app: Running, actor: Caller, bearer: Bearer) -> None:
    """End one own session, within ten minutes of signing in; `current` needs no sign-in anew."""
    end_session(session_id, bearer, actor=actor, storage=app.store.storage, clock=app.store.clock)


@router.put("/operators/own/password", status_code=204, responses=declared(NoSession, MalformedRequest, SignInBusy))
def replace_password(sent: NewPasswordIn, app: Running, actor: Caller, bearer: Bearer, gate: CallerGate) -> None:
    """Take another password. All other own sessions end; a wrong try counts as one at signing in."""
    gate.limits.require_few_wrong(gate.address)
    command = NewPassword(sent.former, sent.password, sent.code)
    try:
        change_password(command, bearer, actor=actor, storage=app.store.storage, clock=app.store.clock)
    except Unauthenticated:
        count_failure(app, gate, actor)
        raise

"""An operator's passkeys, and signing in with one. The browser carries what is asked and answered, as JSON."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from service.access.domain.passkeys import Passkey
from service.access.errors import (
    NoSession,
    NoSuchPasskey,
    NotOffered,
    PasskeyRefused,
    SignInTooOld,
    Unauthenticated,
)
from service.access.steps.tickets import LONGEST
from service.access.usecases.passkeys import (
    Answered,
    Asked,
    add_passkey,
    begin_passkey,
    begin_sign_in,
    list_passkeys,
    revoke_passkey,
    sign_in_by_passkey,
)
from service.api.deps import Bearer, Caller, CallerGate, Running, count_failure, session_limits, stranger
from service.api.json_body import StrictJsonRoute
from service.api.problems import declared
from service.api.sessions import SessionOut, session_out
from service.api.shapes import Sent
from service.api.text import Line
from service.api.ways import Ways

router = APIRouter(prefix="/v1", tags=["sessions"], route_class=StrictJsonRoute)
Begun = Annotated[str, Field(max_length=LONGEST, description="of the answer that began this")]
Credential = Annotated[dict[str, Any], Field(description="what `PublicKeyCredential.toJSON()` gives")]


class AskedOut(BaseModel):
    options: Mapping[str, Any] = Field(
        description="`publicKey` of `navigator.credentials`, for `parseCreationOptionsFromJSON` or "
        "`parseRequestOptionsFromJSON`"
    )
    ticket: str = Field(description="to be sent back with the answer, within 5 minutes")


class PasskeyIn(Sent):
    ticket: Begun
    name: Line = Field(description="by which the operator tells theirs apart")
    credential: Credential


class PasskeyOut(BaseModel):
    id: UUID
    name: str
    created_at: datetime
    last_used_at: datetime | None


class PasskeysOut(BaseModel):
    passkeys: Sequence[PasskeyOut]


class PasskeySignInIn(Sent):
    ticket: Begun
    credential: Credential


@router.post("/passkeys/begin", responses=declared(NotOffered, NoSession, SignInTooOld))
def begin(app: Running, actor: Caller, bearer: Bearer, ways: Ways) -> AskedOut:
    """What to ask an authenticator for a new passkey. Within some minutes of signing in."""
    store = app.store
    asked = begin_passkey(
        bearer,
        storage=store.storage,
        clock=store.clock,
        authenticators=ways.require_authenticators(),
        tickets=ways.tickets,
    )
    return _asked(asked)


@router.post(
    "/passkeys",
    status_code=201,
    responses=declared(NotOffered, NoSession, SignInTooOld, PasskeyRefused),
)
def add(sent: PasskeyIn, app: Running, actor: Caller, bearer: Bearer, ways: Ways) -> PasskeyOut:
    """Keep what the authenticator made."""
    store = app.store
    made = add_passkey(
        sent.name,
        Answered(sent.ticket, sent.credential),
        bearer,
        actor=actor,
        storage=store.storage,
        clock=store.clock,
        authenticators=ways.require_authenticators(),
        tickets=ways.tickets,
    )
    return _passkey(made)


@router.get("/passkeys", responses=declared(NoSession))
def index(app: Running, actor: Caller, bearer: Bearer) -> PasskeysOut:
    """The passkeys of who asks."""
    store = app.store
    found = list_passkeys(bearer, actor=actor, storage=store.storage, clock=store.clock)
    return PasskeysOut(passkeys=[_passkey(one) for one in found])


@router.delete("/passkeys/{passkey_id}", status_code=204, responses=declared(NoSession, NoSuchPasskey, SignInTooOld))
def revoke(passkey_id: UUID, app: Running, actor: Caller, bearer: Bearer) -> None:
    """Take a passkey away. All other sessions of the operator end."""
    store = app.store
    revoke_passkey(passkey_id, bearer, actor=actor, storage=store.storage, clock=store.clock)


@router.post("/sessions/passkey/begin", responses=declared(NotOffered))
def begin_session(gate: CallerGate, ways: Ways) -> AskedOut:
    """What to ask an authenticator to sign in. It names no one."""
    authenticators = ways.require_authenticators()
    gate.limits.count_begin(gate.address)
    return _asked(begin_sign_in(authenticators=authenticators, tickets=ways.tickets))


@router.post("/sessions/passkey", status_code=201, responses=declared(NotOffered))
def sign_in(sent: PasskeySignInIn, app: Running, gate: CallerGate, ways: Ways) -> SessionOut:
    """Sign in with a passkey, which is both factors."""
    store, actor, limits = app.store, stranger(gate), session_limits(app.store.settings)
    authenticators = ways.require_authenticators()
    gate.limits.require_few_wrong(gate.address)
    try:
        opened = sign_in_by_passkey(
            Answered(sent.ticket, sent.credential),
            actor=actor,
            storage=store.storage,
            clock=store.clock,
            limits=limits,
            authenticators=authenticators,
            tickets=ways.tickets,
        )
    except Unauthenticated:
        count_failure(app, gate, actor)
        raise
    return session_out(opened, limits)


def _asked(asked: Asked) -> AskedOut:
    return AskedOut(options=asked.options, ticket=asked.ticket)


def _passkey(one: Passkey) -> PasskeyOut:
    return PasskeyOut(id=one.id, name=one.name, created_at=one.created_at, last_used_at=one.last_used_at)

"""What routes are given: the running service, and who is calling."""

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Annotated

from asgi_correlation_id import correlation_id
from fastapi import Depends, Request
from fastapi.params import Depends as DependsMarker
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from service.access.domain import Permission, hash_secret, roles_with
from service.access.domain.operators import SESSION_PREFIX
from service.access.errors import Unauthenticated
from service.access.steps.opening import SessionLimits
from service.access.usecases.sessions import note_session, resume
from service.access.usecases.tokens import note_use, sign_in
from service.api.last_use import LastUse
from service.api.rate_limits import RateLimits
from service.audit.domain.actions import Action
from service.audit.steps.refusals import STRANGER
from service.bootstrap import App
from service.kit.actor import Actor
from service.kit.errors import Forbidden
from service.settings import Settings

bearer = HTTPBearer(auto_error=False, description="A token of `jisr token create`, or of a session")


def running(request: Request) -> App:
    app = request.app.state.jisr
    assert isinstance(app, App)
    return app


Running = Annotated[App, Depends(running)]


@dataclass(frozen=True, slots=True)
class Gate:
    """What is counted and noted of callers."""

    limits: RateLimits
    uses: LastUse
    address: str


def gate(request: Request) -> Gate:
    limits, uses = request.app.state.rate_limits, request.app.state.last_use
    assert isinstance(limits, RateLimits)
    assert isinstance(uses, LastUse)
    return Gate(limits, uses, request.client.host if request.client else "")


CallerGate = Annotated[Gate, Depends(gate)]


def count_failure(app: App, gate: Gate, caller: Actor) -> None:
    """Note a sign-in that failed, and count it for the caller's address. Raises TooManyWrongTokens."""
    try:
        gate.limits.count_wrong_token(gate.address)
    finally:
        app.store.refusals.count(Action.SIGN_IN_FAILED, caller)


def stranger(gate: Gate) -> Actor:
    """Who calls, before it is known who: a name that was typed may be anything, so it is kept nowhere."""
    return Actor(STRANGER, "none", None, "api", correlation_id.get() or "", address=gate.address)


def sent_bearer(
    app: Running, gate: CallerGate, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]
) -> str:
    """Raises Unauthenticated where none is sent."""
    if credentials is None:
        app.store.refusals.count(Action.SIGN_IN_FAILED, stranger(gate))
        raise Unauthenticated("send `Authorization: Bearer TOKEN`, with a token made by `jisr token create`")
    return credentials.credentials


Bearer = Annotated[str, Depends(sent_bearer)]


def signed_in(app: Running, gate: CallerGate, secret: Bearer) -> Actor:
    """The actor of the token or session that the request carries.

    Raises Unauthenticated, TooManyWrongTokens, TooManyRequests.
    """
    try:
        actor = _known(app, secret, gate.address)
    except Unauthenticated:
        count_failure(app, gate, stranger(gate))
        raise
    gate.limits.count_request(actor.id)
    _note_use(app, gate.uses, secret, actor)
    return actor


Caller = Annotated[Actor, Depends(signed_in)]


def session_limits(settings: Settings) -> SessionLimits:
    return SessionLimits(timedelta(minutes=settings.session_idle_minutes), timedelta(hours=settings.session_hours))


def _known(app: App, secret: str, address: str) -> Actor:
    store = app.store
    limits = session_limits(store.settings)
    find = partial(resume, limits=limits) if secret.startswith(SESSION_PREFIX) else sign_in
    return find(
        secret,
        channel="api",
        request_id=correlation_id.get() or "",
        storage=store.storage,
        clock=store.clock,
        sites_see_everyone=store.settings.sites_see_everyone,
        address=address,
    )


def _note_use(app: App, uses: LastUse, secret: str, actor: Actor) -> None:
    storage, clock = app.store.storage, app.store.clock
    if secret.startswith(SESSION_PREFIX):
        write = partial(note_session, secret, actor=actor, storage=storage, clock=clock)
        uses.note(hash_secret(secret), write)
    else:
        uses.note(actor.id, partial(note_use, actor=actor, storage=storage, clock=clock))


def require(permission: Permission, app: App, actor: Actor) -> Actor:
    """Raises Forbidden, having noted it."""
    roles = roles_with(permission)
    if actor.role not in roles:
        app.store.refusals.count(Action.ACCESS_REFUSED, actor)
        raise Forbidden(f"this needs a token of role {' or '.join(roles)}; yours is of role {actor.role}")
    return actor


def may(permission: Permission) -> DependsMarker:
    """A dependency: the actor, where the role has this permission. Raises Unauthenticated, Forbidden."""

    def check(app: Running, actor: Caller) -> Actor:
        return require(permission, app, actor)

    return DependsMarker(check)


def measuring(
    app: Running,
    gate: CallerGate,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
) -> None:
    """Lets everyone pass, or administrators alone, as the setting is. Raises Unauthenticated, Forbidden."""
    if app.store.settings.metrics_open:
        return
    actor = signed_in(app, gate, sent_bearer(app, gate, credentials))
    require(Permission.ADMINISTER, app, actor)


MayAudit = Annotated[Actor, may(Permission.AUDIT)]
MayEnrol = Annotated[Actor, may(Permission.ENROL)]
MayListEnrolments = Annotated[Actor, may(Permission.LIST_ENROLMENTS)]
MayReadEnrolment = Annotated[Actor, may(Permission.READ_ENROLMENT)]
MayReadPerson = Annotated[Actor, may(Permission.READ_PERSON)]
MayReadHousehold = Annotated[Actor, may(Permission.READ_HOUSEHOLD)]
MayChangeHousehold = Annotated[Actor, may(Permission.CHANGE_HOUSEHOLD)]
MayRecordConsent = Annotated[Actor, may(Permission.RECORD_CONSENT)]
MayIdentify = Annotated[Actor, may(Permission.IDENTIFY)]
MayVerify = Annotated[Actor, may(Permission.VERIFY)]
MayJudgeQuality = Annotated[Actor, may(Permission.JUDGE_QUALITY)]
MayReadCases = Annotated[Actor, may(Permission.READ_CASES)]
MayDecideCases = Annotated[Actor, may(Permission.DECIDE_CASES)]
MayErase = Annotated[Actor, may(Permission.ERASE)]
MayReadFindings = Annotated[Actor, may(Permission.READ_FINDINGS)]
MayCloseFindings = Annotated[Actor, may(Permission.CLOSE_FINDINGS)]
MayReadTasks = Annotated[Actor, may(Permission.READ_TASKS)]
MayHandleTasks = Annotated[Actor, may(Permission.HANDLE_TASKS)]

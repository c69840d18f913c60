"""What routes are given: the running service, and who is calling."""

from dataclasses import dataclass
from typing import Annotated

from asgi_correlation_id import correlation_id
from fastapi import Depends, Request
from fastapi.params import Depends as DependsMarker
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from service.access.domain import Permission, roles_with
from service.access.errors import Unauthenticated
from service.access.usecases.tokens import sign_in
from service.api.last_use import LastUse
from service.api.rate_limits import RateLimits
from service.bootstrap import App
from service.kit.actor import Actor
from service.kit.errors import Forbidden

bearer = HTTPBearer(auto_error=False, description="A token made with `jisr token create`")


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


def signed_in(
    app: Running,
    gate: Annotated[Gate, Depends(gate)],
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
) -> Actor:
    """The actor of the token that the request carries. Raises Unauthenticated, TooManyWrongTokens, TooManyRequests."""
    if credentials is None:
        raise Unauthenticated("send `Authorization: Bearer TOKEN`, with a token made by `jisr token create`")
    request_id = correlation_id.get() or ""
    try:
        actor = sign_in(
            credentials.credentials,
            channel="api",
            request_id=request_id,
            storage=app.store.storage,
            clock=app.store.clock,
            sites_see_everyone=app.store.settings.sites_see_everyone,
        )
    except Unauthenticated:
        gate.limits.count_wrong_token(gate.address)
        raise
    gate.limits.count_request(actor.id)
    gate.uses.note(actor)
    return actor


def may(permission: Permission) -> DependsMarker:
    """A dependency: the actor, where the role has this permission. Raises Unauthenticated, Forbidden."""

    def check(actor: Annotated[Actor, Depends(signed_in)]) -> Actor:
        roles = roles_with(permission)
        if actor.role not in roles:
            raise Forbidden(f"this needs a token of role {' or '.join(roles)}; yours is of role {actor.role}")
        return actor

    return DependsMarker(check)


MayEnrol = Annotated[Actor, may(Permission.ENROL)]
MayListEnrolments = Annotated[Actor, may(Permission.LIST_ENROLMENTS)]
MayReadEnrolment = Annotated[Actor, may(Permission.READ_ENROLMENT)]
MayReadPerson = Annotated[Actor, may(Permission.READ_PERSON)]
MayReadHousehold = Annotated[Actor, may(Permission.READ_HOUSEHOLD)]
MayIdentify = Annotated[Actor, may(Permission.IDENTIFY)]
MayVerify = Annotated[Actor, may(Permission.VERIFY)]
MayJudgeQuality = Annotated[Actor, may(Permission.JUDGE_QUALITY)]
MayReadCases = Annotated[Actor, may(Permission.READ_CASES)]
MayDecideCases = Annotated[Actor, may(Permission.DECIDE_CASES)]
MayReadFindings = Annotated[Actor, may(Permission.READ_FINDINGS)]
MayCloseFindings = Annotated[Actor, may(Permission.CLOSE_FINDINGS)]

"""What routes are given: the running service, and who is calling."""

from collections.abc import Callable
from typing import Annotated

from asgi_correlation_id import correlation_id
from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from service.access.domain import AccessRole
from service.access.errors import Unauthenticated
from service.access.usecases.tokens import sign_in
from service.audit.domain.actions import Action
from service.bootstrap import App
from service.kit.actor import Actor
from service.kit.errors import Forbidden

bearer = HTTPBearer(auto_error=False, description="A token made with `jisr token create`")


def running(request: Request) -> App:
    app = request.app.state.jisr
    assert isinstance(app, App)
    return app


Running = Annotated[App, Depends(running)]


def signed_in(
    request: Request, app: Running, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]
) -> Actor:
    """The actor of the token that the request carries. Raises Unauthenticated, which the audit counts."""
    address = request.client.host if request.client else None
    caller = Actor("unknown", "none", None, "api", correlation_id.get() or "", address)
    try:
        if credentials is None:
            raise Unauthenticated("send `Authorization: Bearer TOKEN`, with a token made by `jisr token create`")
        return sign_in(
            credentials.credentials,
            channel=caller.channel,
            request_id=caller.request_id,
            storage=app.store.storage,
            address=address,
        )
    except Unauthenticated:
        app.store.refusals.count(Action.SIGN_IN_FAILED, caller)
        raise


def allow(*roles: AccessRole) -> Callable[[App, Actor], Actor]:
    """A dependency that lets these roles in, and admin."""

    def check(app: Running, actor: Annotated[Actor, Depends(signed_in)]) -> Actor:
        if actor.role not in (*roles, AccessRole.ADMIN):
            app.store.refusals.count(Action.ACCESS_REFUSED, actor)
            needed = " or ".join(roles) or AccessRole.ADMIN
            raise Forbidden(f"this needs a token of role {needed}; yours is of role {actor.role}")
        return actor

    return check


Enroller = Annotated[Actor, Depends(allow(AccessRole.ENROLLER))]
Adjudicator = Annotated[Actor, Depends(allow(AccessRole.ADJUDICATOR))]
Administrator = Annotated[Actor, Depends(allow())]
AnyRole = Annotated[Actor, Depends(allow(AccessRole.ENROLLER, AccessRole.ADJUDICATOR))]

"""What routes are given: the running service, and who is calling."""

from collections.abc import Callable
from typing import Annotated

from asgi_correlation_id import correlation_id
from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from service.access.domain import AccessRole
from service.access.errors import Unauthenticated
from service.access.usecases.tokens import sign_in
from service.bootstrap import App
from service.kit.actor import Actor
from service.kit.errors import Forbidden

bearer = HTTPBearer(auto_error=False, description="A token made with `jisr token create`")


def running(request: Request) -> App:
    app = request.app.state.jisr
    assert isinstance(app, App)
    return app


Running = Annotated[App, Depends(running)]


def signed_in(app: Running, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]) -> Actor:
    """The actor of the token that the request carries. Raises Unauthenticated."""
    if credentials is None:
        raise Unauthenticated("send `Authorization: Bearer TOKEN`, with a token made by `jisr token create`")
    request_id = correlation_id.get() or ""
    return sign_in(credentials.credentials, channel="api", request_id=request_id, storage=app.store.storage)


def allow(*roles: AccessRole) -> Callable[[Actor], Actor]:
    """A dependency that lets these roles in, and admin."""

    def check(actor: Annotated[Actor, Depends(signed_in)]) -> Actor:
        if actor.role not in (*roles, AccessRole.ADMIN):
            needed = " or ".join(roles) or AccessRole.ADMIN
            raise Forbidden(f"this needs a token of role {needed}; yours is of role {actor.role}")
        return actor

    return check


Enroller = Annotated[Actor, Depends(allow(AccessRole.ENROLLER))]
Adjudicator = Annotated[Actor, Depends(allow(AccessRole.ADJUDICATOR))]
AnyRole = Annotated[Actor, Depends(allow(AccessRole.ENROLLER, AccessRole.ADJUDICATOR))]

"""What routes are given: the running service, and who is calling."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from service.api.errors import Forbidden, Unauthenticated
from service.bootstrap import App
from service.domain.access import AccessRole, Token
from service.usecases.access import who_is

bearer = HTTPBearer(auto_error=False, description="A token made with `jisr token create`")


def running(request: Request) -> App:
    app = request.app.state.jisr
    assert isinstance(app, App)
    return app


Running = Annotated[App, Depends(running)]


def caller(app: Running, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]) -> Token:
    """Whose token the request carries. Raises Unauthenticated."""
    if credentials is None:
        raise Unauthenticated("send `Authorization: Bearer TOKEN`, with a token made by `jisr token create`")
    token = who_is(credentials.credentials, storage=app.store.storage)
    if token is None:
        raise Unauthenticated("this token is unknown or was revoked")
    return token


Caller = Annotated[Token, Depends(caller)]


def allow(*roles: AccessRole) -> Callable[[Token], Token]:
    """A dependency that lets these roles in, and admin."""

    def check(token: Caller) -> Token:
        if token.role not in (*roles, AccessRole.ADMIN):
            needed = " or ".join(roles) or AccessRole.ADMIN
            raise Forbidden(f"this needs a token of role {needed}; yours is of role {token.role}")
        return token

    return check


enrollers = Depends(allow(AccessRole.ENROLLER))
adjudicators = Depends(allow(AccessRole.ADJUDICATOR))
anybody = Depends(allow(AccessRole.ENROLLER, AccessRole.ADJUDICATOR))

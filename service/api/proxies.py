"""Behind a reverse proxy: who really asks, and under which path the service is known outside.

Only proxies that a setting names are believed; what anyone else states in these headers is ignored.
"""

import ipaddress
import re
from collections.abc import Sequence
from contextvars import ContextVar

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
PREFIX = re.compile(r"(/[A-Za-z0-9_~][A-Za-z0-9._~-]*){1,10}")
LONGEST_PREFIX = 200
_prefix: ContextVar[str] = ContextVar("prefix", default="")


def link(path: str) -> str:
    """A path of this service as the client of the request at hand has to ask for it."""
    return _prefix.get() + path


class Forwarded:
    """Takes the client's address and scheme, and the prefix of paths, from the headers of trusted proxies.

    X-Forwarded-For: the last address that is no trusted proxy's. X-Forwarded-Proto: http or https. X-Forwarded-Prefix:
    such as `/jisr`; the proxy may cut it off paths, or pass it on.
    """

    def __init__(self, app: ASGIApp, trusted: Sequence[Network]) -> None:
        self._app = app
        self._trusted = trusted
        self._behind = ProxyHeadersMiddleware(app, [str(one) for one in trusted])  # type: ignore[arg-type]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not self._trusts(scope):
            await self._app(scope, receive, send)
            return
        prefix = _stated_prefix(scope)
        token = _prefix.set(prefix)
        try:
            await self._behind(_under(prefix, scope), receive, send)  # type: ignore[arg-type]
        finally:
            _prefix.reset(token)

    def _trusts(self, scope: Scope) -> bool:
        try:
            peer = ipaddress.ip_address(scope["client"][0])
        except (TypeError, ValueError):  # no address, as of a local socket
            return False
        return any(peer in one for one in self._trusted)


def path_within(scope: Scope) -> str:
    """The path asked for, without the prefix."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))


def _under(prefix: str, scope: Scope) -> Scope:
    """The same request below a prefix. ASGI wants paths with their root path, so one that was cut off is put back."""
    path: str = scope["path"]
    whole = path if path.startswith(f"{prefix}/") else prefix + path
    return {**scope, "root_path": prefix, "path": whole}


def _stated_prefix(scope: Scope) -> str:
    """The first value stated, without a slash at its end; empty where it is none."""
    stated = next((value for name, value in scope["headers"] if name == b"x-forwarded-prefix"), b"")
    prefix = stated.decode("latin-1").strip().rstrip("/")
    return prefix if len(prefix) <= LONGEST_PREFIX and PREFIX.fullmatch(prefix) else ""

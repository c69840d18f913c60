"""Connections that cost nothing for long: headers in time, no idling, and a bound on how many are open.

uvicorn bounds the time between two requests alone. A connection that sends nothing, half a header, or the rest of a
body after its answer would stay open for ever.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import h11
import uvicorn
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from service.api.errors import FieldError, Malformed, Overloaded, RequestTooSlow
from service.api.headers import all_headers
from service.api.problems import MEDIA_TYPE, Described, answer, describe, document
from service.api.proxies import path_within
from service.kit.errors import JisrError

CROWDED = "jisr.crowded"
"""Set in the state of requests on a connection beyond the bound."""
ALWAYS_ANSWERED = frozenset({"/healthz"})
BACKLOG = 128
"""Connections accepted at a time: each is counted before more are."""
FLUSH_SECONDS = 30.0
"""For a client to take what was written, once its connection is being closed."""


@dataclass(frozen=True, slots=True)
class ConnectionBounds:
    """most: connections open at the same time. header_seconds: from a connection, or a request's first byte, to the end
    of its headers, and for a TLS handshake. keep_alive_seconds: between two requests, and for the rest of a body that
    was not read.
    """

    most: int
    header_seconds: float
    keep_alive_seconds: int


@dataclass(frozen=True, slots=True)
class Listening:
    """Where to listen. certificate, key: files in PEM, to speak TLS; the certificate's may hold the key too."""

    host: str
    port: int
    certificate: Path | None = None
    key: Path | None = None


class Connections:
    """The connections of one server that are open. waiting: those without a request, the longest so first."""

    def __init__(self) -> None:
        self.open: set[Connection] = set()
        self.waiting: dict[Connection, None] = {}


class Loop(asyncio.SelectorEventLoop):
    """asyncio's own, whose servers wait so long for a TLS handshake; 60 s otherwise."""

    def __init__(self, handshake_seconds: float) -> None:
        super().__init__()
        self._handshake_seconds = handshake_seconds

    async def create_server(self, *given: Any, **named: Any) -> asyncio.Server:
        if named.get("ssl") is not None:
            named["ssl_handshake_timeout"] = self._handshake_seconds
        return await super().create_server(*given, **named)


class ServerConfig(uvicorn.Config):
    """How the service is served: by our kind of connection, with our logs."""

    def __init__(self, app: ASGIApp, listening: Listening, bounds: ConnectionBounds) -> None:
        super().__init__(
            app,
            listening.host,
            listening.port,
            ssl_certfile=listening.certificate,
            ssl_keyfile=listening.key,
            http=Connection,
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,  # `Forwarded` believes those alone whom a setting names
            backlog=BACKLOG,
            timeout_keep_alive=bounds.keep_alive_seconds,
        )
        self.bounds = bounds
        self.connected = Connections()

    def get_loop_factory(self) -> Callable[[], asyncio.AbstractEventLoop]:
        return partial(Loop, self.bounds.header_seconds)


class Connection(H11Protocol):
    """One connection. Beyond the bound the one that has waited longest for a request makes room."""

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        assert isinstance(config, ServerConfig)
        self._bounds, self._all = config.bounds, config.connected
        self._timer: asyncio.TimerHandle | None = None
        self._unread = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._all.open.add(self)
        if len(self._all.open) > self._bounds.most:
            self._make_room()
        self._all.waiting[self] = None
        self._start(self._bounds.header_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._look()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.transport.is_closing():
            self.close()
            return
        self._stop()
        self._look()

    def timeout_keep_alive_handler(self) -> None:
        self.close()

    def send_400_response(self, msg: str) -> None:
        self._refuse(Malformed([FieldError("request", "unreadable", msg)]))

    def close(self) -> None:
        """Close it, even if the client does not take what was written."""
        self._forget()
        self.transport.close()
        self.loop.call_later(FLUSH_SECONDS, self.transport.abort)

    def _look(self) -> None:
        """Set the clock by what the client is to send next."""
        if self.transport.is_closing():
            return
        if self.cycle is not None and not self.cycle.response_complete:
            self._all.waiting.pop(self, None)
            self._stop()
            return
        self._all.waiting.setdefault(self)
        unread = self.conn.their_state is h11.SEND_BODY
        if unread and not self._unread:
            self._start(self._bounds.keep_alive_seconds)
        elif not unread and (self._unread or (self._timer is None and self.timeout_keep_alive_task is None)):
            self._start(self._bounds.header_seconds)
        self._unread = unread

    def _start(self, seconds: float) -> None:
        self._stop()
        self._timer = self.loop.call_later(seconds, self._late)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _late(self) -> None:
        if self.conn.their_state is h11.IDLE and self.conn.trailing_data[0]:
            seconds = self._bounds.header_seconds
            self._refuse(RequestTooSlow(f"the request's headers did not come within {seconds:g} s"))
        else:
            self.close()

    def _refuse(self, error: JisrError) -> None:
        """Answer what is no request yet, and close."""
        if self.conn.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            described = describe(error)
            body = document(described, instance="").model_dump_json().encode()
            headers = {"Content-Type": MEDIA_TYPE, "Content-Length": str(len(body)), "Connection": "close"}
            headers |= all_headers(by_tls=self.scheme == "https")
            response = h11.Response(status_code=described.status, headers=list(headers.items()))
            for event in (response, h11.Data(data=body), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        self.close()

    def _make_room(self) -> None:
        """Close who waits longest for a request; if all have one, answer this connection with 503 alone."""
        longest = next(iter(self._all.waiting), None)
        if longest is not None:
            longest.close()
        else:
            self.app_state = {**self.app_state, CROWDED: True}

    def _forget(self) -> None:
        self._stop()
        self._all.open.discard(self)
        self._all.waiting.pop(self, None)


class RefuseCrowd:
    """Answers 503 on connections beyond the bound, but for the pages that show whether the process lives."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or CROWDED not in scope.get("state", {}):
            await self._app(scope, receive, send)
            return

        async def closing(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), (b"connection", b"close")]}
            await send(message)

        if path_within(scope) in ALWAYS_ANSWERED:
            await self._app(scope, receive, closing)
            return
        refused: Described = describe(Overloaded("too many connections are open; try again in a moment"))
        await answer(Request(scope), refused)(scope, receive, closing)

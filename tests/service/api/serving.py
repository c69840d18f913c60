"""The service behind a real server, on a port of its own, in this process."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.client import HTTPConnection, HTTPResponse
from typing import Any

import uvicorn

from service.api.connections import Connections
from service.bootstrap import App
from service.web import server_config


class Announcing(uvicorn.Server):
    """States that it takes requests."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


@dataclass(frozen=True)
class Served:
    """A server that runs. connections: as it counts them."""

    port: int
    connections: Connections

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def client(self) -> HTTPConnection:
        """Its requests all go over one connection, for as long as the server keeps it."""
        return HTTPConnection("127.0.0.1", self.port, timeout=20)


def with_settings(app: App, **settings: Any) -> App:
    """The same service under other settings."""
    other = app.store.settings.model_copy(update=settings)
    extractor = app.extractor.hurried(other.wait_seconds)
    return replace(app, store=replace(app.store, settings=other), extractor=extractor)


@contextmanager
def served(app: App, **settings: Any) -> Iterator[Served]:
    """Serve for as long as the block."""
    with served_on(socket.create_server(("127.0.0.1", 0), backlog=1024), app, **settings) as one:
        yield one


@contextmanager
def served_on(listening: socket.socket, app: App, **settings: Any) -> Iterator[Served]:
    """The same, where settings have to name the port."""
    config = server_config(with_settings(app, **settings), "127.0.0.1", 0)
    server = Announcing(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    assert server.ready.wait(20)
    try:
        yield Served(listening.getsockname()[1], config.connected)
    finally:
        server.should_exit = True
        thread.join()


def answer_on(connection: socket.socket) -> tuple[int, dict[str, str], Any]:
    """Status, headers with lower-case names, and the JSON of the next answer."""
    answer = HTTPResponse(connection)
    answer.begin()
    body = json.loads(answer.read())
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, body


def closed_after(connection: socket.socket) -> float:
    """Seconds until the server closes a connection on which it sends nothing."""
    began = time.monotonic()
    assert connection.recv(1) == b""
    return time.monotonic() - began

"""A mistake anywhere is answered as a problem document, and the connection serves the next request."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import Any

import pytest

from service.access.domain import AccessRole
from service.api import limits, metrics
from service.bootstrap import App
from tests.service.api.counter import Client
from tests.service.api.serving import served

PERSON = "/v1/persons/2345678901"
CASE = "/v1/cases/00000000-0000-0000-0000-000000000000/decision"
LARGE = bytes(5_000_000)


@pytest.fixture
def jisr(warm: App) -> App:
    return warm


@pytest.fixture
def http(warm_http: Any) -> Any:
    return warm_http


@pytest.fixture
def headers(client_as: Callable[[AccessRole], Client]) -> dict[str, str]:
    return {"Authorization": f"Bearer {client_as(AccessRole.ADJUDICATOR).token}"}


@pytest.fixture
def connection(jisr: App) -> Iterator[HTTPConnection]:
    with served(jisr) as service:
        client = service.client()
        yield client
        client.close()


def raising(*given: object, **named: object) -> Any:
    raise RuntimeError


async def raising_later(*given: object, **named: object) -> Any:
    raise RuntimeError


def asked(connection: HTTPConnection, method: str, path: str, **request: Any) -> tuple[int, Any]:
    connection.request(method, path, **request)
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


@contextmanager
def one_mistake_on(connection: HTTPConnection) -> Iterator[None]:
    """What is asked in the block is asked on a connection that served before and must serve again."""
    assert asked(connection, "GET", "/healthz")[0] == 200
    opened = connection.sock
    assert opened is not None
    yield
    assert asked(connection, "GET", "/healthz") == (200, {"status": "ok"})
    assert connection.sock is opened


def assert_mistake(answer: tuple[int, Any]) -> None:
    status, body = answer
    assert (status, body["type"]) == (500, "/problems/internal")
    assert body["request_id"]


def test_in_a_route_with_a_thread(
    connection: HTTPConnection, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with one_mistake_on(connection), monkeypatch.context() as patch:
        patch.setattr("service.api.people.read_person", raising)
        assert_mistake(asked(connection, "GET", PERSON, headers=headers))


def test_in_a_route_of_the_event_loop(
    connection: HTTPConnection, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with one_mistake_on(connection), monkeypatch.context() as patch:
        patch.setattr("service.api.enrolments.read_outcome", raising)
        path = "/v1/enrolments/00000000-0000-0000-0000-000000000000"
        assert_mistake(asked(connection, "GET", path, headers=headers))


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/v1/quality", ("multipart/form-data; boundary=a", LARGE)),
        (CASE, ("application/json", bytes(limits.SMALL))),
    ],
)
def test_while_a_large_body_is_being_read(
    connection: HTTPConnection,
    headers: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    sent: tuple[str, bytes],
) -> None:
    content_type, body = sent
    with one_mistake_on(connection), monkeypatch.context() as patch:
        patch.setattr(limits._Body, "_next", raising_later)
        request = {"body": body, "headers": headers | {"Content-Type": content_type}}
        assert_mistake(asked(connection, "POST", path, **request))


def test_before_a_large_body_is_read(
    connection: HTTPConnection, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with one_mistake_on(connection), monkeypatch.context() as patch:
        patch.setattr("service.api.deps.sign_in", raising)
        request = {"body": LARGE, "headers": headers | {"Content-Type": "multipart/form-data; boundary=a"}}
        assert_mistake(asked(connection, "POST", "/v1/quality", **request))


@pytest.mark.parametrize("middleware", [limits.BodyLimit, metrics.MeasureRequests])
def test_in_middleware_before_the_route(
    connection: HTTPConnection, monkeypatch: pytest.MonkeyPatch, middleware: type
) -> None:
    with one_mistake_on(connection), monkeypatch.context() as patch:
        patch.setattr(middleware, "__call__", raising_later)
        assert_mistake(asked(connection, "GET", "/readyz"))
        assert_mistake(asked(connection, "POST", "/v1/quality", body=LARGE))


def test_in_middleware_after_the_answer(connection: HTTPConnection, monkeypatch: pytest.MonkeyPatch) -> None:
    with one_mistake_on(connection), monkeypatch.context() as patch:
        patch.setattr(metrics.Metrics, "answered", raising)
        assert asked(connection, "GET", "/healthz") == (200, {"status": "ok"})


def test_a_client_that_leaves_while_it_sends_is_no_mistake(
    jisr: App, headers: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    head = "POST /v1/quality HTTP/1.1\r\nHost: jisr\r\nContent-Type: multipart/form-data; boundary=a\r\n"
    head += f"Authorization: {headers['Authorization']}\r\nContent-Length: 500\r\n\r\n--a\r\n"
    caplog.set_level("INFO")
    with served(jisr) as service, service.connect() as leaving:
        leaving.sendall(head.encode())
        leaving.close()
        until = time.monotonic() + 10
        while "request.left" not in caplog.messages and time.monotonic() < until:
            time.sleep(0.02)
    assert "request.left" in caplog.messages
    assert not [record for record in caplog.records if record.levelname == "ERROR"]

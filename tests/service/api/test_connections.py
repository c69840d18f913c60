"""Silent, slow and too many clients, on real sockets: each is let go in time, and the others are answered."""

import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from select import select
from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.access.domain import AccessRole
from service.api.problems import MEDIA_TYPE
from service.bootstrap import App
from tests.service.api.counter import Client
from tests.service.api.serving import Served, answer_on, closed_after, served

SOON = 0.3
"""Seconds, as a setting."""
MUCH_LATER = 3.0
GET = b"GET /healthz HTTP/1.1\r\nHost: jisr\r\n\r\n"


@pytest.fixture
def jisr(warm: App) -> App:
    return warm


@pytest.fixture
def http(warm_http: TestClient) -> TestClient:
    return warm_http


@pytest.fixture
def token(client_as: Callable[[AccessRole], Client]) -> str:
    return client_as(AccessRole.ENROLLER).token


def upload(token: str, length: str = "Content-Length: 500000") -> bytes:
    """The head of a request whose body is to follow."""
    return (
        f"POST /v1/quality HTTP/1.1\r\nHost: jisr\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: multipart/form-data; boundary=a\r\n{length}\r\n\r\n"
    ).encode()


def assert_problem(answer: tuple[int, dict[str, str], Any], status: int, kind: str) -> None:
    found, headers, body = answer
    assert (found, headers["content-type"]) == (status, MEDIA_TYPE)
    assert (body["type"], body["status"]) == (f"/problems/{kind}", status)
    assert headers["connection"] == "close"


def is_healthy(service: Served) -> bool:
    with service.connect() as fresh:
        fresh.sendall(GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        return answer_on(fresh)[0] == 200


def test_a_silent_connection_is_closed(jisr: App) -> None:
    with served(jisr, header_seconds=SOON) as service, service.connect() as silent:
        assert SOON * 0.9 < closed_after(silent) < MUCH_LATER


def test_headers_that_do_not_end_are_answered_with_408(jisr: App) -> None:
    with served(jisr, header_seconds=SOON) as service, service.connect() as slow:
        began = time.monotonic()
        slow.sendall(GET[:20])
        time.sleep(SOON / 2)
        slow.sendall(GET[20:25])  # a byte now and then does not move the end
        assert_problem(answer_on(slow), 408, "request-too-slow")
        assert SOON * 0.9 < time.monotonic() - began < MUCH_LATER


def test_headers_of_a_later_request_must_come_in_time_too(jisr: App) -> None:
    with served(jisr, header_seconds=SOON) as service, service.connect() as slow:
        slow.sendall(GET)
        assert answer_on(slow)[0] == 200
        slow.sendall(GET[:20])
        assert_problem(answer_on(slow), 408, "request-too-slow")


def test_an_unused_connection_is_closed(jisr: App) -> None:
    with served(jisr, keep_alive_seconds=1) as service, service.connect() as idle:
        idle.sendall(GET)
        assert answer_on(idle)[0] == 200
        assert 0.9 < closed_after(idle) < MUCH_LATER


def test_what_is_no_request_is_a_problem(jisr: App) -> None:
    with served(jisr) as service, service.connect() as strange:
        strange.sendall(b"no request\r\n\r\n")
        assert_problem(answer_on(strange), 422, "malformed")


@pytest.mark.parametrize("length", ["Content-Length: 500000", "Transfer-Encoding: chunked"])
def test_a_body_that_stops_is_answered_with_408(jisr: App, token: str, length: str) -> None:
    with served(jisr, body_seconds=SOON) as service, service.connect() as slow:
        slow.sendall(upload(token, length))
        assert_problem(answer_on(slow), 408, "request-too-slow")


def test_a_body_that_drips_is_answered_with_408(jisr: App, token: str) -> None:
    with served(jisr, body_seconds=SOON) as service, service.connect() as slow:
        began = time.monotonic()
        slow.sendall(upload(token) + b"--a\r\n")
        with suppress(ConnectionError):
            while time.monotonic() - began < MUCH_LATER and not select([slow], [], [], SOON / 3)[0]:
                slow.sendall(b"-")
        assert_problem(answer_on(slow), 408, "request-too-slow")
        assert time.monotonic() - began < MUCH_LATER


def test_a_slow_body_that_makes_progress_is_read_to_its_end(jisr: App, token: str) -> None:
    head = b'--a\r\nContent-Disposition: form-data; name="face"; filename="x"\r\n\r\n'
    parts = [head, *[bytes(1000)] * 5, b"\r\n--a--\r\n"]
    size = sum(len(part) for part in parts)
    with served(jisr, body_seconds=SOON) as service, service.connect() as steady:
        request = upload(token, f"Content-Length: {size}\r\nConnection: close")
        steady.sendall(request)
        for part in parts:
            steady.sendall(part)
            time.sleep(SOON / 3)
        assert_problem(answer_on(steady), 422, "capture-unreadable")


def test_a_body_that_no_one_reads_does_not_keep_the_connection(jisr: App) -> None:
    with served(jisr, keep_alive_seconds=1) as service, service.connect() as slow:
        slow.sendall(upload("unknown"))
        assert answer_on(slow)[0] == 401
        began = time.monotonic()
        with suppress(ConnectionError):
            while time.monotonic() - began < MUCH_LATER:
                slow.sendall(b"-")
                time.sleep(0.05)
        assert 0.9 < time.monotonic() - began < MUCH_LATER


def test_silent_connections_make_room_for_those_that_ask(jisr: App) -> None:
    with served(jisr, connections=20) as service, ExitStack() as opened:
        silent = [opened.enter_context(service.connect()) for _ in range(300)]
        assert is_healthy(service)
        assert len(service.connections.open) <= 20
        assert closed_after(silent[0]) < MUCH_LATER


def test_beyond_the_bound_requests_are_answered_with_503_and_health_is_not(jisr: App, token: str) -> None:
    with served(jisr, connections=3, body_seconds=60) as service, ExitStack() as opened:
        for _ in range(3):
            opened.enter_context(service.connect()).sendall(upload(token))
        while service.connections.waiting or len(service.connections.open) < 3:
            time.sleep(0.01)
        assert is_healthy(service)
        with service.connect() as refused:
            refused.sendall(GET.replace(b"healthz", b"readyz"))
            found = answer_on(refused)
        assert_problem(found, 503, "overloaded")
        assert int(found[1]["retry-after"]) > 0
        assert found[2]["request_id"] == found[1]["x-request-id"]

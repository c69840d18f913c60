"""What no one expected, and what the machine lacks: an answer without a reason, and a log line without a name."""

import io
import json
import logging
import socket
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr
from http.client import HTTPConnection
from typing import Any

import pytest
import structlog
import uvicorn
from fastapi.testclient import TestClient

from service.access.domain import AccessRole
from service.api.problems import MEDIA_TYPE
from service.bootstrap import App
from service.kit import logs
from service.kit.errors import StorageUnavailable
from service.web import create_web
from tests.service.api.counter import Client

SECRET = "Amina Hassan"
PERSON = "/v1/persons/2345678901"
Log = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def jisr(warm: App) -> App:
    return warm


@pytest.fixture
def http(warm_http: TestClient) -> TestClient:
    return warm_http


@pytest.fixture
def client(client_as: Callable[[AccessRole], Client]) -> Client:
    return client_as(AccessRole.ENROLLER)


def raising(error: Exception) -> Callable[..., Any]:
    """In place of a use case."""

    def use_case(*given: object, **named: object) -> Any:
        raise error

    return use_case


@pytest.fixture(autouse=True)
def log() -> Iterator[Log]:
    """The lines that the service has logged, as it logs when it is started."""
    root, written = logging.getLogger(), io.StringIO()
    handlers, level, config = root.handlers[:], root.level, structlog.get_config()
    root.handlers[:] = []  # setting up would close the test runner's own
    with redirect_stderr(written):
        logs.set_up()
    structlog.configure(cache_logger_on_first_use=False)  # the loggers of other tests stay as they were
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    structlog.configure(**config)
    root.handlers[:] = handlers
    root.setLevel(level)


def mistaken(client: Client) -> Any:
    """An answer that no client is to expect, so the OpenAPI document does not declare it."""
    return client.http.request("GET", PERSON, headers={"Authorization": f"Bearer {client.token}"})


def assert_problem(answer: Any, status: int, kind: str) -> dict[str, Any]:
    """A problem document whose request ID is that of the header."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, MEDIA_TYPE), answer.text
    body: dict[str, Any] = answer.json()
    assert (body["type"], body["status"]) == (f"/problems/{kind}", status)
    assert body["request_id"]
    assert body["request_id"] == answer.headers["x-request-id"]
    assert SECRET not in answer.text
    return body


def test_an_unexpected_error_is_a_problem_without_its_reason(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.api.people.read_person", raising(RuntimeError(SECRET)))
    assert_problem(mistaken(client), 500, "internal")


def test_an_unexpected_error_is_logged_by_kind_and_place_and_without_a_name(
    client: Client, monkeypatch: pytest.MonkeyPatch, log: Log
) -> None:
    monkeypatch.setattr("service.api.people.read_person", raising(RuntimeError(SECRET)))
    body = assert_problem(mistaken(client), 500, "internal")
    lines = log()
    assert SECRET.split()[0] not in json.dumps(lines)
    (line,) = (one for one in lines if one["event"] == "request.failed")
    assert (line["level"], line["error"], line["request_id"]) == ("error", "RuntimeError", body["request_id"])
    assert line["path_pattern"] == "/v1/persons/{number}"
    assert line["at"]
    assert any("service/api/people.py" in place and place.endswith(" read") for place in line["trace"])
    assert line["trace"][-1].endswith(" use_case")


@pytest.mark.parametrize("given", ["the tuple", "True", "the error"])
def test_a_library_s_log_of_an_error_has_no_message_of_it_either(log: Log, given: str) -> None:
    library = logging.getLogger("third_party")
    try:
        raise ValueError(SECRET)
    except ValueError as error:
        if given == "the tuple":
            library.error("it failed", exc_info=(type(error), error, error.__traceback__))
        elif given == "True":
            library.exception("it failed")
        else:
            library.error("it failed", exc_info=error)
    (line,) = log()
    assert SECRET.split()[0] not in json.dumps(line)
    assert (line["event"], line["logger"], line["level"], line["error"]) == (
        "it failed",
        "third_party",
        "error",
        "ValueError",
    )
    assert __file__ in line["trace"][0]


def test_an_error_of_our_own_log_outside_a_request_has_no_request_id(log: Log) -> None:
    try:
        raise ValueError(SECRET)
    except ValueError:
        structlog.get_logger("a.part").exception("part.failed", enrolment="12")
    (line,) = log()
    assert SECRET.split()[0] not in json.dumps(line)
    assert (line["event"], line["error"], line["enrolment"]) == ("part.failed", "ValueError", "12")
    assert "request_id" not in line


class Announcing(uvicorn.Server):
    """States that it takes requests."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


@pytest.fixture
def connection(jisr: App) -> Iterator[HTTPConnection]:
    """A connection to the service behind a real server."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = Announcing(uvicorn.Config(create_web(jisr), log_config=None, access_log=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    assert server.ready.wait(20)
    client = HTTPConnection("127.0.0.1", listening.getsockname()[1], timeout=20)
    yield client
    client.close()
    server.should_exit = True
    thread.join()


def test_after_an_unexpected_error_the_connection_serves_the_next_request(
    connection: HTTPConnection, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = {"Authorization": f"Bearer {client.token}"}

    def get(path: str) -> tuple[int, Any]:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())

    assert get("/healthz") == (200, {"status": "ok"})
    opened = connection.sock
    assert opened is not None
    with monkeypatch.context() as patch:
        patch.setattr("service.api.people.read_person", raising(RuntimeError(SECRET)))
        status, body = get(PERSON)
        assert (status, body["type"]) == (500, "/problems/internal")
    status, body = get(PERSON)
    assert (status, body["type"]) == (404, "/problems/no-such-person")
    assert connection.sock is opened


def test_a_database_that_does_not_answer_is_not_ready_and_the_reason_is_for_the_log(
    client: Client, monkeypatch: pytest.MonkeyPatch, log: Log
) -> None:
    reason = "connection to host db.internal failed"
    monkeypatch.setattr("service.api.people.read_person", raising(StorageUnavailable(reason)))
    answer = client.call("GET", PERSON)
    body = assert_problem(answer, 503, "not-ready")
    assert int(answer.headers["retry-after"]) > 0
    assert "db.internal" not in answer.text
    (line,) = (one for one in log() if one["event"] == "request.unavailable")
    assert (line["problem"], line["reason"], line["request_id"]) == ("StorageUnavailable", reason, body["request_id"])


def test_a_client_s_request_id_is_kept(client: Client) -> None:
    for name in (str(uuid.uuid4()), uuid.uuid4().hex):
        answer = client.call("GET", PERSON, headers={"X-Request-ID": name})
        assert assert_problem(answer, 404, "no-such-person")["request_id"] == name
        assert answer.headers.get_list("x-request-id") == [name]


@pytest.mark.parametrize("name", ["12", "x" * 500, "", "a\tb", "<script>"])
def test_what_is_no_request_id_is_replaced(client: Client, name: str) -> None:
    answer = client.call("GET", PERSON, headers={"X-Request-ID": name})
    given = assert_problem(answer, 404, "no-such-person")["request_id"]
    assert given != name
    assert uuid.UUID(given)


def test_every_answer_has_a_request_id_of_its_own(client: Client) -> None:
    answers = [client.call("GET", path) for path in ("/healthz", "/healthz", "/readyz", "/metrics", PERSON)]
    assert len({answer.headers["x-request-id"] for answer in answers}) == len(answers)


@pytest.mark.parametrize(
    ("method", "path", "status", "kind"),
    [
        ("GET", "/v1/nothing", 404, "no-such-page"),
        ("GET", "/", 404, "no-such-page"),
        ("DELETE", "/v1/identify", 405, "method-not-allowed"),
        ("PUT", "/healthz", 405, "method-not-allowed"),
    ],
)
def test_what_is_answered_before_any_route_is_a_problem_too(
    client: Client, method: str, path: str, status: int, kind: str
) -> None:
    answer = client.call(method, path)
    assert_problem(answer, status, kind)
    assert ("allow" in answer.headers) == (status == 405)


@pytest.mark.parametrize("path", ["/v1/identify", "/v1/enrolments", "/v1/verify"])
def test_a_request_that_announces_too_much_is_a_problem_and_not_read(client: Client, jisr: App, path: str) -> None:
    most = jisr.store.settings.max_request_bytes
    headers = {"Content-Length": str(most + 1), "Content-Type": "multipart/form-data; boundary=a"}
    assert_problem(client.call("POST", path, content=b"--a", headers=headers), 413, "request-too-large")

"""More requests than there is memory, threads or time for: they wait, some are refused, and the rest is answered."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from io import BytesIO

import pytest
from fastapi.testclient import TestClient
from PIL import Image as Pillow

from service.access.domain import AccessRole
from service.bootstrap import App
from service.web import create_web
from tests.service.api.counter import Client, enrolment, files, json_of
from tests.service.api.serving import Served, served, with_settings

SOON = 0.4
FINGER = {"right_index": "p1_1.png"}


@pytest.fixture
def jisr(warm: App) -> App:
    return warm


@pytest.fixture
def http(warm_http: TestClient) -> TestClient:
    return warm_http


@pytest.fixture
def token(client_as: Callable[[AccessRole], Client]) -> str:
    return client_as(AccessRole.ENROLLER).token


@pytest.fixture
def hurried(jisr: App, token: str) -> Iterator[Client]:
    """To a service that lets requests wait for a moment only."""
    with TestClient(create_web(with_settings(jisr, wait_seconds=SOON)), raise_server_exceptions=False) as http:
        yield Client(http, token)


def flat() -> bytes:
    """A picture that no other test has sent, and the tests' extractor does not remember."""
    file = BytesIO()
    Pillow.new("L", (300, 300), 77).save(file, "PNG")
    return file.getvalue()


@contextmanager
def all_pixels_taken(app: App) -> Iterator[None]:
    with app.extractor.budget.share(10**12):
        yield


@pytest.mark.parametrize(
    ("path", "position"),
    [
        ("/v1/quality", "face"),
        ("/v1/quality", "right_index"),
        ("/v1/identify", "face"),  # verify shares its steps
        ("/v1/identify", "plain_right_four"),
        ("/v1/enrolments", "right_index"),
        ("/v1/enrolments", "plain_thumbs"),
    ],
)
def test_a_request_that_waits_too_long_for_memory_is_answered_with_503(
    jisr: App, hurried: Client, path: str, position: str
) -> None:
    parts = {"enrolment": json_of(enrolment())} if path == "/v1/enrolments" else {}
    sent = {position: flat()}
    with all_pixels_taken(jisr):
        answer = hurried.call("POST", path, files=files(sent, **parts))
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/overloaded")
    assert int(answer.headers["retry-after"]) > 0


def test_what_waits_is_answered_once_there_is_memory(jisr: App, client_as: Callable[[AccessRole], Client]) -> None:
    client = client_as(AccessRole.ENROLLER)
    with ThreadPoolExecutor(1) as pool:
        with all_pixels_taken(jisr):
            waiting = pool.submit(client.call, "POST", "/v1/quality", files=files(FINGER))
            time.sleep(SOON)
            assert not waiting.done()
        assert waiting.result().status_code == 200


def test_pages_are_answered_while_more_requests_wait_than_there_are_threads(jisr: App, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}

    def judge(service: Served) -> int:
        body = (
            b'--a\r\nContent-Disposition: form-data; name="right_index"; filename="x"\r\n\r\n'
            + flat()
            + b"\r\n--a--\r\n"
        )
        content_type = {"Content-Type": "multipart/form-data; boundary=a"}
        with closing(service.client()) as client:
            client.request("POST", "/v1/quality", body, headers | content_type)
            return client.getresponse().status

    with served(jisr, wait_seconds=60) as service, ThreadPoolExecutor(60) as pool:
        with all_pixels_taken(jisr):
            waiting = [pool.submit(judge, service) for _ in range(60)]
            time.sleep(SOON)
            for path in ("/healthz", "/readyz", "/v1/persons/2345678901"):
                began = time.monotonic()
                with closing(service.client()) as page:
                    page.request("GET", path, headers=headers)
                    assert page.getresponse().status in {200, 404}
                assert time.monotonic() - began < 1
            assert not any(one.done() for one in waiting)
        assert {one.result() for one in waiting} == {422}


def test_the_worker_waits_as_long_as_it_takes(app: App) -> None:
    """Longer than any request would."""
    patient = app.worker.processor.extractor
    assert getattr(patient, "_patience") is None  # noqa: B009
    assert getattr(app.extractor, "_patience") == app.store.settings.wait_seconds  # noqa: B009


def test_bodies_that_together_are_too_large_wait(jisr: App, token: str) -> None:
    """One is held up by its client; the second is not read until the first is through."""
    head = f"POST /v1/quality HTTP/1.1\r\nHost: jisr\r\nAuthorization: Bearer {token}\r\n"
    head += "Content-Type: multipart/form-data; boundary=a\r\nContent-Length: 600000\r\nConnection: close\r\n\r\n"
    settings = {"request_bytes_at_once": 1_000_000, "wait_seconds": SOON, "body_seconds": 20}
    with served(jisr, **settings) as service, service.connect() as first, service.connect() as second:
        first.sendall(head.encode())
        time.sleep(0.1)
        second.sendall(head.encode())
        assert second.recv(65_536).startswith(b"HTTP/1.1 503")
        first.sendall(bytes(600_000))
        assert first.recv(65_536).startswith(b"HTTP/1.1 422")
    with served(jisr, **settings) as service, service.connect() as only:
        only.sendall(head.replace("600000", "3000000").encode() + bytes(3_000_000))
        assert only.recv(65_536).startswith(b"HTTP/1.1 422")  # more than all may hold together, and alone

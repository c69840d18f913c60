"""An issuer that hangs, drips, is away or names others: not waited for long, nor by many, nor followed anywhere."""

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from service.access.domain.identities import Departure
from service.access.errors import IssuerUnavailable
from service.access.steps import issuer_answers
from service.access.steps.openid import AT_ONCE, FAILED_FOR, KEPT_FOR, OpenIdClient, OpenIdIssuer, endpoint_of
from tests.service.access.issuer import local_issuer

ONE = Departure("state", "nonce", "verifier")


@dataclass
class Passing:
    """Stands still, but for what the test lets pass."""

    at: datetime = datetime(2026, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    """Takes connections and never answers."""
    with closing(socket.create_server(("127.0.0.1", 0), backlog=128)) as one:
        yield one


def client_of(url: str) -> OpenIdClient:
    return OpenIdClient(url, "jisr", "", "https://registry.example/callback", "openid")


def issuer_at(listening: socket.socket, clock: Passing) -> OpenIdIssuer:
    return OpenIdIssuer(client_of(f"http://127.0.0.1:{listening.getsockname()[1]}"), clock)


def unavailable(issuer: OpenIdIssuer) -> str:
    with pytest.raises(IssuerUnavailable) as caught:
        issuer.where_to(ONE)
    return str(caught.value)


def test_so_many_wait_for_it_and_others_are_refused_at_once(
    listening: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(issuer_answers, "SECONDS", 1.0)
    issuer = issuer_at(listening, Passing())
    with ThreadPoolExecutor(AT_ONCE + 10) as pool:
        answers = list(pool.map(lambda _: unavailable(issuer), range(AT_ONCE + 10)))
    assert sum("does not answer" in one for one in answers) == AT_ONCE
    assert sum("others wait" in one for one in answers) == 10


def test_after_a_failure_it_is_left_alone_for_a_while(
    listening: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(issuer_answers, "SECONDS", 0.1)
    clock = Passing()
    issuer = issuer_at(listening, clock)
    answers = []
    for _ in range(2):
        answers += [unavailable(issuer) for _ in range(2)]
        clock.at += FAILED_FOR
    assert ["a moment ago" in one for one in answers] == [False, True, False, True]


def test_an_answer_that_drips_is_not_waited_for(listening: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(issuer_answers, "SECONDS", 0.5)
    over = threading.Event()

    def drip() -> None:
        with listening.accept()[0] as connection, suppress(OSError):
            connection.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
            while not over.wait(0.1) and time.monotonic() - began < 2.5:
                connection.sendall(b"x")

    began = time.monotonic()
    dripping = threading.Thread(target=drip)
    dripping.start()
    assert "does not answer" in unavailable(issuer_at(listening, Passing()))
    assert time.monotonic() - began < 2
    over.set()
    dripping.join()


def test_what_it_stated_counts_on_while_it_is_away() -> None:
    clock = Passing()
    with local_issuer() as known:
        issuer = OpenIdIssuer(client_of(known.url), clock)
        before = issuer.where_to(ONE)
    clock.at += KEPT_FOR + timedelta(hours=5)
    assert issuer.where_to(ONE) == before


@pytest.mark.parametrize(
    ("issuer", "url", "good"),
    [
        ("https://issuer.example", "https://keys.example/keys", True),
        ("https://issuer.example", "http://localhost:1/keys", False),
        ("https://issuer.example", "HTTP://127.0.0.1/keys", False),
        ("http://localhost:1", "http://localhost:1/keys", True),
        ("http://localhost:1", "http://issuer.example/keys", False),
    ],
)
def test_it_names_addresses_of_this_machine_only_where_it_runs_there_itself(issuer: str, url: str, good: bool) -> None:
    metadata = {"issuer": issuer, "jwks_uri": url}
    if good:
        assert endpoint_of(metadata, "jwks_uri") == url
    else:
        with pytest.raises(IssuerUnavailable):
            endpoint_of(metadata, "jwks_uri")

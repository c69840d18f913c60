"""Wrong tokens meet 429 after a handful, and a right one from the same address is let in all the same."""

import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.access.domain import AccessRole
from service.bootstrap import App
from service.kit.addresses import network, wide_network
from service.web import create_web
from tests.service.api.counter import Client
from tests.service.api.serving import with_settings

PERSON = "/v1/persons/2345678901"


@pytest.fixture
def jisr(warm: App) -> App:
    return warm


@pytest.fixture
def http(warm_http: Any) -> Any:
    return warm_http


@pytest.fixture
def token(client_as: Callable[[AccessRole], Client]) -> str:
    return client_as(AccessRole.ENROLLER).token


def client_from(app: App, address: str, **settings: Any) -> TestClient:
    return TestClient(create_web(with_settings(app, **settings)), client=(address, 50_000))


def test_wrong_tokens_meet_429_and_a_right_one_does_not(jisr: App, token: str) -> None:
    with client_from(jisr, "192.0.2.1", wrong_tokens_per_minute=10) as http:
        right = Client(http, token)
        answers = []
        for n in range(60):
            answers.append(Client(http, f"jisr_{n}").call("GET", PERSON))
            assert right.call("GET", PERSON).status_code == 404
        assert Counter(one.status_code for one in answers) == {401: 10, 429: 50}
        last = answers[-1]
        assert last.json()["type"] == "/problems/too-many-wrong-tokens"
        assert 1 <= int(last.headers["retry-after"]) <= 6
    with client_from(jisr, "192.0.2.1", wrong_tokens_per_minute=0) as http:
        assert {Client(http, "jisr_0").call("GET", PERSON).status_code for _ in range(30)} == {401}


def test_addresses_count_apart(jisr: App) -> None:
    app = with_settings(jisr, wrong_tokens_per_minute=1)
    web = create_web(app)
    for address, expected in {
        "192.0.2.1": [401, 429],
        "192.0.2.2": [401, 429],
        "2001:db8::1": [401, 429],
        "2001:db8::2": [429, 429],
        "2001:db8:0:1::1": [401, 429],
    }.items():
        http = TestClient(web, client=(address, 50_000))
        assert [Client(http, "jisr_0").call("GET", PERSON).status_code for _ in range(2)] == expected, address


def test_one_may_try_again_after_the_seconds_stated(jisr: App) -> None:
    with client_from(jisr, "192.0.2.1", wrong_tokens_per_minute=60) as http:
        while (answer := Client(http, "jisr_0").call("GET", PERSON)).status_code == 401:
            pass
        time.sleep(int(answer.headers["retry-after"]))
        assert Client(http, "jisr_0").call("GET", PERSON).status_code == 401


def test_a_token_is_used_so_often_per_minute_and_no_other_pays_for_it(
    jisr: App, client_as: Callable[[AccessRole], Client]
) -> None:
    with client_from(jisr, "192.0.2.1", requests_per_minute=3) as http:
        busy, quiet = (Client(http, client_as(AccessRole.ENROLLER).token) for _ in range(2))
        assert [busy.call("GET", PERSON).status_code for _ in range(4)] == [404, 404, 404, 429]
        refused = busy.call("POST", "/v1/enrolments")
        assert (refused.status_code, refused.json()["type"]) == (429, "/problems/too-many-requests")
        assert 1 <= int(refused.headers["retry-after"]) <= 20
        assert quiet.call("GET", PERSON).status_code == 404
        assert http.get("/healthz").status_code == 200


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "testclient"),
        ("x" * 1000, "x" * 64),
        ("", ""),
    ],
)
def test_whom_an_address_is_counted_as(address: str, counted: str) -> None:
    assert network(address) == counted


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.1", "192.0.0.0/16"),
        ("::ffff:192.0.2.1", "192.0.0.0/16"),
        ("2001:db8:1::1", "2001:db8::/32"),
        ("testclient", ""),
    ],
)
def test_whom_an_address_is_counted_as_among_too_many(address: str, counted: str) -> None:
    assert wide_network(address) == counted

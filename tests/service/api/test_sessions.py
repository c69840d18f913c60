"""People sign in over HTTP, and what they get works as a token does."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pyotp import TOTP

from service.access.domain import AccessRole
from service.access.usecases.operators import create_operator
from service.bootstrap import App
from service.kit.ids import new_uuid
from service.web import create_web
from tests.service.api.counter import Client, assert_declared
from tests.service.api.serving import with_settings
from tests.service.made_up import TESTER

PASSWORD = "correct horse battery"
ACTIVATION, SESSIONS, CURRENT = "/v1/operators/activation", "/v1/sessions", "/v1/sessions/current"


@pytest.fixture
def jisr(warm: App) -> App:
    return warm


@pytest.fixture
def http(warm_http: Any) -> Any:
    return warm_http


def post(http: TestClient, path: str, sent: Mapping[str, str]) -> Any:
    answer = http.post(path, json=sent)
    assert_declared(http, "POST", path, answer.status_code)
    return answer


def invited(app: App, role: AccessRole) -> dict[str, str]:
    name, store = f"an operator {new_uuid()}", app.store
    code = create_operator(name, role, None, actor=TESTER, storage=store.storage, clock=store.clock)
    return {"name": name, "code": code, "password": PASSWORD}


def test_an_operator_activates_signs_in_works_and_signs_out(jisr: App, http: TestClient) -> None:
    sent = invited(jisr, AccessRole.AUDITOR)
    activated = post(http, ACTIVATION, sent).json()
    assert activated["totp_uri"].startswith("otpauth://totp/Jisr:an%20operator")
    assert activated["totp_secret"] in activated["totp_uri"]
    assert post(http, ACTIVATION, sent).status_code == 401

    answer = post(http, SESSIONS, sent | {"code": TOTP(activated["totp_secret"]).now()})
    assert (answer.status_code, answer.headers["cache-control"]) == (201, "no-store")
    opened = answer.json()
    assert (opened["role"], opened["idle_seconds"]) == ("auditor", 1800)
    session = Client(http, opened["token"])
    assert session.call("GET", "/v1/findings").status_code == 200
    assert session.call("POST", "/v1/enrolments").status_code == 403
    assert session.call("DELETE", CURRENT).status_code == 204
    assert session.call("GET", "/v1/findings").status_code == 401
    assert session.call("DELETE", CURRENT).status_code == 401


def test_a_token_has_no_session_to_end(client_as: Callable[[AccessRole], Client]) -> None:
    client = client_as(AccessRole.AUDITOR)
    assert client.call("DELETE", CURRENT).json()["type"] == "/problems/no-session"
    assert client.call("GET", "/v1/findings").status_code == 200


def test_a_password_that_is_too_short_is_named_and_not_repeated(jisr: App, http: TestClient) -> None:
    answer = post(http, ACTIVATION, invited(jisr, AccessRole.AUDITOR) | {"password": "hunter2"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "password")
    assert "hunter2" not in answer.text


@pytest.mark.parametrize("path", [ACTIVATION, SESSIONS])
def test_wrong_tries_from_one_address_meet_429(jisr: App, path: str) -> None:
    sent = {"name": "nobody", "code": "000000", "password": PASSWORD}
    with TestClient(create_web(with_settings(jisr, wrong_tokens_per_minute=2))) as http:
        assert [post(http, path, sent).status_code for _ in range(3)] == [401, 401, 429]

"""People sign in over HTTP, and what they get works as a token does."""

import threading
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pyotp import TOTP
from sqlalchemy import select

from service.access.domain import AccessRole
from service.access.steps import passwords
from service.access.usecases.operators import create_operator
from service.audit.storage.tables import entry
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


def signed_up(jisr: App, http: TestClient) -> dict[str, str]:
    """What an operator signs in with, but for the code."""
    sent = invited(jisr, AccessRole.AUDITOR)
    secret = post(http, ACTIVATION, sent).json()["totp_secret"]
    return {"name": sent["name"], "password": PASSWORD, "secret": secret}


def test_after_wrong_tries_a_password_is_not_looked_at(jisr: App) -> None:
    with TestClient(create_web(with_settings(jisr, wrong_tokens_per_minute=2))) as http:
        known = signed_up(jisr, http)
        right = {"name": known["name"], "password": PASSWORD, "code": TOTP(known["secret"]).now()}
        assert [post(http, SESSIONS, right | {"name": f"nobody {n}"}).status_code for n in range(2)] == [401, 401]
        assert post(http, SESSIONS, right).status_code == 429


def test_a_name_that_was_typed_is_noted_only_if_it_is_an_operators(jisr: App, http: TestClient) -> None:
    known = signed_up(jisr, http)
    typed = f"my secret password {new_uuid()}"
    for name in (typed, known["name"]):
        sent = {"name": name, "password": "wrong horse battery", "code": "000000"}
        assert post(http, SESSIONS, sent).status_code == 401
    with jisr.store.database.connect() as connection:
        noted = repr(connection.execute(select(entry)).all())
    assert typed not in noted
    assert "'sign_in.failed', 'unknown', 'none', None, 'api'" in noted
    assert known["name"] in noted


def test_passwords_beyond_those_looked_at_are_refused_at_once(
    jisr: App, http: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = signed_up(jisr, http)
    monkeypatch.setattr(passwords, "_AT_ONCE", threading.BoundedSemaphore(1))
    with passwords._turn():
        sent = {"name": known["name"], "password": PASSWORD, "code": TOTP(known["secret"]).now()}
        answer = post(http, SESSIONS, sent)
        assert (answer.status_code, answer.json()["type"]) == (503, "/problems/sign-in-busy")
    assert post(http, SESSIONS, sent).status_code == 201

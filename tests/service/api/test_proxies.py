"""Behind a reverse proxy the client's address counts, and links lead to where it asked. Others are not believed."""

from collections.abc import Mapping
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import ValidationError

from service.access.domain import AccessRole
from service.access.usecases.tokens import create_token
from service.bootstrap import App
from service.settings import Settings
from service.web import create_web
from tests.service.api.serving import with_settings
from tests.service.made_up import TESTER, received

PERSON = "/v1/persons/2345678901"
PROXY = "10.1.2.3"


@pytest.fixture
def jisr(warm: App) -> App:
    return warm


def behind(app: App, peer: str = PROXY, **settings: Any) -> TestClient:
    """A client whose requests come from `peer`, where 10.0.0.0/8 are trusted proxies."""
    changed = {"trusted_proxies": "10.0.0.0/8, ::1", "wrong_tokens_per_minute": 1, **settings}
    return TestClient(create_web(with_settings(app, **changed)), client=(peer, 50_000))


def statuses(http: TestClient, headers: Mapping[str, str]) -> list[int]:
    wrong = {"Authorization": "Bearer jisr_0"}
    return [http.get(PERSON, headers={**headers, **wrong}).status_code for _ in range(2)]


def test_behind_a_trusted_proxy_the_clients_count_apart(jisr: App) -> None:
    http = behind(jisr)
    for client in ("192.0.2.1", "192.0.2.2", "made-up, 192.0.2.3"):
        assert statuses(http, {"X-Forwarded-For": client}) == [401, 429], client
    assert statuses(http, {"X-Forwarded-For": "another, 192.0.2.3"}) == [429, 429]
    assert statuses(http, {"X-Forwarded-For": "192.0.2.4, 10.9.9.9"}) == [401, 429]
    assert statuses(http, {"X-Forwarded-For": "192.0.2.4"}) == [429, 429]


@pytest.mark.parametrize(("peer", "trusted"), [("192.0.2.9", "10.0.0.0/8"), ("127.0.0.1", "")])
def test_who_is_no_trusted_proxy_cannot_choose_an_address_or_a_prefix(jisr: App, peer: str, trusted: str) -> None:
    http = behind(jisr, peer, trusted_proxies=trusted)
    assert statuses(http, {"X-Forwarded-For": "192.0.2.1"}) == [401, 429]
    assert statuses(http, {"X-Forwarded-For": "192.0.2.2"}) == [429, 429]
    assert "url: '/openapi.json'" in http.get("/docs", headers={"X-Forwarded-Prefix": "/jisr"}).text


@pytest.mark.parametrize("asked", ["", "/jisr"])
def test_links_have_the_prefix_whether_or_not_the_proxy_cuts_it_off(app: App, asked: str) -> None:
    store = app.store
    token = create_token("desk", AccessRole.ADJUDICATOR, actor=TESTER, storage=store.storage, clock=store.clock)
    enrolment = received(app, {"face": "obama.jpg"})
    http, headers = behind(app), {"X-Forwarded-Prefix": "/jisr/"}
    desk = {**headers, "Authorization": f"Bearer {token}"}
    one = http.get(f"{asked}/v1/enrolments/{enrolment}", headers=desk).json()
    assert one["links"]["self"] == f"/jisr/v1/enrolments/{enrolment}"
    page = http.get(f"{asked}/v1/enrolments?limit=1", headers=desk).json()
    assert page["next"].startswith("/jisr/v1/enrolments?after=")
    assert http.get(page["next"], headers=desk).status_code == 200
    assert "/jisr/docs/files/swagger-ui.css" in http.get(f"{asked}/docs", headers=headers).text
    assert http.get(f"{asked}/docs/files/swagger-ui.css", headers=headers).status_code == 200
    assert http.get(f"{asked}/openapi.json", headers=headers).json()["servers"] == [{"url": "/jisr"}]
    assert "servers" not in http.get("/openapi.json").json()


@pytest.mark.parametrize("prefix", ["jisr", "//elsewhere.example", "/a b", "/" + "x" * 300, "/<script>", "/.."])
def test_a_prefix_that_is_no_path_is_ignored(jisr: App, prefix: str) -> None:
    page = behind(jisr).get("/docs", headers={"X-Forwarded-Prefix": prefix})
    assert "url: '/openapi.json'" in page.text


@pytest.mark.parametrize("wrong", ["proxy.example", "10.0.0.1/8", "10.0.0.0/33"])
def test_what_is_no_network_is_refused_at_start(wrong: str) -> None:
    with pytest.raises(ValidationError, match="trusted_proxies"):
        Settings(trusted_proxies=wrong)

"""Operators add passkeys, sign in with them, and take them away; nobody else gets in by one."""

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import ValidationError
from pyotp import TOTP
from sqlalchemy import select

from service.access.domain import AccessRole
from service.access.domain.operators import FRESH, MOST_FAILURES
from service.access.domain.passkeys import MOST
from service.access.errors import Unauthenticated
from service.access.steps.authenticators import RelyingParty
from service.access.steps.tickets import Tickets
from service.access.usecases.operators import activate_operator, disable_operator, reset_operator
from service.access.usecases.passkeys import Answered, add_passkey
from service.api.ways import relying_party
from service.audit.storage.tables import entry
from service.bootstrap import App
from service.kit.clock import SystemClock
from service.kit.ids import new_uuid
from service.settings import Settings
from service.web import create_web
from tests.service.access.authenticator import Authenticator
from tests.service.api.counter import Client, assert_declared
from tests.service.api.passkey_holder import BEGIN, BEGIN_SESSION, PASSKEYS, PASSWORD, SESSIONS, Holder, holder
from tests.service.api.serving import with_settings
from tests.service.made_up import TESTER

ORIGIN = "https://registry.example"


@pytest.fixture
def jisr(warm: App) -> App:
    return warm


@pytest.fixture
def http(jisr: App) -> TestClient:
    return TestClient(create_web(with_settings(jisr, public_url=f"{ORIGIN}/jisr")))


@pytest.fixture
def hawa(jisr: App, http: TestClient) -> Holder:
    """An operator who has just signed in by password, with an authenticator."""
    return holder(jisr, http, Authenticator(ORIGIN))


def test_an_operator_adds_a_passkey_and_signs_in_with_it_alone(jisr: App, hawa: Holder) -> None:
    added = hawa.add("my phone")
    assert (added.status_code, added.json()["name"]) == (201, "my phone")
    opened = hawa.sign_in()
    assert (opened.status_code, opened.json()["role"], opened.headers["cache-control"]) == (201, "auditor", "no-store")
    session = Client(hawa.session.http, opened.json()["token"])
    assert session.call("GET", "/v1/findings").status_code == 200
    (passkey,) = session.get(PASSKEYS)["passkeys"]
    assert passkey == added.json() | {"last_used_at": passkey["last_used_at"]}
    assert passkey["last_used_at"] is not None
    opened_by = [json.loads(one.details) for one in noted(jisr, hawa.name, "session.open")]
    assert opened_by == [{"by": "password"}, {"by": "passkey"}]


def noted(app: App, name: str, action: str) -> list[Any]:
    with app.store.database.connect() as connection:
        mine = (entry.c.action == action, entry.c.actor == f"operator:{name}")
        return list(connection.execute(select(entry).where(*mine).order_by(entry.c.at)))


def test_the_authenticator_is_asked_to_verify_its_holder_and_to_keep_the_key(hawa: Holder) -> None:
    made = hawa.session.call("POST", BEGIN).json()["options"]
    assert made["rp"] == {"name": "Jisr", "id": "registry.example"}
    assert made["authenticatorSelection"] == {
        "residentKey": "required", "requireResidentKey": True, "userVerification": "required",
    }  # fmt: skip
    assert made["user"]["name"] == hawa.name
    asked = hawa.session.http.post(BEGIN_SESSION).json()["options"]
    assert (asked["rpId"], asked["userVerification"], asked["allowCredentials"]) == ("registry.example", "required", [])


@pytest.mark.parametrize("kind", [Authenticator(ORIGIN, attests=True), Authenticator(ORIGIN, counts=False)])
def test_kinds_of_authenticators(jisr: App, http: TestClient, kind: Authenticator) -> None:
    one = holder(jisr, http, kind)
    assert one.add().status_code == 201
    assert [one.sign_in().status_code for _ in range(2)] == [201, 201]


def test_an_operator_has_several_and_takes_one_away(jisr: App, hawa: Holder) -> None:
    other = Authenticator(ORIGIN)
    first, second = hawa.add("my phone").json(), hawa.add("my key", other).json()
    assert [one["name"] for one in hawa.session.get(PASSKEYS)["passkeys"]] == ["my phone", "my key"]
    elsewhere = Client(hawa.session.http, hawa.sign_in(other).json()["token"])
    assert hawa.session.call("DELETE", f"{PASSKEYS}/{second['id']}").status_code == 204
    assert hawa.session.call("DELETE", f"{PASSKEYS}/{second['id']}").status_code == 404
    assert hawa.sign_in(other).status_code == 401
    assert hawa.sign_in().status_code == 201
    assert [one["id"] for one in hawa.session.get(PASSKEYS)["passkeys"]] == [first["id"]]
    assert elsewhere.call("GET", "/v1/findings").status_code == 401, "a thief's session would be another one"
    assert len(noted(jisr, hawa.name, "passkey.revoke")) == 1


def test_an_authenticator_is_added_once(hawa: Holder) -> None:
    hawa.add()
    with pytest.raises(AssertionError, match="InvalidStateError"):
        hawa.add()
    begun = hawa.session.call("POST", BEGIN).json()
    begun["options"]["excludeCredentials"] = []
    again = Authenticator(ORIGIN)
    credential = again.create(begun["options"])
    sent = {"ticket": begun["ticket"], "name": "a", "credential": credential}
    assert hawa.session.call("POST", PASSKEYS, json=sent).status_code == 201
    assert hawa.session.call("POST", PASSKEYS, json=sent).status_code == 401, "a ticket counts once"


def test_so_many_and_no_more(hawa: Holder) -> None:
    assert [hawa.add("x", Authenticator(ORIGIN)).status_code for _ in range(MOST + 1)] == [*[201] * MOST, 422]


def test_nobody_adds_or_takes_away_one_of_another(jisr: App, http: TestClient, hawa: Holder) -> None:
    mine = hawa.add().json()
    other = holder(jisr, http, Authenticator(ORIGIN))
    assert other.session.get(PASSKEYS)["passkeys"] == []
    assert other.session.call("DELETE", f"{PASSKEYS}/{mine['id']}").status_code == 404
    begun = hawa.session.call("POST", BEGIN).json()
    sent = {"ticket": begun["ticket"], "name": "a", "credential": other.authenticator.create(begun["options"])}
    assert other.session.call("POST", PASSKEYS, json=sent).status_code == 401, "the ticket is Hawa's"
    assert hawa.sign_in().status_code == 201


def test_a_token_has_none(client_as: Callable[[AccessRole], Client], http: TestClient) -> None:
    client = Client(http, client_as(AccessRole.AUDITOR).token)
    for method, path in (("GET", PASSKEYS), ("POST", BEGIN), ("DELETE", f"{PASSKEYS}/{new_uuid()}")):
        assert client.call(method, path).json()["type"] == "/problems/no-session"


def test_a_session_that_a_reset_ended_adds_none(jisr: App, hawa: Holder) -> None:
    """Also where the caller was looked at before the reset."""
    store, party = jisr.store, RelyingParty("registry.example", ORIGIN)
    begun = hawa.session.call("POST", BEGIN).json()
    answered = Answered(begun["ticket"], hawa.authenticator.create(begun["options"]))
    reset_operator(hawa.name, actor=TESTER, storage=store.storage, clock=store.clock)
    with pytest.raises(Unauthenticated, match="has ended"):
        add_passkey(
            "mine",
            answered,
            hawa.session.token,
            actor=TESTER,
            storage=store.storage,
            clock=store.clock,
            authenticators=party,
            tickets=Tickets(store.storage, store.clock),
        )


def test_a_session_that_is_not_fresh_changes_none(jisr: App, http: TestClient, hawa: Holder) -> None:
    mine = hawa.add().json()

    class Later(SystemClock):
        passed = FRESH - timedelta(minutes=1)

        def now(self) -> datetime:
            return jisr.store.clock.now() + self.passed

    clock, app = Later(), with_settings(jisr, public_url=ORIGIN)
    app = replace(app, store=replace(app.store, clock=clock))
    old = Client(TestClient(create_web(app)), hawa.session.token)
    begun = old.call("POST", BEGIN).json()
    made = Authenticator(ORIGIN).create(begun["options"])
    clock.passed = FRESH + timedelta(seconds=1)
    sent = {"ticket": begun["ticket"], "name": "a", "credential": made}
    for method, path in (("POST", BEGIN), ("POST", PASSKEYS), ("DELETE", f"{PASSKEYS}/{mine['id']}")):
        answer = old.call(method, path, json=sent if path == PASSKEYS else None)
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/sign-in-too-old")
    assert old.call("GET", PASSKEYS).status_code == 200


# Who does not get in


def test_an_answer_counts_once_and_only_for_its_own_challenge(hawa: Holder) -> None:
    hawa.add()
    first, second = (hawa.session.http.post(BEGIN_SESSION).json() for _ in range(2))
    answer = hawa.authenticator.get(first["options"])
    assert send(hawa, second["ticket"], answer) == 401
    assert send(hawa, "made-up", answer) == 401
    assert send(hawa, first["ticket"], answer) == 201
    assert send(hawa, first["ticket"], answer) == 401


def send(one: Holder, ticket: str, credential: Any) -> int:
    answer = one.session.http.post(SESSIONS, json={"ticket": ticket, "credential": credential})
    assert_declared(one.session.http, "POST", SESSIONS, answer.status_code)
    return int(answer.status_code)


def test_a_ticket_for_one_thing_is_not_good_for_another(hawa: Holder) -> None:
    hawa.add()
    begun = hawa.session.call("POST", BEGIN).json()
    options = {"rpId": "registry.example", "challenge": begun["options"]["challenge"]}
    assert send(hawa, begun["ticket"], hawa.authenticator.get(options)) == 401


@pytest.mark.parametrize(
    ("change", "value"),
    [("verifies", False), ("origin", "https://evil.example"), ("origin", "http://registry.example")],
)
def test_without_verification_or_from_another_page_neither_is_a_passkey_added_nor_gets_it_in(
    hawa: Holder, change: str, value: Any
) -> None:
    hawa.add()
    right = getattr(hawa.authenticator, change)
    setattr(hawa.authenticator, change, value)
    assert hawa.sign_in().status_code == 401
    refused = hawa.add("another", replace(Authenticator(ORIGIN), **{change: value}))
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/passkey-refused")
    setattr(hawa.authenticator, change, right)
    assert hawa.sign_in().status_code == 201


def test_a_passkey_of_another_domain_is_none_of_ours(hawa: Holder) -> None:
    hawa.add()
    begun = hawa.session.http.post(BEGIN_SESSION).json()
    hawa.authenticator.held[0].domain = "evil.example"
    answer = hawa.authenticator.get(begun["options"] | {"rpId": "evil.example"})
    assert send(hawa, begun["ticket"], answer) == 401


def test_a_copy_of_an_authenticator_is_noticed_by_its_count(jisr: App, hawa: Holder) -> None:
    hawa.add()
    copied = copy.deepcopy(hawa.authenticator)
    assert [hawa.sign_in().status_code for _ in range(3)] == [201] * 3
    assert hawa.sign_in(copied).status_code == 401
    with jisr.store.database.connect() as connection:
        rows = connection.execute(
            select(entry).where(entry.c.target_id == hawa.name, entry.c.action == "sign_in.failed")
        )
        assert "passkey" in rows.one().details
    assert hawa.sign_in().status_code == 201


def test_the_key_of_another_passkey_does_not_sign_for_it(jisr: App, http: TestClient, hawa: Holder) -> None:
    other = holder(jisr, http, Authenticator(ORIGIN))
    hawa.add()
    other.add()
    other.authenticator.held[0].id = hawa.authenticator.held[0].id
    assert other.sign_in().status_code == 401
    other.authenticator.held[0].user = hawa.authenticator.held[0].user
    assert other.sign_in().status_code == 401


def test_who_was_disabled_or_reset_does_not_get_in(jisr: App, http: TestClient) -> None:
    store = jisr.store
    disabled, reset = (holder(jisr, http, Authenticator(ORIGIN)) for _ in range(2))
    for one in (disabled, reset):
        one.add()
        assert one.sign_in().status_code == 201
    disable_operator(disabled.name, actor=TESTER, storage=store.storage, clock=store.clock)
    assert disabled.sign_in().status_code == 401
    code = reset_operator(reset.name, actor=TESTER, storage=store.storage, clock=store.clock)
    assert reset.sign_in().status_code == 401
    activate_operator(reset.name, code, PASSWORD, actor=TESTER, storage=store.storage, clock=store.clock)
    assert reset.sign_in().status_code == 401, "active again, but the passkeys of before stay revoked"


def test_a_name_that_somebody_locked_still_gets_in_by_a_passkey(jisr: App, hawa: Holder) -> None:
    hawa.add()
    with jisr.store.storage.write() as uow:
        one = uow.operators.for_change(hawa.name)
        assert one is not None
        for _ in range(MOST_FAILURES):
            one.note_failure(jisr.store.clock.now())
        uow.commit()
    sent = {"name": hawa.name, "password": "correct horse battery", "code": TOTP(hawa.totp).now()}
    assert hawa.session.http.post("/v1/sessions", json=sent).status_code == 401
    assert hawa.sign_in().status_code == 201


# Settings


def test_without_an_address_for_browsers_there_are_none(jisr: App) -> None:
    http = TestClient(create_web(jisr))
    answer = http.post(BEGIN_SESSION)
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-offered")


@pytest.mark.parametrize(
    ("url", "domain", "party"),
    [
        ("https://Registry.Example:443/jisr", "", ("registry.example", "https://registry.example")),
        (
            "https://a.registry.example:8443",
            "registry.example",
            ("registry.example", "https://a.registry.example:8443"),
        ),
        ("http://localhost:8000", "", ("localhost", "http://localhost:8000")),
    ],
)
def test_domain_and_origin_are_those_of_the_address(url: str, domain: str, party: tuple[str, str]) -> None:
    found = relying_party(Settings(public_url=url, passkey_domain=domain))
    assert found is not None
    assert (found.id, found.origin) == party


@pytest.mark.parametrize("domain", ["example.org", "istry.example", "a.registry.example"])
def test_a_domain_that_browsers_would_refuse_is_refused_at_start(domain: str) -> None:
    with pytest.raises(ValidationError, match="JISR_PASSKEY_DOMAIN"):
        Settings(public_url="https://registry.example", passkey_domain=domain)

"""Signing in by an OpenID Connect issuer: who gets a session, as whom, and with which second factor."""

import json
import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from pydantic import SecretStr

from service.access.domain import AccessRole
from service.access.usecases.operators import FIRST, create_operator, disable_operator, reset_operator
from service.bootstrap import App
from service.kit.errors import MalformedRequest
from service.kit.ids import new_uuid
from tests.service.access.issuer import CLIENT_SECRET, LocalIssuer
from tests.service.api.browser import CALLBACK, LEAVE, MFA, PUBLIC, Browser, activated, noted, operator
from tests.service.api.counter import Client
from tests.service.made_up import TESTER


@pytest.fixture
def jisr(warm: App) -> App:
    return warm


def test_who_the_issuer_vouches_for_gets_a_session_of_the_operators_role(
    jisr: App, issuer: LocalIssuer, browsers: Callable[..., Browser]
) -> None:
    name, browser = operator(jisr, "s-mfa", issuer), browsers()
    issuer.person = MFA | {"sub": "s-mfa"}
    answer = browser.sign_in()
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    found = answer.json()
    assert (found["status"], found["ticket"], found["session"]["role"]) == ("signed_in", None, "auditor")
    session = Client(browser.http, found["session"]["token"])
    assert session.call("GET", "/v1/findings").status_code == 200
    assert session.call("POST", "/v1/enrolments").status_code == 403
    (opened,) = [one for one in noted(jisr, "session.open") if one.actor == f"operator:{name}"]
    assert json.loads(opened.details) == {"by": "openid"}


def test_the_cookie_that_ties_the_browser_is_of_this_host_alone_and_no_script_reads_it(
    browsers: Callable[..., Browser],
) -> None:
    answer = browsers().http.get(LEAVE, follow_redirects=False)
    name, *attributes = answer.headers["set-cookie"].split("; ")
    assert name.startswith("__Host-")
    assert {one.lower() for one in attributes} == {"httponly", "max-age=600", "path=/", "samesite=lax", "secure"}


def test_what_the_issuer_is_asked_holds_neither_the_verifier_nor_the_secret(browsers: Callable[..., Browser]) -> None:
    url = browsers().leave()
    asked = dict(parse_qsl(urlsplit(url).query))
    assert asked.keys() == {
        "response_type", "client_id", "redirect_uri", "scope", "state", "nonce", "code_challenge",
        "code_challenge_method",
    }  # fmt: skip
    assert asked["redirect_uri"] == PUBLIC + CALLBACK
    assert CLIENT_SECRET not in url


@pytest.mark.parametrize(
    ("method", "metadata", "secret"),
    [
        ("client_secret_post", {"token_endpoint_auth_methods_supported": ["client_secret_post"]}, CLIENT_SECRET),
        (
            "client_secret_basic",
            {"token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"]},
            CLIENT_SECRET,
        ),
        ("none", {}, ""),
    ],
)
def test_the_client_shows_who_it_is_as_the_issuer_asks(
    known: LocalIssuer, browsers: Callable[..., Browser], method: str, metadata: dict[str, Any], secret: str
) -> None:
    known.method, known.metadata = method, metadata
    assert browsers(oidc_client_secret=SecretStr(secret)).sign_in().status_code == 200
    known.method = "client_secret_basic" if method != "client_secret_basic" else "none"
    answer = browsers(oidc_client_secret=SecretStr(secret)).sign_in()
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/issuer-unavailable")


# The second factor


@pytest.mark.parametrize(
    ("stated", "settings"),
    [
        ({}, {}),
        ({"amr": ["pwd"], "acr": "1"}, {}),
        (MFA, {"oidc_second_factor": ""}),
    ],
)
def test_without_a_second_factor_that_counts_the_apps_code_is_asked_for(
    jisr: App, issuer: LocalIssuer, browsers: Callable[..., Browser], stated: Mapping[str, Any], settings: Any
) -> None:
    subject = f"s-{new_uuid()}"
    app = activated(jisr, operator(jisr, subject, issuer))
    browser = browsers(**settings)
    issuer.person = {**stated, "sub": subject}
    found = browser.sign_in().json()
    assert (found["status"], found["session"]) == ("code_needed", None)

    assert browser.send_code("000000", found["ticket"]).status_code == 401
    assert browser.send_code(app.now(), secrets.token_urlsafe(200)).status_code == 401
    opened = browser.send_code(app.now(), found["ticket"])
    assert (opened.status_code, opened.json()["role"]) == (201, "auditor")
    assert browser.send_code(app.at(int(time.time()) + 30), found["ticket"]).status_code == 401, "a ticket counts once"


def test_the_context_class_may_state_the_second_factor(
    jisr: App, issuer: LocalIssuer, browsers: Callable[..., Browser]
) -> None:
    operator(jisr, "s-acr", issuer)
    issuer.person = {"sub": "s-acr", "acr": "gold"}
    assert browsers(oidc_second_factor="silver, gold").sign_in().json()["status"] == "signed_in"


def test_who_has_no_second_factor_anywhere_is_not_let_in(
    jisr: App, issuer: LocalIssuer, browsers: Callable[..., Browser]
) -> None:
    operator(jisr, "s-none", issuer)
    issuer.person = {"sub": "s-none"}
    answer = browsers().sign_in()
    assert (answer.status_code, "one-time code" in answer.json()["detail"]) == (401, True)


# Who may


def test_nobody_gets_in_by_the_issuers_word_alone(
    jisr: App, issuer: LocalIssuer, browsers: Callable[..., Browser]
) -> None:
    issuer.person = MFA | {"sub": "s-stranger", "email": "a@b.example", "email_verified": True, "roles": ["admin"]}
    for settings in ({}, {"oidc_name_claim": "email"}):
        answer = browsers(**settings).sign_in()
        assert (answer.status_code, "no operator here" in answer.json()["detail"]) == (401, True)


def test_who_was_disabled_is_not_let_in(jisr: App, issuer: LocalIssuer, browsers: Callable[..., Browser]) -> None:
    name, store = operator(jisr, "s-gone", issuer), jisr.store
    issuer.person = MFA | {"sub": "s-gone"}
    assert browsers().sign_in().status_code == 200
    disable_operator(name, actor=TESTER, storage=store.storage, clock=store.clock)
    assert browsers().sign_in().status_code == 401


def test_a_verified_name_finds_the_operator_once_and_then_the_subject_counts(
    jisr: App, issuer: LocalIssuer, browsers: Callable[..., Browser]
) -> None:
    name, by_email = operator(jisr, None, issuer), {"oidc_name_claim": "email"}
    first = MFA | {"sub": f"s-{name}", "email": name, "email_verified": True}
    for unverified in ({"email_verified": False}, {"email_verified": "true"}, {"email": None}):
        issuer.person = first | unverified
        assert browsers(**by_email).sign_in().status_code == 401, unverified
    issuer.person = first
    assert browsers().sign_in().status_code == 401, "no claim is set to name operators"
    assert browsers(**by_email).sign_in().status_code == 200
    assert [one.actor for one in noted(jisr, "operator.bind")].count(f"operator:{name}") == 1
    issuer.person = first | {"email": "renamed@example", "email_verified": False}
    assert browsers(**by_email).sign_in().status_code == 200
    issuer.person = first | {"sub": "s-successor"}
    assert browsers(**by_email).sign_in().status_code == 401, "a name that was given to another person"


def test_a_name_alone_takes_no_binding_before_the_second_factor_is_proven(
    jisr: App, issuer: LocalIssuer, browsers: Callable[..., Browser]
) -> None:
    name, browser = operator(jisr, None, issuer), browsers(oidc_name_claim="nickname")
    impostor, real = {"sub": f"s-other-{name}", "nickname": name}, {"sub": f"s-{name}", "nickname": name}
    issuer.person = impostor
    assert browser.sign_in().status_code == 401, "there is no authenticator app yet"
    app = activated(jisr, name)
    ticket, stolen = (browser.sign_in().json()["ticket"] for _ in range(2))
    assert browser.send_code("000000", ticket).status_code == 401
    issuer.person = real
    opened = browser.send_code(app.now(), browser.sign_in().json()["ticket"])
    assert opened.status_code == 201
    assert browser.send_code(app.at(int(time.time()) + 30), stolen).status_code == 401, "bound to another by now"
    assert [one.actor for one in noted(jisr, "operator.bind")].count(f"operator:{name}") == 1
    issuer.person = impostor | MFA
    assert browser.sign_in().status_code == 401


def test_a_binding_is_undone_by_a_reset_that_says_so(
    jisr: App, issuer: LocalIssuer, browsers: Callable[..., Browser]
) -> None:
    name, store, browser = operator(jisr, "s-typo", issuer), jisr.store, browsers(oidc_name_claim="nickname")
    issuer.person = MFA | {"sub": f"s-{name}", "nickname": name}
    for forget, expected in ((False, 401), (True, 200)):
        reset_operator(name, actor=TESTER, storage=store.storage, clock=store.clock, forget_identity=forget)
        assert browser.sign_in().status_code == expected


def test_the_first_administrator_is_not_bound_by_name_before_the_code_was_used(
    jisr: App, issuer: LocalIssuer, browsers: Callable[..., Browser]
) -> None:
    store, browser = jisr.store, browsers(oidc_name_claim="nickname")
    named: Any = {"actor": TESTER, "storage": store.storage, "clock": store.clock}
    with suppress(MalformedRequest):  # it is there once another test served this service
        create_operator(FIRST, AccessRole.ADMINISTRATOR, None, **named)
    reset_operator(FIRST, forget_identity=True, **named)
    issuer.person = MFA | {"sub": f"s-{new_uuid()}", "nickname": FIRST}
    assert browser.sign_in().status_code == 401
    activated(jisr, FIRST)
    assert browser.sign_in().status_code == 200


# Attacks

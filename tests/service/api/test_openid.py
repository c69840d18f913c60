"""People sign in by an issuer of OpenID Connect that really runs, and none of the known attacks gets anybody in."""

import hmac
import json
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from fastapi.testclient import TestClient
from joserfc.jwk import ECKey
from joserfc.jwt import encode
from joserfc.util import urlsafe_b64encode
from pydantic import SecretStr, ValidationError
from sqlalchemy import select

from service.access.domain import AccessRole
from service.access.usecases.operators import FIRST, create_operator, disable_operator, reset_operator
from service.api import rate_limits
from service.api.openid import COOKIE
from service.audit.storage.tables import entry
from service.bootstrap import App
from service.kit.errors import MalformedRequest
from service.kit.ids import new_uuid
from service.settings import Settings
from service.web import create_web
from tests.service.access.issuer import CLIENT_ID, CLIENT_SECRET, LocalIssuer, local_issuer, rsa
from tests.service.api.browser import CALLBACK, CODE, LEAVE, MFA, PUBLIC, Browser, activated, openid_settings, operator
from tests.service.api.counter import Client, assert_declared
from tests.service.api.serving import with_settings
from tests.service.made_up import TESTER

PROXIED = {"X-Forwarded-Proto": "https", "X-Forwarded-Prefix": "/jisr", "X-Forwarded-For": "192.0.2.7"}


@pytest.fixture
def jisr(warm: App) -> App:
    return warm


@pytest.fixture
def issuer() -> Iterator[LocalIssuer]:
    with local_issuer() as one:
        yield one


@pytest.fixture
def browsers(jisr: App, issuer: LocalIssuer) -> Callable[..., Browser]:
    """Makes browsers of one service under settings."""

    def made(**settings: Any) -> Browser:
        known = {"trusted_proxies": "10.0.0.1"} | openid_settings(issuer)
        web = create_web(with_settings(jisr, **known | settings))
        return Browser(TestClient(web, base_url="https://registry.example", client=("10.0.0.1", 1), headers=PROXIED))

    return made


def noted(app: App, action: str) -> list[Any]:
    with app.store.database.connect() as connection:
        return list(connection.execute(select(entry).where(entry.c.action == action)))


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


def unsigned(claims: dict[str, Any]) -> str:
    return parts({"alg": "none"}, claims) + "."


def parts(*some: dict[str, Any]) -> str:
    return ".".join(urlsafe_b64encode(json.dumps(one).encode()).decode() for one in some)


def by_shared_secret(issuer: LocalIssuer, claims: dict[str, Any]) -> str:
    """The public key as the secret of HS256: a verifier that takes the token's word for the algorithm falls for it."""
    signed = parts({"alg": "HS256", "kid": issuer.key.kid}, claims)
    mac = hmac.digest(issuer.key.as_pem(private=False), signed.encode(), "sha256")
    return f"{signed}.{urlsafe_b64encode(mac).decode()}"


def embedded(issuer: LocalIssuer, claims: dict[str, Any]) -> str:
    """Signed by a key that the token itself brings along."""
    key = rsa()
    return encode({"alg": "RS256", "jwk": key.as_dict(private=False)}, claims, key, ["RS256"])


LIES: dict[str, Callable[[dict[str, Any]], object]] = {
    "another nonce": lambda claims: claims.update(nonce="another"),
    "no nonce": lambda claims: claims.pop("nonce"),
    "another audience": lambda claims: claims.update(aud="another client"),
    "no audience": lambda claims: claims.pop("aud"),
    "an audience among others": lambda claims: claims.update(aud=[CLIENT_ID, "another"]),
    "for another party": lambda claims: claims.update(aud=[CLIENT_ID, "another"], azp="another"),
    "another issuer": lambda claims: claims.update(iss="http://localhost:1"),
    "no issuer": lambda claims: claims.pop("iss"),
    "over": lambda claims: claims.update(exp=int(time.time()) - 120),
    "without an end": lambda claims: claims.pop("exp"),
    "of later": lambda claims: claims.update(iat=int(time.time()) + 3600, nbf=int(time.time()) + 3600),
    "no subject": lambda claims: claims.pop("sub"),
    "a subject that is no text": lambda claims: claims.update(sub=7),
}


@pytest.fixture
def known(jisr: App, issuer: LocalIssuer) -> LocalIssuer:
    """The issuer signs in an operator of the registry."""
    subject = f"s-{new_uuid()}"
    operator(jisr, subject, issuer)
    issuer.person = MFA | {"sub": subject}
    return issuer


@pytest.mark.parametrize("lie", LIES)
def test_a_token_that_does_not_hold_lets_nobody_in(
    known: LocalIssuer, browsers: Callable[..., Browser], lie: str
) -> None:
    browser = browsers()
    known.change = lambda claims: void(LIES[lie](claims))
    answer = browser.sign_in()
    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/unauthenticated")
    known.change = None
    assert browser.sign_in().status_code == 200


def void(_: object) -> None:
    """Of a function for its effect."""


def test_a_token_that_another_signed_lets_nobody_in(known: LocalIssuer, browsers: Callable[..., Browser]) -> None:
    browser = browsers(wrong_tokens_per_minute=0)
    forged: dict[str, Callable[[dict[str, Any]], str]] = {
        "nobody": unsigned,
        "another key": lambda claims: known.signed(claims, rsa()),
        "another kind of key": lambda claims: known.signed(claims, ECKey.generate_key("P-256")),
        "the public key as a secret": lambda claims: by_shared_secret(known, claims),
        "a key that it brings": lambda claims: embedded(known, claims),
        "no token": lambda claims: "not.a.token",
    }
    for by, sign in forged.items():
        known.sign = sign
        assert browser.sign_in().status_code == 401, by
    known.sign = None
    assert browser.sign_in().status_code == 200


def test_an_issuer_may_change_its_key(known: LocalIssuer, browsers: Callable[..., Browser], jisr: App) -> None:
    browser = browsers()
    assert browser.sign_in().status_code == 200
    known.key = ECKey.generate_key("P-256", {"kid": "new"})
    assert browser.sign_in().status_code == 401, "its keys were asked for within the minute"
    assert browsers().sign_in().status_code == 200


def test_a_key_of_an_unknown_curve_does_not_matter(known: LocalIssuer, browsers: Callable[..., Browser]) -> None:
    coordinate = urlsafe_b64encode(bytes(32)).decode()
    brainpool = {"kty": "EC", "crv": "BP-256", "x": coordinate, "y": coordinate, "kid": "b", "use": "sig"}
    known.keys_shown = [brainpool, known.key.as_dict(private=False)]
    assert browsers().sign_in().status_code == 200


def test_state_and_code_count_once(known: LocalIssuer, browsers: Callable[..., Browser]) -> None:
    browser = browsers()
    url = browser.leave()
    query, kept = browser.sign_in_there(url), dict(browser.http.cookies)
    assert browser.arrive(query).status_code == 200
    assert browser.arrive(query).status_code == 401, "the browser has forgotten the state"
    browser.http.cookies.update(kept)
    before = len(known.asked)
    assert browser.arrive(query).status_code == 401, "the state was used"
    assert len(known.asked) == before
    code = dict(parse_qsl(query))["code"]
    state = dict(parse_qsl(urlsplit(browser.leave()).query))["state"]
    assert browser.arrive(urlencode({"code": code, "state": state})).status_code == 401, "the code was used"


def test_the_state_of_another_browser_does_not_count(known: LocalIssuer, browsers: Callable[..., Browser]) -> None:
    """Else somebody could have another work under the session of who sent them a link."""
    attacker, victim = browsers(), browsers()
    link = attacker.sign_in_there(attacker.leave())
    assert victim.arrive(link).status_code == 401
    victim.leave()
    assert victim.arrive(link).status_code == 401
    victim.http.cookies.set(COOKIE, "made-up")
    assert victim.arrive(link).status_code == 401


def test_a_code_of_another_sign_in_lacks_its_verifier(known: LocalIssuer, browsers: Callable[..., Browser]) -> None:
    """A code that was stolen on its way is put into the thief's own sign-in."""
    victim, thief = browsers(), browsers()
    stolen = dict(parse_qsl(victim.sign_in_there(victim.leave())))["code"]
    state = dict(parse_qsl(urlsplit(thief.leave()).query))["state"]
    assert thief.arrive(urlencode({"code": stolen, "state": state})).status_code == 401


def test_what_came_from_another_issuer_is_not_taken_to_this_one(
    known: LocalIssuer, browsers: Callable[..., Browser]
) -> None:
    """RFC 9207: a code of one issuer must not reach the token endpoint of another."""
    browser = browsers()
    query = browser.sign_in_there(browser.leave())
    assert browser.arrive(f"{query}&iss=https://another.example").status_code == 401
    assert "/token" not in known.asked
    known.metadata = {"authorization_response_iss_parameter_supported": True}
    browser = browsers()
    assert browser.sign_in().status_code == 401, "an issuer that promises to state itself has to"
    assert browser.arrive(f"{browser.sign_in_there(browser.leave())}&iss={known.url}").status_code == 200


def test_a_refusal_at_the_issuer_is_one_here(known: LocalIssuer, browsers: Callable[..., Browser]) -> None:
    browser = browsers()
    state = dict(parse_qsl(urlsplit(browser.leave()).query))["state"]
    assert browser.arrive(urlencode({"error": "access_denied", "state": state})).status_code == 401


def test_nothing_that_a_request_states_changes_where_anybody_is_sent(
    known: LocalIssuer, browsers: Callable[..., Browser]
) -> None:
    evil, http = "https://evil.example", browsers().http
    names = ("next", "redirect", "redirect_uri", "return_to", "url", "iss")
    headers = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "Referer": evil}
    answer = http.get(LEAVE, params=dict.fromkeys(names, evil), headers=headers, follow_redirects=False)
    assert answer.headers["location"].startswith(f"{known.url}/authorize?")
    assert "evil" not in answer.headers["location"]
    back = http.get(CALLBACK, params=dict.fromkeys((*names, "code", "state"), evil), follow_redirects=False)
    assert (back.status_code, "location" in back.headers) == (401, False)


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "http://localhost:1"},
        {"token_endpoint": "http://registry.example/token"},
        {"jwks_uri": "file:///etc/passwd"},
        {"authorization_endpoint": None},
    ],
)
def test_an_issuer_that_is_another_or_without_tls_is_not_used(
    known: LocalIssuer, browsers: Callable[..., Browser], metadata: dict[str, Any]
) -> None:
    known.metadata = metadata
    browser = browsers()
    answer = browser.http.get(LEAVE, follow_redirects=False)
    if answer.status_code == 303:
        answer = browser.arrive(browser.sign_in_there(answer.headers["location"]))
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/issuer-unavailable")


def test_an_issuer_that_is_not_there_is_stated(browsers: Callable[..., Browser]) -> None:
    answer = browsers(oidc_issuer="http://localhost:1").http.get(LEAVE)
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/issuer-unavailable")


def test_wrong_arrivals_from_one_address_meet_429(known: LocalIssuer, browsers: Callable[..., Browser]) -> None:
    browser = browsers(wrong_tokens_per_minute=2)

    def guessed() -> int:
        state = dict(parse_qsl(urlsplit(browser.leave()).query))["state"]
        return int(browser.arrive(urlencode({"code": "1", "state": state})).status_code)

    assert [guessed() for _ in range(3)] == [401, 401, 429]


def test_a_page_that_sends_browsers_here_locks_nobody_out(known: LocalIssuer, browsers: Callable[..., Browser]) -> None:
    """As `<img src=...>` does, with and without the cookie of a sign-in that was begun."""
    browser = browsers(wrong_tokens_per_minute=2)
    assert [browser.arrive("code=1&state=2").status_code for _ in range(3)] == [401] * 3
    browser.leave()
    assert [browser.arrive(query).status_code for query in ("code=1&state=2", "state=2", "")] == [401] * 3
    assert browser.sign_in().status_code == 200


def test_sign_ins_are_begun_from_one_address_so_often_per_minute(
    browsers: Callable[..., Browser], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limits, "BEGINS", 2)
    http = browsers().http
    assert [http.get(LEAVE, follow_redirects=False).status_code for _ in range(3)] == [303, 303, 429]


def test_without_the_setting_it_is_not_there(jisr: App) -> None:
    http = TestClient(create_web(jisr))
    for method, path in (("GET", LEAVE), ("GET", CALLBACK), ("POST", CODE)):
        answer = http.request(method, path, json={"ticket": "t", "code": "1"} if method == "POST" else None)
        assert_declared(http, method, path, answer.status_code)
        assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-offered")


@pytest.mark.parametrize(
    ("settings", "wrong"),
    [
        ({"oidc_issuer": "https://issuer.example"}, "JISR_OIDC_CLIENT_ID"),
        ({"oidc_issuer": "http://issuer.example", "oidc_client_id": "jisr", "public_url": PUBLIC}, "oidc_issuer"),
        ({"public_url": "http://registry.example"}, "public_url"),
        ({"public_url": "https://registry.example/?next="}, "public_url"),
    ],
)
def test_settings_that_would_not_be_safe_are_refused_at_start(settings: dict[str, Any], wrong: str) -> None:
    with pytest.raises(ValidationError, match=wrong):
        Settings(**settings)

"""Issuers that lie, tokens and codes that are another's, and who would lock others out: OpenID Connect attacked."""

import hmac
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from fastapi.testclient import TestClient
from joserfc.jwk import ECKey
from joserfc.jwt import encode
from joserfc.util import urlsafe_b64encode
from pydantic import ValidationError

from service.api import rate_limits
from service.api.openid import COOKIE
from service.bootstrap import App
from service.settings import Settings
from service.web import create_web
from tests.service.access.issuer import CLIENT_ID, LocalIssuer, rsa
from tests.service.api.browser import (
    CALLBACK,
    CODE,
    LEAVE,
    PUBLIC,
    Browser,
)
from tests.service.api.counter import assert_declared


@pytest.fixture
def jisr(warm: App) -> App:
    return warm


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

"""A real browser signs in: with passkeys of its own authenticator, and by an issuer, with the cookies that it keeps."""

import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from pyotp import TOTP

from service.access.domain import AccessRole
from service.access.usecases.operators import activate_operator, create_operator
from service.access.usecases.sessions import Credentials, open_session
from service.api.deps import session_limits
from service.bootstrap import App
from service.kit.ids import new_uuid
from tests.service.access.issuer import CLIENT_ID, CLIENT_SECRET, local_issuer
from tests.service.api.browser import MFA, PASSWORD, operator
from tests.service.api.chromium import BROWSER, Page, chromium
from tests.service.api.serving import served_on
from tests.service.made_up import TESTER

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None, reason="there is no chromium; Debian has it as a package of that name"),
]

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
SCRIPT = """
const ask = async (method, path, token, body) => {
  const headers = {"Content-Type": "application/json", ...(token && {Authorization: `Bearer ${token}`})};
  const answer = await fetch(path, {method, headers, body: body && JSON.stringify(body)});
  return [answer.status, answer.status === 204 ? null : await answer.json()];
};
const add = async (token, name) => {
  const [, asked] = await ask("POST", "/v1/passkeys/begin", token);
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(asked.options);
  const made = await navigator.credentials.create({publicKey});
  return ask("POST", "/v1/passkeys", token, {ticket: asked.ticket, name, credential: made.toJSON()});
};
const signIn = async () => {
  const [, asked] = await ask("POST", "/v1/sessions/passkey/begin");
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(asked.options);
  const found = await navigator.credentials.get({publicKey});
  return ask("POST", "/v1/sessions/passkey", null, {ticket: asked.ticket, credential: found.toJSON()});
};
"""


@dataclass(frozen=True)
class Opened:
    """A page of the service in a browser, and where both are."""

    page: Page
    app: App
    url: str

    def run(self, call: str) -> Any:
        return self.page.run(f"(async () => {{ {SCRIPT} return {call}; }})()")


@pytest.fixture
def opened(warm: App, tmp_path: Path) -> Iterator[Opened]:
    listening = socket.create_server(("127.0.0.1", 0))
    url = f"http://localhost:{listening.getsockname()[1]}"
    with local_issuer() as issuer, chromium(tmp_path / "profile") as page:
        issuer.person = MFA | {"sub": "in a browser"}
        settings = {
            "public_url": url,
            "oidc_issuer": issuer.url,
            "oidc_client_id": CLIENT_ID,
            "oidc_client_secret": SecretStr(CLIENT_SECRET),
            "oidc_second_factor": "mfa",
        }
        with served_on(listening, warm, **settings):
            operator(warm, "in a browser", issuer)
            page.call("WebAuthn.enable")
            yield Opened(page, warm, url)


def session(app: App) -> str:
    """Of an operator who has just signed in by password."""
    store, name = app.store, f"an operator {new_uuid()}"
    code = create_operator(name, AccessRole.AUDITOR, None, actor=TESTER, storage=store.storage, clock=store.clock)
    secret = activate_operator(name, code, PASSWORD, actor=TESTER, storage=store.storage, clock=store.clock)
    sent, limits = Credentials(name, PASSWORD, TOTP(secret).now()), session_limits(store.settings)
    return open_session(sent, actor=TESTER, storage=store.storage, clock=store.clock, limits=limits).secret


def test_a_browser_adds_a_passkey_and_signs_in_with_it(opened: Opened) -> None:
    authenticator = opened.page.call("WebAuthn.addVirtualAuthenticator", options=AUTHENTICATOR)["authenticatorId"]
    opened.page.open(f"{opened.url}/docs")
    token = session(opened.app)
    status, added = opened.run(f'await add("{token}", "my laptop")')
    assert (status, added["name"]) == (201, "my laptop")
    status, signed_in = opened.run("await signIn()")
    assert (status, signed_in["role"]) == (201, "auditor")
    (held,) = opened.page.call("WebAuthn.getCredentials", authenticatorId=authenticator)["credentials"]
    assert (held["rpId"], held["isResidentCredential"]) == ("localhost", True)
    status, _ = opened.run(f'await ask("DELETE", "/v1/passkeys/{added["id"]}", "{signed_in["token"]}")')
    assert status == 204
    status, refused = opened.run("await signIn()")
    assert (status, refused["type"]) == (401, "/problems/unauthenticated")


def test_a_browser_whose_authenticator_does_not_verify_its_holder_gets_no_answer_at_all(opened: Opened) -> None:
    opened.page.call("WebAuthn.addVirtualAuthenticator", options=AUTHENTICATOR | {"isUserVerified": False})
    opened.page.open(f"{opened.url}/docs")
    token = session(opened.app)
    refused = f'await add("{token}", "x").then(() => "added", error => error.name)'
    assert opened.run(refused) == "NotAllowedError"


def test_a_browser_keeps_the_cookie_that_it_comes_back_from_the_issuer_with(opened: Opened) -> None:
    opened.page.open(f"{opened.url}/v1/sessions/oidc")
    found = json.loads(opened.page.run("document.body.innerText"))
    assert (found["status"], found["session"]["role"]) == ("signed_in", "auditor")
    assert opened.page.run("location.pathname") == "/v1/sessions/oidc/callback"
    opened.page.open(opened.page.run("location.href"))
    assert json.loads(opened.page.run("document.body.innerText"))["status"] == 401
    assert opened.page.run("document.cookie") == "", "no script reads it"


def test_the_page_of_the_api_shows_its_routes_under_its_own_policy(opened: Opened) -> None:
    opened.page.call("Log.enable")
    opened.page.open(f"{opened.url}/docs")
    shown = "new Promise(done => { const look = () => { const n = document.querySelectorAll('.opblock').length;"
    shown += " n ? done(n) : setTimeout(look, 50); }; look(); })"
    assert opened.page.run(shown) > 20
    blocked = [one for one in opened.page.events if one.get("method") == "Log.entryAdded"]
    assert not blocked
    tried = "new Promise(done => { window.ran = false; const one = document.createElement('script');"
    tried += " one.textContent = 'window.ran = true'; document.body.append(one); done(window.ran); })"
    assert opened.page.run(tried) is False

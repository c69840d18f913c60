"""A browser that signs in by an issuer of OpenID Connect, as the tests play it."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
from fastapi.testclient import TestClient
from pydantic import SecretStr
from pyotp import TOTP
from sqlalchemy import select

from service.access.domain import AccessRole
from service.access.domain.identities import Identity
from service.access.usecases.operators import activate_operator, create_operator, reset_operator
from service.audit.storage.tables import entry
from service.bootstrap import App
from service.kit.ids import new_uuid
from tests.service.access.issuer import CLIENT_ID, CLIENT_SECRET, LocalIssuer
from tests.service.api.counter import assert_declared
from tests.service.made_up import TESTER

LEAVE, CALLBACK, CODE = "/v1/sessions/oidc", "/v1/sessions/oidc/callback", "/v1/sessions/oidc/code"
PROXIED = {"X-Forwarded-Proto": "https", "X-Forwarded-Prefix": "/jisr", "X-Forwarded-For": "192.0.2.7"}
PUBLIC = "https://registry.example/jisr"
MFA = {"amr": ["pwd", "mfa"]}
PASSWORD = "correct horse battery"


@dataclass
class Browser:
    """With cookies of its own."""

    http: TestClient

    def leave(self) -> str:
        """The address at the issuer that it is sent to."""
        answer = self.http.get(LEAVE, follow_redirects=False)
        assert_declared(self.http, "GET", LEAVE, answer.status_code)
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    def sign_in_there(self, url: str) -> str:
        """The query that the issuer sends it back with."""
        back = httpx.get(url).headers["location"]
        assert back.startswith(f"{PUBLIC}{CALLBACK}?")
        return urlsplit(back).query

    def arrive(self, query: str) -> Any:
        answer = self.http.get(f"{CALLBACK}?{query}")
        assert_declared(self.http, "GET", CALLBACK, answer.status_code)
        return answer

    def sign_in(self) -> Any:
        return self.arrive(self.sign_in_there(self.leave()))

    def send_code(self, code: str, ticket: str) -> Any:
        answer = self.http.post(CODE, json={"ticket": ticket, "code": code})
        assert_declared(self.http, "POST", CODE, answer.status_code)
        return answer


def openid_settings(issuer: LocalIssuer) -> dict[str, Any]:
    return {
        "public_url": PUBLIC,
        "oidc_issuer": issuer.url,
        "oidc_client_id": CLIENT_ID,
        "oidc_client_secret": SecretStr(CLIENT_SECRET),
        "oidc_second_factor": "mfa",
    }


def operator(app: App, subject: str | None, issuer: LocalIssuer, role: AccessRole = AccessRole.AUDITOR) -> str:
    """The name of an operator whom the issuer knows by this subject."""
    name, store = f"an operator {new_uuid()}", app.store
    identity = None if subject is None else Identity(issuer.url, subject, None, frozenset())
    create_operator(name, role, None, actor=TESTER, storage=store.storage, clock=store.clock, identity=identity)
    return name


def activated(app: App, name: str) -> TOTP:
    """An operator's authenticator app, once they have used a one-time code."""
    store = app.store
    code = reset_operator(name, actor=TESTER, storage=store.storage, clock=store.clock)
    return TOTP(activate_operator(name, code, PASSWORD, actor=TESTER, storage=store.storage, clock=store.clock))


def noted(app: App, action: str) -> list[Any]:
    with app.store.database.connect() as connection:
        return list(connection.execute(select(entry).where(entry.c.action == action)))

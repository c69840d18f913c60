"""An operator with an authenticator, as the tests play them."""

from dataclasses import dataclass
from typing import Any

from fastapi.testclient import TestClient
from pyotp import TOTP

from service.access.domain import AccessRole
from service.access.usecases.operators import activate_operator, create_operator
from service.bootstrap import App
from service.kit.ids import new_uuid
from tests.service.access.authenticator import Authenticator
from tests.service.api.counter import Client, assert_declared
from tests.service.made_up import TESTER

PASSKEYS, BEGIN = "/v1/passkeys", "/v1/passkeys/begin"
SESSIONS, BEGIN_SESSION = "/v1/sessions/passkey", "/v1/sessions/passkey/begin"
PASSWORD = "correct horse battery"


@dataclass
class Holder:
    """session: opened by password and authenticator app just now."""

    name: str
    totp: str
    session: Client
    authenticator: Authenticator

    def add(self, name: str = "mine", authenticator: Authenticator | None = None) -> Any:
        begun = self.session.call("POST", BEGIN)
        assert begun.status_code == 200, begun.text
        asked = begun.json()
        credential = (authenticator or self.authenticator).create(asked["options"])
        sent = {"ticket": asked["ticket"], "name": name, "credential": credential}
        return self.session.call("POST", PASSKEYS, json=sent)

    def sign_in(self, authenticator: Authenticator | None = None) -> Any:
        """Without any bearer."""
        http = self.session.http
        asked = http.post(BEGIN_SESSION).json()
        credential = (authenticator or self.authenticator).get(asked["options"])
        answer = http.post(SESSIONS, json={"ticket": asked["ticket"], "credential": credential})
        assert_declared(http, "POST", SESSIONS, answer.status_code)
        return answer


def holder(app: App, http: TestClient, authenticator: Authenticator) -> Holder:
    name, store = f"an operator {new_uuid()}", app.store
    code = create_operator(name, AccessRole.AUDITOR, None, actor=TESTER, storage=store.storage, clock=store.clock)
    totp = activate_operator(name, code, PASSWORD, actor=TESTER, storage=store.storage, clock=store.clock)
    sent = {"name": name, "password": PASSWORD, "code": TOTP(totp).now()}
    opened = http.post("/v1/sessions", json=sent)
    assert opened.status_code == 201, opened.text
    return Holder(name, totp, Client(http, opened.json()["token"]), authenticator)

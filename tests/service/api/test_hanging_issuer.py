"""While the issuer of OpenID Connect hangs, all others are answered."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from service.access.domain import AccessRole
from service.access.steps import issuer_answers
from service.access.usecases.tokens import create_token
from service.bootstrap import App
from service.kit.ids import new_uuid
from tests.service.api.browser import LEAVE, PUBLIC
from tests.service.api.serving import Served, served
from tests.service.made_up import TESTER

DEPARTURES = 60
"""More than the framework has threads."""


def test_findings_are_shown_while_the_issuer_hangs(warm: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(issuer_answers, "SECONDS", 2.0)
    store = warm.store
    token = create_token(
        f"auditor {new_uuid()}", AccessRole.AUDITOR, actor=TESTER, storage=store.storage, clock=store.clock
    )
    with closing(socket.create_server(("127.0.0.1", 0), backlog=128)) as hanging:
        issuer = f"http://127.0.0.1:{hanging.getsockname()[1]}"
        settings = {"public_url": PUBLIC, "oidc_issuer": issuer, "oidc_client_id": "jisr"}
        with served(warm, **settings) as one, ThreadPoolExecutor(DEPARTURES) as pool:
            departures = [pool.submit(status, one, LEAVE) for _ in range(DEPARTURES)]
            with hanging.accept()[0]:
                began = time.monotonic()
                assert status(one, "/v1/findings", token) == 200
                assert time.monotonic() - began < issuer_answers.SECONDS
                assert {answer.result() for answer in departures} == {503}


def status(one: Served, path: str, token: str | None = None) -> int:
    connection = one.client()
    with closing(connection):
        connection.request("GET", path, headers={} if token is None else {"Authorization": f"Bearer {token}"})
        return connection.getresponse().status

"""The OpenAPI document states what really happens."""

import time
from typing import Any

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from service.access.domain import AccessRole
from service.access.usecases.tokens import create_token
from service.api.app import NOUNS
from service.api.problems import MEDIA_TYPE, STATUS, describe, status_of
from service.bootstrap import App
from service.kit.errors import JisrError, StorageUnavailable
from service.kit.ids import new_uuid
from service.web import create_web
from tests.service.api.counter import Client
from tests.service.api.serving import with_settings
from tests.service.made_up import TESTER

BASES = (JisrError, *STATUS)


@pytest.fixture
def http(warm_http: TestClient) -> TestClient:
    return warm_http


def kinds(root: type[JisrError]) -> set[type[JisrError]]:
    return {root}.union(*(kinds(kind) for kind in root.__subclasses__()))


@pytest.mark.parametrize("kind", sorted(kinds(JisrError) - set(BASES), key=str))
def test_every_error_has_a_status_by_its_base_class_and_a_title(kind: type[JisrError]) -> None:
    assert 400 <= status_of(kind) <= 503
    assert kind.__doc__
    assert sum(issubclass(kind, base) for base in STATUS) == 1


def test_a_reason_of_the_database_is_not_for_callers() -> None:
    assert "secret" not in describe(StorageUnavailable("connection to host secret failed")).detail


def test_every_protected_route_declares_its_errors(http: TestClient) -> None:
    document = http.get("/openapi.json").json()
    routes = [(path, one) for path, methods in document["paths"].items() for one in methods.values()]
    protected = [(path, one) for path, one in routes if path.startswith("/v1")]
    routed = {route.path for noun in NOUNS for route in noun.router.routes if isinstance(route, APIRoute)}
    assert {path for path, _ in protected} == {path for path in routed if path.startswith("/v1")}
    for path, route in protected:
        assert {"401", "403", "422"} <= set(route["responses"]), path
        for status, answer in route["responses"].items():
            if int(status) >= 400:
                assert answer["content"] == {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}, path


def test_every_reference_leads_somewhere(http: TestClient) -> None:
    document = http.get("/openapi.json").json()

    def references(node: Any) -> set[str]:
        if isinstance(node, dict):
            own = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
            return own.union(*(references(value) for value in node.values()))
        return set().union(*(references(value) for value in node)) if isinstance(node, list) else set()

    for reference in references(document):
        name = reference.removeprefix("#/components/schemas/")
        assert name in document["components"]["schemas"], reference


def test_the_pages_for_machines_need_no_token(http: TestClient) -> None:
    assert http.get("/healthz").json() == {"status": "ok"}
    until = time.monotonic() + 30
    while http.get("/readyz").status_code == 503:  # the worker is warming up
        assert time.monotonic() < until
    assert http.get("/readyz").json() == {"status": "ready", "people": 0, "waiting": 0}
    assert http.get("/docs").status_code == 200
    figures = http.get("/metrics").text
    assert "jisr_gallery_people 0.0" in figures
    assert 'jisr_http_requests_total{method="GET",route="/readyz",status="200"} ' in figures


def test_figures_are_for_administrators_alone_where_a_setting_says_so(warm: App) -> None:
    http, store = TestClient(create_web(with_settings(warm, metrics_open=False))), warm.store
    assert http.get("/metrics").status_code == 401
    for role in AccessRole:
        token = create_token(f"{role} {new_uuid()}", role, actor=TESTER, storage=store.storage, clock=store.clock)
        expected = 200 if role is AccessRole.ADMINISTRATOR else 403
        assert Client(http, token).call("GET", "/metrics").status_code == expected, role

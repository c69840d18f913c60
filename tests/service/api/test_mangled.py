"""Mangled captures and enrolments: never a 500, and the service goes on."""

import random
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.access.domain import AccessRole
from service.access.usecases.tokens import create_token
from service.bootstrap import App
from service.kit.ids import new_uuid
from tests.captures import capture
from tests.matcher.decode.test_mangled import mangled
from tests.service.api.counter import Client, enrolment, files
from tests.service.made_up import TESTER


@pytest.fixture
def migrated_url() -> str:
    return ""


@pytest.fixture
def prober(warm: App, warm_http: TestClient) -> Client:
    return Client(
        warm_http,
        create_token(
            str(new_uuid()), AccessRole.ENROLLER, actor=TESTER, storage=warm.store.storage, clock=warm.store.clock
        ),
    )


@pytest.mark.slow
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300), st.sampled_from(["face", "right_index"]), st.integers(0, 2000))
def test_mangled_captures_are_never_a_500(prober: Client, noise: bytes, position: str, at: int) -> None:
    name = "obama3.jpg" if position == "face" else "p2_1.png"
    content = capture(name)
    mangled = content[:at] + noise + content[at + len(noise) :]
    answer = prober.call("POST", "/v1/identify", files=files({position: mangled}))
    assert answer.status_code in (200, 413, 422), answer.text


@pytest.mark.slow
def test_mangled_records_are_never_a_500(prober: Client) -> None:
    rng = random.Random(7)
    for _ in range(60):
        kind, content = mangled(rng)
        position, path = rng.choice(["face", "right_index", "plain_thumbs"]), rng.choice(["identify", "quality"])
        answer = prober.call("POST", f"/v1/{path}", files=files({position: content}))
        assert answer.status_code in (200, 413, 422), (kind, content.hex(), answer.text)


@pytest.mark.slow
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
        max_leaves=8,
    ),
    st.sampled_from(["id", "site", "captured_at", "consent", "person", "household", "exceptions", "captures"]),
)
def test_mangled_enrolments_are_never_a_500(counter: Client, value: Any, field: str) -> None:
    answer = counter.post_enrolment(enrolment(**{field: value}), {"face": "obama.jpg"}, wait=0)
    assert answer.status_code in (202, 422), answer.text
    assert counter.call("GET", "/readyz").status_code == 200

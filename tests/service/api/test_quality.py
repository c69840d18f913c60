"""A quick answer at the counter."""

import io

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from matcher import ADVICE
from service.bootstrap import App
from tests.captures import capture
from tests.service.api.counter import Client, files


@pytest.fixture
def jisr(warm: App) -> App:
    return warm


@pytest.fixture
def http(warm_http: TestClient) -> TestClient:
    return warm_http


def dark(name: str) -> bytes:
    out = io.BytesIO()
    Image.fromarray((np.asarray(Image.open(io.BytesIO(capture(name))).convert("RGB")) // 6).astype(np.uint8)).save(
        out, "PNG"
    )
    return out.getvalue()


@pytest.mark.parametrize(("position", "name"), [("face", "obama.jpg"), ("right_index", "p1_1.png")])
def test_a_good_capture_has_a_score_and_components(counter: Client, jisr: App, position: str, name: str) -> None:
    answer = counter.call("POST", "/v1/quality", files=files({position: name}))
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["position"] == position
    assert 50 < found["score"] <= 100
    assert found["components"]
    with jisr.store.storage.read() as uow:
        assert not uow.enrolments.count_by_status()


def test_what_can_be_corrected_is_stated_in_a_sentence(counter: Client) -> None:
    found = counter.call("POST", "/v1/quality", files=files({"face": dark("obama.jpg")})).json()
    reasons = {one["code"]: one["sentence"] for one in found["reasons"]}
    assert reasons["too_dark"] == ADVICE["too_dark"]

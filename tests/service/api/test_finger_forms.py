"""Fingers that come otherwise than one upright picture each: slaps, minutiae records, upside down."""

import io

import pytest
from PIL import Image

from matcher.decode import decode
from matcher.finger import FingerExtractor
from matcher.finger.records import Version, write_minutiae_record
from matcher.types import Position
from tests.captures import capture
from tests.service.api.counter import FIRST, Client
from tests.service.made_up import slap_png


@pytest.fixture
def migrated_url() -> str:
    return ""


def record(name: str) -> bytes:
    minutiae, quality, _ = FingerExtractor().extract(decode(capture(name), dpi=500))
    return write_minutiae_record(minutiae, Version.V2011, Position.RIGHT_INDEX, quality.score)


@pytest.mark.slow
def test_a_slap_is_enrolled_finger_by_finger_and_found_again_by_one_of_them(counter: Client) -> None:
    sent = slap_png([1, 2, 3, 4])
    outcome = counter.enrol({"plain_right_four": sent})
    assert outcome["status"] == "enrolled"
    fingers = ["right_index", "right_middle", "right_ring", "right_little"]
    assert [one["position"] for one in outcome["captures"]] == fingers
    assert counter.enrol({"plain_right_four": sent})["status"] == "in_review"


@pytest.mark.slow
def test_a_finger_declared_missing_is_left_out_of_the_slap(counter: Client) -> None:
    exceptions = [{"position": "right_middle", "reason": "amputated"}]
    outcome = counter.enrol({"plain_right_four": slap_png([1, 3, 4])}, exceptions=exceptions)
    assert [one["position"] for one in outcome["captures"]] == ["right_index", "right_ring", "right_little"]


def test_a_slap_with_too_few_fingers_is_refused_by_name(counter: Client) -> None:
    answer = counter.call("POST", "/v1/identify", files={"plain_left_four": slap_png([1, 2, 3])})
    assert answer.status_code == 422
    assert answer.json()["type"] == "/problems/slap-incomplete"
    assert answer.json()["errors"][0]["field"] == "plain_left_four"


def test_a_finger_both_alone_and_in_a_slap_is_refused(counter: Client) -> None:
    sent = {"plain_right_four": slap_png([1, 2, 3, 4]), "right_ring": capture("p1_1.png")}
    answer = counter.call("POST", "/v1/identify", files=sent)
    assert answer.json()["type"] == "/problems/repeated-position"


def test_a_minutiae_record_finds_the_finger_enrolled_by_picture(counter: Client) -> None:
    enrolled = counter.enrol({"right_index": "p1_1.png"})
    assert enrolled["status"] == "enrolled"
    again = counter.enrol({"right_index": record("p1_1.png")})
    assert again["status"] == "in_review"
    assert again["captures"][0]["quality"] > 0


def upside_down(name: str) -> bytes:
    out = io.BytesIO()
    Image.open(io.BytesIO(capture(name))).convert("L").rotate(180).save(out, "PNG")
    return out.getvalue()


def test_a_finger_upside_down_is_fine(counter: Client) -> None:
    assert counter.enrol(FIRST)["status"] == "enrolled"
    assert counter.enrol({"right_index": upside_down("p1_1.png")})["status"] == "in_review"

"""What is odd about a capture that is used all the same reaches every answer that is about the capture."""

import io
from typing import Any

import pytest
from PIL import Image

from service.bootstrap import App
from tests.captures import capture
from tests.matcher.decode.test_finger_record import new
from tests.service.api.counter import FIRST, Client, enrolment, files
from tests.service.api.test_finger_forms import record
from tests.service.made_up import slap_png

PNG_IN_RECORD = 5


@pytest.fixture
def migrated_url() -> str:
    return ""


def padded() -> bytes:
    """A minutiae record of the right index with zeros after it."""
    return record("p1_1.png") + bytes(40)


def as_left_thumb() -> bytes:
    return new(capture("p1_1.png"), PNG_IN_RECORD, position=6)


def codes(captures: list[dict[str, Any]]) -> dict[str, list[str]]:
    assert all(warning["detail"] for one in captures for warning in one["warnings"])
    return {one["position"]: [warning["code"] for warning in one["warnings"]] for one in captures}


def test_an_enrolment_is_answered_with_them_at_once_and_keeps_them(counter: Client, jisr: App) -> None:
    sent: dict[str, bytes | str] = {"face": FIRST["face"], "right_index": padded()}
    expected = {"face": [], "right_index": ["padding_ignored"]}
    part = enrolment()
    jisr.worker.stop()
    at_once = counter.post_enrolment(part, sent, wait=0).json()
    assert at_once["status"] == "received"
    assert codes(at_once["captures"]) == expected
    jisr.worker.process()
    later = counter.post_enrolment(part, sent, wait=0).json()  # the same content, whatever is odd about it
    assert later["status"] == "enrolled"
    assert codes(later["captures"]) == codes(counter.get(later["links"]["self"])["captures"]) == expected


def test_an_operator_sees_them(counter: Client, desk: Client) -> None:
    counter.enrol(FIRST)
    again = counter.enrol({"right_index": as_left_thumb()})
    shown = desk.get(f"/v1/cases/{again['case']}")["captures"]
    assert codes(shown) == {"right_index": ["position_contradicted"]}


@pytest.mark.slow
def test_a_slaps_warnings_are_those_of_its_fingers(counter: Client) -> None:
    with Image.open(io.BytesIO(slap_png([1, 2, 3, 4]))) as opened:
        out = io.BytesIO()
        opened.save(out, "PNG", dpi=(1000, 1000))
    sent = {"plain_right_four": out.getvalue()}
    found = counter.enrol(sent, captures={"plain_right_four": {"dpi": 500}})
    fingers = ["right_index", "right_middle", "right_ring", "right_little"]
    assert codes(found["captures"]) == {finger: ["dpi_contradicted"] for finger in fingers}


def test_searches_are_answered_with_them(counter: Client) -> None:
    number = counter.enrol(FIRST)["person_number"].encode()
    sent = files({"face": FIRST["face"], "right_index": as_left_thumb()})
    expected = {"face": [], "right_index": ["position_contradicted"]}
    identified = counter.call("POST", "/v1/identify", files=sent).json()
    assert codes(identified["captures"]) == expected
    verified = counter.call("POST", "/v1/verify", files=[*sent, *files({}, number=number)]).json()
    assert codes(verified["captures"]) == expected
    free = counter.call("POST", "/v1/identify?hypotheses=any_position&hypotheses=face_alone", files=sent).json()
    assert codes(free["captures"]) == {"face": [], "right_index": []}
    judged = counter.call("POST", "/v1/quality", files=files({"right_index": padded()})).json()
    assert codes([judged]) == {"right_index": ["padding_ignored"]}


def test_the_resolution_that_a_client_states_over_the_files_is_a_warning(counter: Client) -> None:
    out = io.BytesIO()
    Image.open(io.BytesIO(capture("p1_1.png"))).save(out, "PNG", dpi=(1000, 1000))
    judged = counter.call("POST", "/v1/quality?dpi=500", files=files({"right_index": out.getvalue()})).json()
    assert codes([judged]) == {"right_index": ["dpi_contradicted"]}

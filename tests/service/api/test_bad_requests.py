"""Wrong requests about people who are enrolled: a clear problem, nothing changed."""

import uuid

import pytest

from tests.service.api.counter import AGAIN, FIRST, Client, files
from tests.service.api.test_bad_input import assert_problem


@pytest.fixture
def migrated_url() -> str:
    return ""


def test_verify_with_nothing_in_common(counter: Client) -> None:
    number = counter.enrol({"face": FIRST["face"]})["person_number"].encode()
    answer = counter.call("POST", "/v1/verify", files=files({"left_thumb": "p1_1.png"}, number=number))
    assert_problem(answer, 422, "nothing-to-compare", "captures")


def test_decisions_that_cannot_be(counter: Client, desk: Client) -> None:
    counter.enrol(FIRST)
    case = counter.enrol(AGAIN)["case"]
    assert_problem(desk.decide(case, "same_person"), 422, "malformed-request", "survivor")
    stranger = str(uuid.uuid4())
    assert_problem(desk.decide(case, "same_person", survivor=stranger), 422, "unknown-survivor", "survivor")
    assert_problem(desk.decide(case, "same_person", survivor=stranger, merged=[stranger]), 422, "unknown-survivor")
    assert_problem(desk.decide(case, "maybe"), 422, "malformed", "decision")
    assert_problem(desk.decide(case, "distinct", reason=""), 422, "malformed", "reason")
    assert desk.get(f"/v1/cases/{case}")["status"] == "open"

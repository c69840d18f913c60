"""JSON made to be misunderstood, or to cost more to refuse than to send."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from service.access.domain import AccessRole
from service.api.app import NOUNS
from service.api.errors import (
    LONGEST_DETAIL,
    LONGEST_FIELD,
    LONGEST_SENTENCE,
    MOST_ERRORS,
    FieldError,
    Malformed,
    shortened,
)
from service.api.json_body import StrictJsonRoute
from service.bootstrap import App
from tests.service.api.counter import Client, enrolment, files
from tests.service.api.test_bad_input import NOBODY, assert_problem

MANY = 60_000
DECISION = f"/v1/cases/{NOBODY}/decision"
JSON = {"Content-Type": "application/json"}
ANSWERED_WITH = 100_000  # bytes
Post = Callable[[str], Any]


@pytest.fixture
def jisr(warm: App) -> App:
    return warm


@pytest.fixture
def http(warm_http: TestClient) -> TestClient:
    return warm_http


@pytest.fixture(params=["part", "body"])
def post(request: pytest.FixtureRequest, counter: Client, client_as: Callable[[AccessRole], Client]) -> Post:
    """Sends a JSON text as the part `enrolment`, or as the body of a decision."""

    def as_part(text: str) -> Any:
        return counter.call("POST", "/v1/enrolments", files=files({}, enrolment=text.encode()))

    def as_body(text: str) -> Any:
        desk = client_as(AccessRole.ADJUDICATOR)
        return desk.call("POST", DECISION, content=text.encode(), headers=JSON)

    return as_part if request.param == "part" else as_body


HOSTILE: dict[str, Callable[[], str]] = {
    "unknown fields": lambda: json.dumps({f"n{n}": 0 for n in range(MANY)}),
    "wrong exceptions": lambda: json.dumps(enrolment(exceptions=[0] * 400_000)),
    "wrong names": lambda: json.dumps(enrolment(person={"names": [0] * 400_000})),
    "wrong positions": lambda: json.dumps(enrolment(captures={f"n{n}": {} for n in range(MANY)})),
    "wrong people merged": lambda: json.dumps({"decision": "distinct", "reason": "who", "merged": [0] * 400_000}),
    "a field with a name of a megabyte": lambda: json.dumps({"n" * 900_000: 0}),
    "a text of a megabyte": lambda: json.dumps(enrolment(site="n" * 900_000)),
    "a household of a megabyte": lambda: json.dumps(enrolment(household={"id": "n" * 900_000, "role": "head"})),
    "a deep array": lambda: "[" * 900_000,
    "a deep object": lambda: '{"a":' * 150_000,
    "a deep value": lambda: json.dumps(enrolment(site=0)).replace("0", "[" * 300 + "]" * 300, 1),
    "a number of 100,000 digits": lambda: json.dumps(enrolment(site=0)).replace("0", "9" * 100_000, 1),
    "a fraction of 900,000 digits": lambda: json.dumps(enrolment(site=0)).replace("0", "0." + "9" * 900_000, 1),
    "one name 60,000 times": lambda: "{" + ",".join(['"a": 0'] * MANY) + "}",
}


@pytest.mark.parametrize("case", HOSTILE)
def test_what_is_costly_to_read_is_refused_briefly(post: Post, case: str) -> None:
    text = HOSTILE[case]()
    answer = post(text)
    kind = answer.json()["type"].removeprefix("/problems/")
    assert kind in ("malformed", "malformed-json", "malformed-household", "request-too-large"), answer.text[:500]
    assert len(answer.content) < ANSWERED_WITH
    assert len(answer.json()["errors"]) <= MOST_ERRORS


def test_the_first_fields_are_named_and_the_others_counted(post: Post) -> None:
    many = 5000
    body = post(json.dumps({f"n{n}": 0 for n in range(many)})).json()
    assert len(body["errors"]) == MOST_ERRORS
    assert body["errors_left_out"] >= many - MOST_ERRORS
    assert body["detail"].endswith(" more")


def test_few_errors_are_all_named(counter: Client) -> None:
    answer = counter.post_enrolment(enrolment(site="", device="", one=1), {})
    assert_problem(answer, 422, "malformed")
    assert [one["field"] for one in answer.json()["errors"]] == ["enrolment.site", "enrolment.device", "enrolment.one"]
    assert answer.json()["errors_left_out"] == 0
    assert answer.json()["detail"].count("; ") == 2


MEANT_TWICE: dict[str, tuple[str, str, str]] = {
    "a name given twice": ('{"decision": "distinct", "decision": "same_person"}', "malformed", "decision"),
    "NaN": ('{"reason": NaN}', "malformed-json", ""),
    "Infinity": ('{"reason": -Infinity}', "malformed-json", ""),
    "half of a pair in a text": ('{"reason": "\\ud800"}', "malformed-json", ""),
    "half of a pair in a name": ('{"\\ud800": 1}', "malformed-json", ""),
    "a control character": ('{"reason": "a\x00b"}', "malformed-json", ""),
    "not JSON": ('{"reason"', "malformed-json", ""),
}


@pytest.mark.parametrize("case", MEANT_TWICE)
def test_json_without_one_meaning_is_refused_by_name(post: Post, request: Any, case: str) -> None:
    text, kind, name = MEANT_TWICE[case]
    root = "enrolment" if request.node.callspec.params["post"] == "part" else "body"
    field = f"enrolment.{name}" if name and root == "enrolment" else name or root
    assert_problem(post(text), 422, kind, field)


def test_a_field_given_twice_far_inside_is_named_with_its_way(counter: Client) -> None:
    text = json.dumps(enrolment()).replace('"sex": "female"', '"sex": "female", "sex": "male"')
    assert '"male"' in text
    answer = counter.call("POST", "/v1/enrolments", files=files({}, enrolment=text.encode()))
    assert_problem(answer, 422, "malformed", "enrolment.person.sex")


def test_an_escaped_nul_is_a_control_character(counter: Client) -> None:
    answer = counter.post_enrolment(enrolment(site="a\x00b"), {})
    assert_problem(answer, 422, "malformed", "enrolment.site")


def test_a_byte_order_mark_before_json_is_fine(post: Post, client_as: Callable[[AccessRole], Client]) -> None:
    assert_problem(post("\ufeff{}"), 422, "malformed")
    text = "\ufeff" + json.dumps({"decision": "distinct", "reason": "two portraits"})
    answer = client_as(AccessRole.ADJUDICATOR).call("POST", DECISION, content=text.encode(), headers=JSON)
    assert_problem(answer, 404, "no-such-case")


def test_a_decision_that_is_not_utf8_is_refused(client_as: Callable[[AccessRole], Client]) -> None:
    text = json.dumps({"decision": "distinct", "reason": "أمينة"}, ensure_ascii=False).encode("windows-1256")
    answer = client_as(AccessRole.ADJUDICATOR).call("POST", DECISION, content=text, headers=JSON)
    assert_problem(answer, 422, "malformed", "body")


def test_a_body_without_captures_is_not_read_beyond_what_any_decision_takes(
    client_as: Callable[[AccessRole], Client],
) -> None:
    text = json.dumps({"decision": "distinct", "reason": "r" * 100_000}).encode()
    answer = client_as(AccessRole.ADJUDICATOR).call("POST", DECISION, content=text, headers=JSON)
    assert_problem(answer, 413, "request-too-large")


def test_an_error_repeats_little_of_what_was_sent(counter: Client) -> None:
    name = "n" * 1500
    answer = counter.call("POST", "/v1/quality", files=files({name: b"x"}))
    assert_problem(answer, 422, "unknown-position")
    (error,) = answer.json()["errors"]
    assert (len(error["field"]), len(error["detail"])) == (LONGEST_FIELD, LONGEST_SENTENCE)
    assert len(answer.json()["detail"]) <= LONGEST_DETAIL


def test_the_sentence_about_many_fields_counts_all_of_them() -> None:
    for length in (1, 100, 5000):
        errors = [FieldError("f" * length, "wrong", "d" * length)] * MANY
        sentence = str(Malformed(errors))
        named = sentence.count("; ")
        assert sentence.endswith(f"; and {MANY - named:,} more")
        assert len(sentence) <= LONGEST_DETAIL


def test_what_is_shortened_can_be_written() -> None:
    assert shortened("\ud800" * 9, 3) == "??…"
    assert shortened("amina", 5) == "amina"


def test_every_route_that_reads_json_reads_it_strictly() -> None:
    routes = [one for noun in NOUNS for one in noun.router.routes if isinstance(one, APIRoute)]
    reading = [one for one in routes if one.body_field is not None]
    assert "/v1/changes" in {one.path for one in reading}
    assert [one.path for one in reading if not isinstance(one, StrictJsonRoute)] == []

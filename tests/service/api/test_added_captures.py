"""Captures that are added to a person, over HTTP with real captures, on both kinds of database."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.access.domain import AccessRole
from service.access.usecases.tokens import Bounds, create_token
from service.bootstrap import App
from service.tasks.domain.tasks import TaskKind, of_person
from service.tasks.steps.open import open_task
from tests.service.api.counter import AGAIN, FIRST, SECOND, Client, enrolment, files, json_of
from tests.service.api.test_bad_input import assert_problem
from tests.service.made_up import NOW, TESTER

NOBODY = "2930561480"


@pytest.fixture
def amina(counter: Client) -> str:
    number: str = counter.enrol(FIRST, household={"id": str(uuid.uuid4()), "role": "head"})["person_number"]
    return number


def positions(jisr: App, number: str) -> list[str]:
    with jisr.store.storage.read() as uow:
        who = uow.people.by_number(number)
        assert who is not None
        return sorted(one.position for one in uow.templates.of_people([who.key]).get(who.key, ()))


def test_captures_of_the_person_are_theirs_at_once_and_the_task_is_done(
    jisr: App, counter: Client, amina: str, client_as: Callable[[AccessRole], Client]
) -> None:
    with jisr.store.storage.write() as uow:
        who = uow.people.by_number(amina)
        assert who is not None
        open_task(uow, TaskKind.CAPTURES_DUE, of_person(who.key), now=NOW)
        uow.commit()
    answer = counter.add_captures(amina, AGAIN)
    added = answer.json()
    assert (answer.status_code, added["status"], added["case"]) == (202, "enrolled", None), added
    assert added["added_to"] == added["person_number"] == amina
    assert answer.headers["Location"] == f"/v1/enrolments/{added['id']}"
    assert counter.get(answer.headers["Location"]) == added
    assert positions(jisr, amina) == ["face", "face", "right_index", "right_index"]
    (task,) = client_as(AccessRole.SUPERVISOR).get("/v1/tasks")["tasks"]
    assert (task["state"], task["closed"]["outcome"], task["closed"]["by"]) == (
        "done",
        "captures_added",
        "system:worker",
    )
    assert counter.enrol({"face": "obama3.jpg"})["status"] == "in_review"


def test_another_s_captures_make_a_case_which_an_operator_decides(
    jisr: App, counter: Client, desk: Client, amina: str
) -> None:
    moussa = counter.enrol(SECOND)["person_number"]
    added = counter.add_captures(amina, SECOND).json()
    assert (added["status"], added["added_to"], added["person_number"]) == ("in_review", amina, None)
    case = desk.get(f"/v1/cases/{added['case']}")
    assert case["added_to"] == amina
    assert [one["person"]["number"] for one in case["candidates"]] == [moussa, amina]
    assert (case["subject"]["names"], case["subject"]["number"]) == ([], None)
    refused = desk.decide(case["id"], "distinct")
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "decision")
    assert desk.decide(case["id"], "data_error").status_code == 200
    assert counter.get(added["links"]["self"])["status"] == "unusable"
    assert positions(jisr, amina) == positions(jisr, moussa) == ["face", "right_index"]
    with jisr.store.storage.read() as uow:
        jisr.replica.catch_up(uow)
    assert len(jisr.replica.index) == 2


def test_what_an_operator_recognises_becomes_the_person_s(jisr: App, counter: Client, desk: Client, amina: str) -> None:
    added = counter.add_captures(amina, {"right_index": "p2_1.png"}).json()
    case = desk.get(f"/v1/cases/{added['case']}")
    (candidate,) = case["candidates"]
    assert (candidate["person"]["number"], candidate["band"], case["band"]) == (amina, "unique", "review")
    assert desk.decide(case["id"], "same_person", survivor=candidate["person"]["id"]).status_code == 200
    settled = counter.get(added["links"]["self"])
    assert (settled["status"], settled["person_number"], settled["added_to"]) == ("enrolled", amina, amina)
    assert positions(jisr, amina) == ["face", "right_index", "right_index"]


def test_a_repeated_post_is_answered_as_the_first_was_and_other_content_is_a_conflict(
    counter: Client, amina: str
) -> None:
    same = {"id": str(uuid.uuid4())}
    first, second = (counter.add_captures(amina, AGAIN, **same) for _ in range(2))
    assert (first.status_code, first.json()) == (second.status_code, second.json())
    moussa = counter.enrol(SECOND)["person_number"]
    for again in (
        counter.add_captures(amina, SECOND, **same),
        counter.add_captures(amina, AGAIN, **same, site="elsewhere"),
        counter.add_captures(moussa, AGAIN, **same),
        counter.post_enrolment(enrolment(**same), AGAIN),
    ):
        assert_problem(again, 409, "enrolment-differs")


def test_what_cannot_be_taken_is_refused_by_its_field(counter: Client, amina: str) -> None:
    exceptions = [{"position": "left_thumb", "reason": "amputated"}]
    wrong: list[tuple[Any, str]] = [
        (counter.add_captures(amina, {}, exceptions=exceptions), "captures"),
        (counter.add_captures(amina, AGAIN, person={"names": [{"full": "Amina"}]}), "enrolment.person"),
        (counter.add_captures(amina, AGAIN, household={"id": "x", "role": "head"}), "enrolment.household"),
        (counter.add_captures(amina, AGAIN, consent={"given": False}), "enrolment.consent.given"),
        (counter.add_captures(amina, {"face": b"no picture"}), "face"),
        (counter.add_captures(amina, {"nose": AGAIN["face"]}), "nose"),
    ]
    for answer, field in wrong:
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
    for number in (NOBODY, "1", "a\x00b", "9" * 300):
        part = json_of(enrolment(person=None))
        sent = files(AGAIN, enrolment=part)
        path = f"/v1/persons/{number.replace(chr(0), '%00')}/captures"
        assert_problem(counter.call("POST", path, files=sent), 404, "no-such-person")
    assert counter.add_captures(amina, AGAIN, exceptions=exceptions).json()["exceptions"] == exceptions


def test_captures_are_added_to_whom_the_counter_may_see(
    jisr: App, http: TestClient, counter: Client, desk: Client, amina: str
) -> None:
    by: Any = {"actor": TESTER, "storage": jisr.store.storage, "clock": jisr.store.clock}
    other = Client(http, create_token("a", AccessRole.ENROLLER, **by, bounds=Bounds("elsewhere")))
    assert_problem(other.add_captures(amina, AGAIN, site="elsewhere"), 404, "no-such-person")
    own = Client(http, create_token("b", AccessRole.ENROLLER, **by, bounds=Bounds("djibouti-1")))
    assert own.add_captures(amina, AGAIN).json()["status"] == "enrolled"
    assert_problem(own.add_captures(amina, AGAIN, site="elsewhere"), 422, "other-site")
    assert desk.call("POST", f"/v1/persons/{amina}/captures").status_code == 403


def test_captures_are_added_to_no_one_erased(
    counter: Client, amina: str, client_as: Callable[[AccessRole], Client]
) -> None:
    same = {"id": str(uuid.uuid4())}
    assert counter.add_captures(amina, AGAIN, **same).status_code == 202
    officer = client_as(AccessRole.DATA_PROTECTION_OFFICER)
    erased = officer.call("POST", f"/v1/persons/{amina}/erasure", json={"ground": "objected"})
    assert erased.is_success, erased.text
    assert_problem(counter.add_captures(amina, AGAIN), 410, "person-erased")
    assert_problem(counter.add_captures(amina, AGAIN, **same), 410, "enrolment-erased")

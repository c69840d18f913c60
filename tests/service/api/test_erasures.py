"""Erasing people over HTTP: who may, and that nothing that is asked afterwards tells anything."""

import json
from collections.abc import Callable

import pytest

from service.access.domain import AccessRole
from service.bootstrap import App
from service.privacy.usecases.verify import verify_certificate
from tests.service.api.counter import AGAIN, FIRST, SECOND, Client, enrolment, files
from tests.service.api.test_bad_input import assert_problem
from tests.service.made_up import TESTER

WITHDRAWN = {"ground": "consent_withdrawn", "reference": "2026/117"}


@pytest.fixture
def officer(client_as: Callable[[AccessRole], Client]) -> Client:
    return client_as(AccessRole.DATA_PROTECTION_OFFICER)


def test_an_erased_person_is_gone_wherever_they_are_asked_for(
    jisr: App, counter: Client, desk: Client, officer: Client
) -> None:
    home = {"id": "01890000-0000-7000-8000-00000000aaaa", "role": "head"}
    part = enrolment(household=home)
    first = counter.post_enrolment(part, FIRST).json()
    counter.enrol(SECOND, household=home | {"role": "spouse"}, person={"names": [{"full": "Moussa Ali"}]})
    number = first["person_number"]
    answer = officer.call("POST", f"/v1/persons/{number}/erasure", json=WITHDRAWN)
    assert answer.status_code == 200, answer.text
    erased = answer.json()
    assert (erased["number"], erased["ground"], erased["done"]) == (number, "consent_withdrawn", True)
    assert officer.get(f"/v1/persons/{number}/erasure") == erased
    assert officer.call("POST", f"/v1/persons/{number}/erasure", json=WITHDRAWN).json() == erased
    text = json.dumps(erased["certificate"])
    store = jisr.store
    key = erased["certificate"]["public_key"]
    assert verify_certificate(text, actor=TESTER, storage=store.storage, blobs=store.blobs, public_key=key) == []

    for path in (f"/v1/persons/{number}", f"/v1/persons/{number}/accesses"):
        assert_problem(officer.call("GET", path), 410, "person-erased")
    assert_problem(officer.call("GET", f"/v1/enrolments/{first['id']}?wait=1"), 410, "enrolment-erased")
    verified = counter.call("POST", "/v1/verify", files=files({"face": "obama.jpg"}, number=number.encode()))
    assert_problem(verified, 410, "person-erased")
    identified = counter.call("POST", "/v1/identify", files=files({"face": "obama.jpg"})).json()
    assert identified["candidates"] == []
    members = desk.get(f"/v1/households/{first['household_id']}")
    assert [one["role"] for one in members["members"]] == ["spouse"]
    assert [one["kind"] for one in members["tasks"]] == ["head_missing"]
    for sent in (part, part | {"site": "another"}):
        assert_problem(counter.post_enrolment(sent, FIRST, wait=0), 410, "enrolment-erased")
    again = counter.enrol(AGAIN)
    assert (again["status"], again["case"]) == ("enrolled", None)
    assert again["person_number"] != number


def test_only_data_protection_officers_erase_and_state_why(
    counter: Client, desk: Client, officer: Client, client_as: Callable[[AccessRole], Client]
) -> None:
    number = counter.enrol({"right_index": "p2_1.png"})["person_number"]
    path = f"/v1/persons/{number}/erasure"
    for other in (counter, desk, client_as(AccessRole.AUDITOR), client_as(AccessRole.ADMINISTRATOR)):
        assert_problem(other.call("POST", path, json=WITHDRAWN), 403, "forbidden")
    for sent in ({}, {"ground": "because"}, WITHDRAWN | {"reference": "Amina Hassan"}):
        assert_problem(officer.call("POST", path, json=sent), 422, "malformed")
    assert_problem(officer.call("GET", path), 404, "no-such-erasure")
    assert_problem(officer.call("POST", "/v1/persons/2345678901/erasure", json=WITHDRAWN), 404, "no-such-person")
    assert desk.get(f"/v1/persons/{number}")["number"] == number


def test_an_open_case_is_named(counter: Client, officer: Client) -> None:
    first, second = counter.enrol(FIRST), counter.enrol(AGAIN)
    answer = officer.call("POST", f"/v1/persons/{first['person_number']}/erasure", json=WITHDRAWN)
    assert_problem(answer, 409, "case-open")
    assert second["case"] in answer.json()["detail"]

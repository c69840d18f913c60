"""Cases that a search of all records against all others raised, at the operators' desk."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from fastapi.testclient import TestClient

from matcher import Position
from service.adjudication.domain.evidence import Candidate, Hypothesis, Thresholds
from service.adjudication.steps.open_case import open_case
from service.audit.domain.actions import Action
from service.bootstrap import App
from service.deduplication.usecases.search_all import BeginWalk, begin_walk, walk_on
from service.kit.ids import new_uuid
from service.registry.domain.households import Household, Role
from service.registry.domain.identifiers import new_household_ids, new_person_numbers
from tests.matcher.made_up import again
from tests.service.api.counter import AGAIN, FIRST, Client
from tests.service.audit.noted import entries_of
from tests.service.made_up import NOW, TESTER, enrolled, lives, of_extractor

BOTH = (Position.FACE, Position.RIGHT_INDEX)


def walk(jisr: App) -> int:
    """What `jisr gallery duplicates --cases` does; the number of cases opened."""
    store = jisr.store
    begun = begin_walk(BeginWalk({}, opens_cases=True), actor=TESTER, storage=store.storage, clock=store.clock)
    steps = walk_on(
        begun.key,
        actor=TESTER,
        storage=store.storage,
        replica=jisr.replica,
        clock=store.clock,
        policy=jisr.policy,
        batch=2,
    )
    return list(steps)[-1].cases


def legacy(jisr: App, times: int, *, households: bool = False) -> list[str]:
    """One person, registered several times elsewhere; their numbers, each with a household of its own if asked."""
    numbers = new_person_numbers(times, lambda drawn: ())
    keys = enrolled(jisr.store.storage, of_times(jisr, times))
    with jisr.store.storage.write() as uow:
        for key, number in zip(keys, numbers, strict=True):
            uow.people.by_key(key).number = number
            if households:
                home = Household(new_uuid(), NOW, new_household_ids(1, lambda drawn: ())[0])
                uow.households.add(home)
                uow.flush()
                lives(uow, home, key, Role.HEAD)
        uow.commit()
    return numbers


def of_times(jisr: App, times: int) -> Sequence[Any]:
    return [of_extractor(jisr.extractor, again(3, BOTH, time=time)) for time in range(1, times + 1)]


def person(client: Client, number: str) -> Any:
    return client.get(f"/v1/persons/{number}")


def gallery_cases(desk: Client, **others: str) -> list[Any]:
    wanted = "&".join(f"{name}={value}" for name, value in {"origin": "gallery", **others}.items())
    return list(desk.get(f"/v1/cases?{wanted}")["cases"])


def test_a_pair_found_in_the_gallery_comes_to_the_same_queue(
    counter: Client, desk: Client, jisr: App, http: TestClient
) -> None:
    first, second = legacy(jisr, 2)
    counter.enrol(FIRST)
    again = counter.enrol(AGAIN)
    assert walk(jisr) == 1

    of_enrolment, of_gallery = desk.get("/v1/cases?status=open")["cases"]
    assert (of_enrolment["origin"], of_enrolment["enrolment"]) == ("enrolment", again["id"])
    assert (of_gallery["origin"], of_gallery["status"], of_gallery["band"]) == ("gallery", "open", "duplicate")
    assert {of_gallery[name] for name in ("enrolment", "site", "device", "captured_at")} == {None}
    assert of_gallery["captures"] == []
    assert of_gallery["subject"]["number"] == second
    (candidate,) = of_gallery["candidates"]
    assert (candidate["person"]["number"], set(candidate["evidence"])) == (first, {"face", "right_index"})
    assert of_gallery["gallery_size"] == 4

    assert desk.get(f"/v1/cases/{of_gallery['id']}") == of_gallery
    assert gallery_cases(desk) == gallery_cases(desk, status="open") == [of_gallery]
    assert gallery_cases(desk, status="decided") == []
    page = desk.get("/v1/cases?origin=enrolment&limit=1")
    assert page["cases"] == [of_enrolment]
    assert desk.get(page["next"]) == {"cases": [], "next": None}
    figures = http.get("/metrics").text
    assert 'jisr_open_cases{origin="enrolment"} 1.0' in figures
    assert 'jisr_open_cases{origin="gallery"} 1.0' in figures


@pytest.mark.parametrize("remains", ["subject", "candidate"])
def test_either_can_remain_and_the_other_s_number_and_household_lead_there(
    counter: Client, desk: Client, jisr: App, remains: str
) -> None:
    first, second = legacy(jisr, 2, households=True)
    kept, lost = (first, second) if remains == "candidate" else (second, first)
    homes = {number: person(counter, number)["household_id"] for number in (kept, lost)}
    walk(jisr)
    (case,) = gallery_cases(desk)
    ids = {"subject": case["subject"]["id"], "candidate": case["candidates"][0]["person"]["id"]}

    answer = desk.decide(case["id"], "same_person", survivor=ids[remains])
    assert answer.status_code == 200, answer.text
    assert answer.json()["decision"]["survivor"] == ids[remains]
    assert person(counter, kept)["number"] == person(counter, lost)["number"] == kept
    assert person(counter, kept)["aliases"] == [lost]
    assert counter.get(f"/v1/households/{homes[lost]}")["id"] == homes[kept]
    with jisr.store.storage.read() as uow:
        jisr.replica.catch_up(uow)
        survivor = uow.people.by_number(kept)
        assert survivor is not None
        assert len(uow.templates.of_people([survivor.key])[survivor.key]) == 4
    assert len(jisr.replica.index) == 1
    assert walk(jisr) == 0


@pytest.mark.parametrize("decision", ["distinct", "data_error", "insufficient"])
def test_any_other_decision_closes_the_case_and_takes_nothing_from_anybody(
    counter: Client, desk: Client, jisr: App, decision: str
) -> None:
    numbers = legacy(jisr, 2, households=True)
    before = [person(counter, number) for number in numbers]
    walk(jisr)
    (case,) = gallery_cases(desk)
    answer = desk.decide(case["id"], decision)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["status"], answer.json()["decision"]["decision"]) == ("decided", decision)
    assert [person(counter, number) for number in numbers] == before
    assert walk(jisr) == 0
    assert len(jisr.replica.index) == 2
    again = desk.decide(case["id"], "distinct")
    assert (again.status_code, again.json()["type"]) == (409, "/problems/case-closed")


def test_one_person_registered_three_times_ends_as_one(counter: Client, desk: Client, jisr: App) -> None:
    """Three pairs, three cases; what the first two decisions made one, the third need not ask."""
    numbers = legacy(jisr, 3)
    assert walk(jisr) == 3
    last = gallery_cases(desk)[2]
    for number, survivor in ((0, "subject"), (1, "candidate")):
        case = gallery_cases(desk)[number]
        people = {"subject": case["subject"], "candidate": case["candidates"][0]["person"]}
        answer = desk.decide(case["id"], "same_person", survivor=people[survivor]["id"])
        assert answer.status_code == 200, answer.text
    assert len({person(counter, number)["number"] for number in numbers}) == 1
    assert gallery_cases(desk, status="open") == []
    cases = gallery_cases(desk)
    _, second, third = (one["decision"] for one in cases)
    assert third["reason"] == f"one person since case {cases[1]['id']}"
    assert (third["decision"], third["by"], third["survivor"]) == ("same_person", second["by"], second["survivor"])
    noted = {one.target_id: one for one in entries_of(jisr.store.database, Action.CASE_DECIDE)}
    assert noted.keys() == {one["id"] for one in cases}
    entry = noted[cases[2]["id"]]
    assert entry.actor == noted[cases[1]["id"]].actor
    assert json.loads(entry.details) == {
        "settled_by": cases[1]["id"],
        "before": {"status": "open"},
        "after": {"status": "decided", "decision": "same_person"},
    }
    concerned = {last["subject"]["id"], last["candidates"][0]["person"]["id"], third["survivor"]}
    assert {str(one) for one in entry.person_ids} == concerned


def test_the_subject_can_remain_also_when_the_candidate_goes_under_another_name_by_now(
    counter: Client, desk: Client, jisr: App
) -> None:
    numbers = legacy(jisr, 3)
    walk(jisr)
    by_people = {
        (one["candidates"][0]["person"]["number"], one["subject"]["number"]): one for one in gallery_cases(desk)
    }
    first = by_people[numbers[0], numbers[1]]
    desk.decide(first["id"], "same_person", survivor=first["subject"]["id"])
    second = by_people[numbers[0], numbers[2]]
    desk.decide(second["id"], "same_person", survivor=second["subject"]["id"])
    assert {person(counter, number)["number"] for number in numbers} == {numbers[2]}


def test_a_case_of_the_gallery_holds_no_enrolment_back(counter: Client, desk: Client, jisr: App) -> None:
    (other,) = enrolled(jisr.store.storage, [[]])
    first = counter.enrol(FIRST)
    with jisr.store.storage.write() as uow:
        subject = uow.people.by_number(first["person_number"])
        assert subject is not None
        candidate = Candidate(other, 5.5, 5.5, Hypothesis.AS_STATED, {})
        open_case(uow, subject.key, [candidate], thresholds=Thresholds(4, 6), gallery_size=2, now=NOW)
        uow.commit()

    again = counter.enrol(AGAIN)
    case = desk.get(f"/v1/cases/{again['case']}")
    desk.decide(case["id"], "same_person", survivor=case["candidates"][0]["person"]["id"])
    settled = counter.get(again["links"]["self"])
    assert (settled["status"], settled["person_number"]) == ("enrolled", first["person_number"])
    assert len(gallery_cases(desk, status="open")) == 1

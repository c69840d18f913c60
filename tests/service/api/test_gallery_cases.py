"""Cases that a search of everybody against everybody else raised, at the operators' desk."""

from collections.abc import Sequence
from typing import Any

import pytest
from fastapi.testclient import TestClient

from matcher import Position
from service.bootstrap import App
from service.domain.decision import Band, Policy
from service.domain.households import Household, Membership, Role
from service.domain.identifiers import new_household_id, new_person_number, new_uuid
from service.usecases.duplicates import Pair, Step, find_duplicates
from service.usecases.pair_cases import open_cases
from tests.matcher.made_up import again
from tests.service.api.counter import AGAIN, FIRST, Client
from tests.service.registry import NOW, enrolled, of_engine

BOTH = (Position.FACE, Position.RIGHT_INDEX)


def walk(jisr: App) -> int:
    """What `jisr gallery duplicates --cases` does; the number of cases opened."""
    store = jisr.store
    steps = find_duplicates(
        storage=store.storage, engine=jisr.engine, follower=jisr.follower, rules=jisr.rules, batch=2
    )
    return sum(open_cases(step, storage=store.storage, clock=store.clock) for step in steps)


def legacy(jisr: App, times: int, *, households: bool = False) -> list[str]:
    """One person, registered several times elsewhere; their numbers, each with a household of its own if asked."""
    numbers = [new_person_number(lambda number: False, 10) for _ in range(times)]
    keys = enrolled(jisr.store.storage, of_times(jisr, times))
    with jisr.store.storage.write() as uow:
        for key, number in zip(keys, numbers, strict=True):
            uow.people.by_key(key).number = number
            if households:
                home = Household(new_uuid(), NOW, new_household_id(uow.households.registry_id_taken))
                uow.households.add(home)
                uow.flush()
                uow.households.add_membership(Membership(home.key, key, Role.HEAD, NOW))
        uow.commit()
    return numbers


def of_times(jisr: App, times: int) -> Sequence[Any]:
    return [of_engine(jisr.engine, again(3, BOTH, time=time)) for time in range(1, times + 1)]


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
    assert of_gallery["newcomer"]["number"] == second
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


@pytest.mark.parametrize("remains", ["newcomer", "candidate"])
def test_either_can_remain_and_the_other_s_number_and_household_lead_there(
    counter: Client, desk: Client, jisr: App, remains: str
) -> None:
    first, second = legacy(jisr, 2, households=True)
    kept, lost = (first, second) if remains == "candidate" else (second, first)
    homes = {number: person(counter, number)["household_id"] for number in (kept, lost)}
    walk(jisr)
    (case,) = gallery_cases(desk)
    ids = {"newcomer": case["newcomer"]["id"], "candidate": case["candidates"][0]["person"]["id"]}

    answer = desk.decide(case["id"], "same_person", survivor=ids[remains])
    assert answer.status_code == 200, answer.text
    assert answer.json()["decision"]["survivor"] == ids[remains]
    assert person(counter, kept)["number"] == person(counter, lost)["number"] == kept
    assert person(counter, kept)["aliases"] == [lost]
    assert counter.get(f"/v1/households/{homes[lost]}")["id"] == homes[kept]
    with jisr.store.storage.read() as uow:
        jisr.follower.catch_up(uow)
        survivor = uow.people.by_number(kept)
        assert survivor is not None
        assert len(uow.people.templates([survivor.key])[survivor.key]) == 4
    assert len(jisr.engine) == 1
    assert walk(jisr) == 0


@pytest.mark.parametrize("verdict", ["distinct", "data_error", "insufficient"])
def test_any_other_verdict_closes_the_case_and_takes_nothing_from_anybody(
    counter: Client, desk: Client, jisr: App, verdict: str
) -> None:
    numbers = legacy(jisr, 2, households=True)
    before = [person(counter, number) for number in numbers]
    walk(jisr)
    (case,) = gallery_cases(desk)
    answer = desk.decide(case["id"], verdict)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["status"], answer.json()["decision"]["verdict"]) == ("decided", verdict)
    assert [person(counter, number) for number in numbers] == before
    assert walk(jisr) == 0
    assert len(jisr.engine) == 2
    again = desk.decide(case["id"], "distinct")
    assert (again.status_code, again.json()["type"]) == (409, "/problems/case-closed")


def test_one_person_registered_three_times_ends_as_one(counter: Client, desk: Client, jisr: App) -> None:
    """Three pairs, three cases; what the first two decisions made one, the third need not ask."""
    numbers = legacy(jisr, 3)
    assert walk(jisr) == 3
    for number, survivor in ((0, "newcomer"), (1, "candidate")):
        case = gallery_cases(desk)[number]
        people = {"newcomer": case["newcomer"], "candidate": case["candidates"][0]["person"]}
        answer = desk.decide(case["id"], "same_person", survivor=people[survivor]["id"])
        assert answer.status_code == 200, answer.text
    assert len({person(counter, number)["number"] for number in numbers}) == 1
    assert gallery_cases(desk, status="open") == []
    _, second, third = (one["decision"] for one in gallery_cases(desk))
    assert third["reason"] == f"one person since case {gallery_cases(desk)[1]['id']}"
    assert (third["verdict"], third["by"], third["survivor"]) == ("same_person", second["by"], second["survivor"])


def test_the_newcomer_can_remain_also_when_the_candidate_goes_under_another_name_by_now(
    counter: Client, desk: Client, jisr: App
) -> None:
    numbers = legacy(jisr, 3)
    walk(jisr)
    by_people = {
        (one["candidates"][0]["person"]["number"], one["newcomer"]["number"]): one for one in gallery_cases(desk)
    }
    first = by_people[numbers[0], numbers[1]]
    desk.decide(first["id"], "same_person", survivor=first["newcomer"]["id"])
    second = by_people[numbers[0], numbers[2]]
    desk.decide(second["id"], "same_person", survivor=second["newcomer"]["id"])
    assert {person(counter, number)["number"] for number in numbers} == {numbers[2]}


def test_a_case_of_the_gallery_holds_no_enrolment_back(counter: Client, desk: Client, jisr: App) -> None:
    (other,) = enrolled(jisr.store.storage, [[]])
    first = counter.enrol(FIRST)
    with jisr.store.storage.read() as uow:
        newcomer = uow.people.by_number(first["person_number"])
        assert newcomer is not None
    pair = Pair(other, "1", newcomer.key, newcomer.number, Band.REVIEW, 5.5, {})
    step = Step(newcomer.key, 2, [pair], Policy(4, 6), 2, None)
    assert open_cases(step, storage=jisr.store.storage, clock=jisr.store.clock) == 1

    again = counter.enrol(AGAIN)
    case = desk.get(f"/v1/cases/{again['case']}")
    desk.decide(case["id"], "same_person", survivor=case["candidates"][0]["person"]["id"])
    settled = counter.get(again["links"]["self"])
    assert (settled["status"], settled["person_number"]) == ("enrolled", first["person_number"])
    assert len(gallery_cases(desk, status="open")) == 1

"""Facts and consent over the API: every kind goes in and comes out, and a wrong one is named by its field."""

from collections.abc import Callable
from typing import Any

import pytest

from service.access.domain import AccessRole
from service.bootstrap import App
from service.kit.ids import new_uuid
from service.registry.domain.facts import FactKind
from service.registry.usecases.areas import import_areas
from tests.service.api.counter import Client
from tests.service.api.test_bad_input import assert_problem
from tests.service.api.test_changes import Family, order
from tests.service.made_up import TESTER, all_rows
from tests.service.registry.test_areas import LIST


@pytest.fixture
def jisr(app: App) -> App:
    """No worker runs."""
    import_areas(LIST, actor=TESTER, storage=app.store.storage, clock=app.store.clock)
    return app


@pytest.fixture
def team(client_as: Callable[[AccessRole], Client]) -> Client:
    return client_as(AccessRole.SUPERVISOR)


@pytest.fixture
def family(jisr: App) -> Family:
    return Family(jisr)


def facts(other: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Of each kind one as it is sent, and its value as it is shown."""
    unanswered = dict.fromkeys(("hearing", "walking", "remembering", "self_care", "communicating"))
    name = {"script": "Arab", "full": "عائشة", "kind": "given"}
    return [
        ({"kind": "names", "names": [name]}, {"names": [name]}),
        (
            {"kind": "birth", "birth_hijri": "1446-01-01"},
            {"birth_date": "2024-07-07", "birth_hijri": "1446-01-01", "birth_year": None, "birth_estimated": False},
        ),
        ({"kind": "sex", "sex": "female"}, {"sex": "female"}),
        ({"kind": "area", "code": "DJ-AS-1"}, {"code": "DJ-AS-1"}),
        ({"kind": "address", "text": "behind the mosque\nquarter 3"}, {"text": "behind the mosque\nquarter 3"}),
        ({"kind": "phone", "number": "77 83 12 34"}, {"number": "+25377831234"}),
        (
            {"kind": "document", "type": "passport", "number": "a-12345", "issuer": "dji", "valid_until": "2030-01-01"},
            {
                "type": "passport",
                "number": "A12345",
                "issuer": "DJI",
                "valid_from": None,
                "valid_until": "2030-01-01",
            },
        ),
        ({"kind": "language", "code": "som"}, {"code": "som"}),
        ({"kind": "relationship", "type": "child_of", "other": other}, {"type": "child_of", "other": other}),
        (
            {"kind": "disability", "seeing": "cannot_do_at_all"},
            {"seeing": "cannot_do_at_all", **unanswered, "disabled": True},
        ),
        ({"kind": "target_group", "group": "child_in_street_situation"}, {"group": "child_in_street_situation"}),
    ]


def sent_facts(*some: dict[str, Any], **about: str) -> dict[str, Any]:
    return order("facts_recorded", facts=[{"source": "person", **one} for one in some], **about)


def test_every_kind_goes_in_and_comes_out(team: Client, family: Family) -> None:
    head, spouse, _ = family.numbers
    some = facts(spouse)
    made = team.call("POST", "/v1/changes", json=sent_facts(*(one for one, _ in some), person=head)).json()
    read = team.get(f"/v1/persons/{head}/facts")["facts"]
    assert [(one["kind"], one["value"]) for one in read] == [(sent["kind"], value) for sent, value in some]
    assert {one["kind"] for one in read} | {"coordinates"} == set(FactKind)
    assert made["facts_after"] == read
    assert {one["change"] for one in read} == {made["id"]}
    person = team.get(f"/v1/persons/{head}")
    assert (person["names"], person["birth_hijri"], person["sex"]) == (some[0][1]["names"], "1446-01-01", "female")
    (theirs,) = team.get(f"/v1/persons/{spouse}/facts")["facts"]
    assert theirs["value"] == {"type": "parent_of", "other": head}
    undone = team.call("POST", f"/v1/changes/{made['id']}/undo", json={"id": str(new_uuid())})
    assert undone.status_code == 200
    assert team.get(f"/v1/persons/{head}/facts")["facts"] == []
    then = team.get(f"/v1/persons/{head}/facts?known_at={made['recorded_at']}")["facts"]
    assert [one["id"] for one in then] == [one["id"] for one in read]
    assert team.get(f"/v1/persons/{head}")["names"][0]["full"] == "Amina"


def test_the_person_is_told_who_read_and_recorded_facts_and_consent(
    team: Client, family: Family, client_as: Callable[[AccessRole], Client]
) -> None:
    number = family.numbers[0]
    team.call("POST", "/v1/changes", json=sent_facts({"kind": "phone", "number": "21350000"}, household=family.id))
    team.call("POST", "/v1/changes", json=sent_facts({"kind": "phone", "number": "21350000"}, person=number))
    team.get(f"/v1/persons/{number}/facts")
    team.get(f"/v1/households/{family.id}/facts")
    consent = {"id": str(new_uuid()), "purpose": "food", "given": True}
    team.call("POST", f"/v1/persons/{number}/consents", json=consent)
    team.get(f"/v1/persons/{number}/consents")
    team.get(f"/v1/persons/{number}/consents/check?purpose=food")
    told = client_as(AccessRole.AUDITOR).get(f"/v1/persons/{number}/accesses")["accesses"]
    assert [one["action"] for one in told] == [
        "change.make",
        "change.make",
        "facts.read",
        "facts.read",
        "consent.record",
        "consent.read",
        "consent.check",
    ]


def test_a_household_has_a_place_and_phones(team: Client, family: Family) -> None:
    place = {"kind": "coordinates", "latitude": 11.15, "longitude": 42, "accuracy_m": 8}
    sent = sent_facts(place, {"kind": "phone", "number": "21350000"}, household=family.id)
    assert team.call("POST", "/v1/changes", json=sent).status_code == 200
    read = team.get(f"/v1/households/{family.id}/facts")["facts"]
    assert [one["value"] for one in read] == [
        {"latitude": 11.15, "longitude": 42.0, "accuracy_m": 8.0},
        {"number": "+25321350000"},
    ]
    withdrawn = order("facts_withdrawn", household=family.id, facts=[read[0]["id"]])
    made = team.call("POST", "/v1/changes", json=withdrawn).json()
    assert [one["id"] for one in made["facts_before"]] == [read[0]["id"]]
    assert [one["kind"] for one in team.get(f"/v1/households/{family.id}/facts")["facts"]] == ["phone"]
    again = team.call("POST", "/v1/changes", json={**withdrawn, "id": str(new_uuid())})
    assert_problem(again, 409, "fact-gone")
    timeline = team.get(f"/v1/households/{family.id}/timeline")["changes"]
    assert [one["kind"] for one in timeline][-2:] == ["facts_recorded", "facts_withdrawn"]


@pytest.mark.parametrize(
    ("fact", "field"),
    [
        ({"kind": "phone", "number": "12"}, "intention.facts.0.number"),
        ({"kind": "area", "code": "DJ-XX"}, "intention.facts.0.code"),
        ({"kind": "document", "type": "passport", "number": "1", "issuer": "DJI"}, "intention.facts.0.number"),
        ({"kind": "birth"}, "intention.facts.0.birth_date"),
        ({"kind": "relationship", "type": "parent_of", "other": "2345678901"}, "intention"),
        ({"kind": "coordinates", "latitude": 1.0, "longitude": 1.0}, "intention.facts.0"),
    ],
)
def test_a_wrong_fact_is_named_and_nothing_is_kept(
    jisr: App, team: Client, family: Family, fact: dict[str, Any], field: str
) -> None:
    before = all_rows(jisr.store.database)
    answer = team.call("POST", "/v1/changes", json=sent_facts(fact, person=family.numbers[0]))
    kind = "unknown-person" if field == "intention" else "unfit-fact"
    assert_problem(answer, 422, kind, field)
    assert "number" not in fact or len(fact["number"]) < 2 or fact["number"] not in answer.json()["detail"]
    after = all_rows(jisr.store.database)
    assert [name for name in before if before[name] != after[name]] in ([], ["token"])


def test_an_unknown_kind_is_refused_by_its_place(team: Client, family: Family) -> None:
    answer = team.call("POST", "/v1/changes", json=sent_facts({"kind": "income"}, person=family.numbers[0]))
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"].startswith("intention.facts_recorded.facts.0")


def test_consent_is_given_revoked_and_checked(team: Client, family: Family) -> None:
    path = f"/v1/persons/{family.numbers[0]}/consents"
    sent = {"id": str(new_uuid()), "purpose": "food", "programme": "WFP-1", "given": True, "text_version": "2026 fr"}
    given = team.call("POST", path, json=sent)
    assert (given.status_code, given.json()["act"]) == (200, "given")
    assert team.call("POST", path, json=sent).json() == given.json()
    assert team.get(f"{path}/check?purpose=food&programme=WFP-1") == {"allowed": True}
    assert team.get(f"{path}/check?purpose=food") == {"allowed": False}
    assert_problem(team.call("POST", path, json={**sent, "given": False}), 409, "consent-differs")
    team.call("POST", path, json={**sent, "id": str(new_uuid()), "given": False})
    assert team.get(f"{path}/check?purpose=food&programme=WFP-1") == {"allowed": False}
    assert [one["act"] for one in team.get(path)["consents"]] == ["given", "revoked"]
    assert_problem(team.call("POST", path, json={**sent, "purpose": "Food!"}), 422, "malformed", "purpose")

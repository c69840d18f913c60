"""Changing households by intentions, over the API."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from service.access.domain import AccessRole
from service.bootstrap import App
from service.kit.ids import new_uuid
from service.registry.domain.households import Household, HouseholdClaim, Role
from service.registry.domain.identifiers import new_person_numbers
from service.registry.domain.people import Person, PersonStatus
from service.registry.steps.residence import Joining, complete_households, join
from tests.service.api.counter import Client
from tests.service.api.test_bad_input import assert_problem
from tests.service.made_up import AMINA, TESTER, all_rows

TODAY = datetime.now(UTC).date()
BEFORE = TODAY - timedelta(days=300)


@pytest.fixture
def jisr(app: App) -> App:
    """No worker runs."""
    return app


@pytest.fixture
def team(client_as: Callable[[AccessRole], Client]) -> Client:
    return client_as(AccessRole.SUPERVISOR)


class Family:
    """A household of three; `numbers` begin with the head's."""

    def __init__(self, jisr: App) -> None:
        with jisr.store.storage.write() as uow:
            self.numbers = new_person_numbers(3, lambda drawn: ())
            people = [Person(new_uuid(), AMINA, datetime.now(UTC), PersonStatus.ACTIVE, one) for one in self.numbers]
            for one in people:
                uow.people.add(one)
            uow.flush()
            claims = [HouseholdClaim(str(new_uuid()), Role.HEAD)]
            claims += [HouseholdClaim(claims[0].id, role) for role in (Role.SPOUSE, Role.CHILD)]
            joining = [Joining(claim, one, BEFORE) for claim, one in zip(claims, people, strict=True)]
            home: Household = join(uow, joining, datetime.now(UTC), TESTER)[0]
            complete_households(uow, people)
            uow.commit()
        assert home.household_id is not None
        self.id = home.household_id


@pytest.fixture
def family(jisr: App) -> Family:
    return Family(jisr)


def order(kind: str, effective: object = TODAY, **intention: Any) -> dict[str, Any]:
    return {"id": str(new_uuid()), "effective": str(effective), "intention": {"kind": kind, **intention}}


def roles(household: dict[str, Any]) -> dict[str, str]:
    return {one["number"]: one["role"] for one in household["members"]}


def test_a_head_who_dies_is_followed_and_the_change_taken_back(team: Client, family: Family) -> None:
    head, spouse, child = family.numbers
    sent = order("member_removed", household=family.id, person=head, leaving="deceased", new_head=spouse)
    sent |= {"reason": "death", "words": "her daughter came", "document": "death 12/2026"}
    preview = team.call("POST", "/v1/changes/preview", json=sent).json()
    assert roles(team.get(f"/v1/households/{family.id}")) == {head: "head", spouse: "spouse", child: "child"}
    made = team.call("POST", "/v1/changes", json=sent).json()
    assert [one["after"]["members"] for one in made["households"]] == [
        one["after"]["members"] for one in preview["households"]
    ]
    again = team.call("POST", "/v1/changes", json=sent)
    assert (again.status_code, again.json()) == (200, made)
    assert_problem(team.call("POST", "/v1/changes", json=sent | {"words": "another"}), 409, "change-differs")
    now = team.get(f"/v1/households/{family.id}")
    assert (roles(now), now["tasks"]) == ({spouse: "head", child: "child"}, [])
    assert_problem(
        team.call("POST", "/v1/changes", json=order("member_added", household=family.id, person=head, role="parent")),
        409,
        "not-there",
    )
    then = team.get(f"/v1/households/{family.id}?as_of={BEFORE}")
    assert roles(then) == {head: "head", spouse: "spouse", child: "child"}
    known = made["recorded_at"].replace("+00:00", "Z")
    assert roles(team.get(f"/v1/households/{family.id}?as_of={TODAY}&known_at={known}")) == {
        spouse: "head",
        child: "child",
    }
    difference = team.get(f"/v1/households/{family.id}/difference?first={BEFORE}&last={TODAY}")
    assert [one["number"] for one in difference["left"]] == [head]
    assert [(one["role_before"], one["role_after"]) for one in difference["changed"]] == [("spouse", "head")]
    undone = team.call("POST", f"/v1/changes/{made['id']}/undo", json={"id": str(new_uuid())}).json()
    assert (undone["kind"], undone["undoes"]) == ("undone", made["id"])
    assert roles(team.get(f"/v1/households/{family.id}")) == {head: "head", spouse: "spouse", child: "child"}
    twice = team.call("POST", f"/v1/changes/{made['id']}/undo", json={"id": str(new_uuid())})
    assert_problem(twice, 409, "change-stands")
    timeline = team.get(f"/v1/persons/{head}/timeline")["changes"]
    assert [(one["kind"], one["undone"]) for one in timeline] == [
        ("enrolled", False),
        ("member_removed", True),
        ("undone", False),
    ]
    assert timeline[1]["words"] == "her daughter came"


def test_a_split_and_its_way_back_keep_every_id_leading_somewhere(team: Client, family: Family) -> None:
    _, spouse, child = family.numbers
    members = [{"person": spouse, "role": "head"}, {"person": child, "role": "child"}]
    sent = order("split", household=family.id, new_id=str(new_uuid()), members=members)
    made = team.call("POST", "/v1/changes", json=sent).json()
    (new,) = {one["household_id"] for one in made["households"]} - {family.id}
    assert roles(team.get(f"/v1/households/{new}")) == {spouse: "head", child: "child"}
    assert team.get(f"/v1/persons/{child}")["household_id"] == new
    team.call("POST", f"/v1/changes/{made['id']}/undo", json={"id": str(new_uuid())})
    assert team.get(f"/v1/households/{new}")["id"] == family.id
    entries = team.get(f"/v1/households/{family.id}/timeline?limit=4")
    assert len(entries["changes"]) == 4
    assert [one["kind"] for one in team.get(entries["next"])["changes"]] == ["undone"]


def test_a_child_is_born_and_follows_payees(team: Client, family: Family) -> None:
    head, spouse, _ = family.numbers
    birth = order("birth", household=family.id, child={"names": [{"full": "Idil"}], "birth_date": str(BEFORE)})
    made = team.call("POST", "/v1/changes", json=birth).json()
    (number,) = set(roles(made["households"][0]["after"])) - set(family.numbers)
    assert team.get(f"/v1/persons/{number}")["household_role"] == "child"
    payees = order("payees_changed", household=family.id, principal=spouse, alternates=[head])
    team.call("POST", "/v1/changes", json=payees)
    shown = {one["number"]: one["rank"] for one in team.get(f"/v1/households/{family.id}")["payees"]}
    assert shown == {spouse: "principal", head: "alternate"}
    removed = order("member_removed", household=family.id, person=spouse, leaving="left")
    team.call("POST", "/v1/changes", json=removed)
    assert [one["number"] for one in team.get(f"/v1/households/{family.id}")["payees"]] == [head]


@pytest.mark.parametrize(
    ("kind", "changes", "problem"),
    [
        ("member_added", {"role": "child"}, (409, "already-member")),
        ("member_added", {"role": "child", "person": "2345678901"}, (422, "unknown-person")),
        ("member_added", {"role": "child", "household": "M1234567878"}, (422, "unknown-household")),
        ("member_added", {"role": "child", "household": "M1"}, (422, "malformed-household")),
        ("transferred", {"role": "child"}, (409, "already-member")),
        ("reopened", {}, (409, "household-active")),
        ("person_state_changed", {"status": "deceased"}, (409, "already-member")),
    ],
)
def test_what_cannot_be_is_refused_by_name(
    team: Client, family: Family, kind: str, changes: dict[str, Any], problem: tuple[int, str]
) -> None:
    sent: dict[str, Any] = {"household": family.id, "person": family.numbers[2]} | changes
    if kind == "reopened":
        del sent["person"]
    if kind == "person_state_changed":
        del sent["household"]
    assert_problem(team.call("POST", "/v1/changes", json=order(kind, **sent)), *problem)


def test_a_change_is_ordered_once_it_is_so_and_not_before_what_it_ends(team: Client, family: Family) -> None:
    leaves = {"household": family.id, "person": family.numbers[2], "leaving": "left"}
    for day in (TODAY + timedelta(days=3), BEFORE - timedelta(days=1)):
        sent = order("member_removed", day, **leaves)
        assert_problem(team.call("POST", "/v1/changes", json=sent), 422, "not-in-time", "effective")


def test_what_others_build_on_is_taken_back_last(team: Client, family: Family) -> None:
    child = family.numbers[2]
    left = order("member_removed", household=family.id, person=child, leaving="left")
    team.call("POST", "/v1/changes", json=left)
    team.call("POST", "/v1/changes", json=order("dissolved", household=family.id))
    assert team.get(f"/v1/households/{family.id}")["status"] == "dissolved"
    undo = team.call("POST", f"/v1/changes/{left['id']}/undo", json={"id": str(new_uuid())})
    assert_problem(undo, 409, "built-on")


def test_who_dies_is_a_member_nowhere(team: Client, jisr: App, family: Family) -> None:
    other, child = Family(jisr), family.numbers[2]
    team.call("POST", "/v1/changes", json=order("member_added", household=other.id, person=child, role="grandchild"))
    elsewhere = order("member_added", household=other.id, person=child, role="grandchild", resides=False)
    assert team.call("POST", "/v1/changes", json=elsewhere).status_code == 200
    died = order("member_removed", household=family.id, person=child, leaving="deceased")
    team.call("POST", "/v1/changes", json=died)
    for home in (family, other):
        assert child not in roles(team.get(f"/v1/households/{home.id}"))
    team.call("POST", f"/v1/changes/{died['id']}/undo", json={"id": str(new_uuid())})
    for home in (family, other):
        assert child in roles(team.get(f"/v1/households/{home.id}"))


def test_nothing_of_an_order_lies_plainly_on_the_disk(team: Client, jisr: App, family: Family) -> None:
    """Nor its hash, by which a name could be guessed."""
    child = {"names": [{"full": "Hodan Waberi"}], "birth_date": str(BEFORE)}
    birth = order("birth", household=family.id, child=child) | {"words": "at home", "document": "birth 7/2026"}
    team.call("POST", "/v1/changes", json=birth)
    with jisr.store.storage.read() as uow:
        found = uow.history.by_id(UUID(birth["id"]))
        assert found is not None
        secrets = ("Hodan", "at home", "birth 7/2026", found.order_hash)
    rows = str(all_rows(jisr.store.database))
    assert not [one for one in secrets if one is None or one in rows]


def test_a_stay_does_not_come_back_to_who_died_since(team: Client, family: Family) -> None:
    child = family.numbers[2]
    left = order("member_removed", household=family.id, person=child, leaving="left")
    team.call("POST", "/v1/changes", json=left)
    died = order("person_state_changed", person=child, status="deceased")
    team.call("POST", "/v1/changes", json=died)
    back = team.call("POST", f"/v1/changes/{left['id']}/undo", json={"id": str(new_uuid())})
    assert_problem(back, 409, "built-on")
    for one in (died, left):
        undone = team.call("POST", f"/v1/changes/{one['id']}/undo", json={"id": str(new_uuid())})
        assert undone.status_code == 200
    assert child in roles(team.get(f"/v1/households/{family.id}"))

"""Tasks over HTTP, on both kinds of database."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient

from service.access.domain import AccessRole
from service.access.usecases.operators import create_operator, disable_operator
from service.access.usecases.tokens import Bounds, create_token
from service.bootstrap import App
from service.kit.ids import new_uuid
from service.registry.domain.households import Household, Role
from service.registry.domain.identifiers import new_household_ids, new_person_numbers
from service.registry.domain.people import Person, PersonStatus
from service.tasks.domain.tasks import Task, TaskKind, of_household, of_person
from service.tasks.steps.open import open_task
from tests.service.api.counter import Client
from tests.service.api.test_bad_input import assert_problem
from tests.service.made_up import AMINA, NOW, TESTER, lives, sent

CAPTURES_DUE = TaskKind.CAPTURES_DUE
ClientAs = Callable[[AccessRole], Client]


@pytest.fixture
def jisr(app: App) -> App:
    """No worker runs."""
    return app


@pytest.fixture
def team(client_as: ClientAs) -> Client:
    return client_as(AccessRole.SUPERVISOR)


def plant(jisr: App) -> tuple[list[Task], list[Person], str]:
    """Three tasks: of a person here, of one elsewhere, of their household; who they are, and the household's ID."""
    with jisr.store.storage.write() as uow:
        numbers = new_person_numbers(2, lambda drawn: ())
        people = [Person(new_uuid(), AMINA, NOW, PersonStatus.ACTIVE, number) for number in numbers]
        home = Household(None, NOW, new_household_ids(1, lambda drawn: ())[0])
        uow.households.add(home)
        for one in people:
            uow.people.add(one)
        uow.flush()
        for who, site in zip(people, ("here", "there"), strict=True):
            lives(uow, home, who.key, Role.HEAD)
            uow.enrolments.add(sent(person_key=who.key, site=site))
        tasks = [
            open_task(
                uow, TaskKind.CAPTURES_DUE, of_person(people[0].key), now=NOW, due=NOW.date(), details={"age": 5}
            ),
            open_task(uow, TaskKind.TURNING_18, of_person(people[1].key), now=NOW),
            open_task(uow, TaskKind.TWO_HEADS, of_household(home.key, people[1].key), now=NOW),
        ]
        uow.commit()
    assert home.household_id is not None
    return tasks, people, home.household_id


def act(client: Client, task: UUID, what: str, **sent: Any) -> Any:
    return client.call("POST", f"/v1/tasks/{task}/{what}", json=sent)


def test_tasks_are_listed_given_to_somebody_and_closed_once(jisr: App, team: Client) -> None:
    (due, _, heads), people, home = plant(jisr)
    found = team.get("/v1/tasks")["tasks"]
    assert [(one["kind"], one["state"], one["person_number"], one["household_id"]) for one in found] == [
        ("captures_due", "open", people[0].number, None),
        ("turning_18", "open", people[1].number, None),
        ("two_heads", "open", people[1].number, home),
    ]
    assert (found[0]["due"], found[0]["details"], found[0]["closed"]) == ("2026-01-15", {"age": 5}, None)
    assert found[2]["links"] == {
        "self": f"/v1/tasks/{heads.id}",
        "household": f"/v1/households/{home}",
        "person": f"/v1/persons/{people[1].number}",
    }
    assert team.get(f"/v1/tasks/{heads.id}") == found[2]

    given = act(team, due.id, "assign", owner="role:social_worker").json()
    assert (given["state"], given["owner"]) == ("assigned", "role:social_worker")
    closed = act(team, due.id, "close", outcome="captures_added").json()
    assert (closed["state"], closed["closed"]["outcome"], closed["closed"]["words"]) == ("done", "captures_added", None)
    assert closed["closed"]["by"].startswith("token:a supervisor")
    assert_problem(act(team, due.id, "close", outcome="captures_added"), 409, "task-closed")
    assert_problem(act(team, due.id, "assign", owner="role:supervisor"), 409, "task-closed")
    worded = act(team, heads.id, "close", outcome="other", words="they are two families").json()
    assert worded["closed"]["words"] == "they are two families"
    assert act(team, plant(jisr)[0][0].id, "close", outcome="not_needed").json()["state"] == "cancelled"


def test_pages_by_kind_state_owner_and_day(jisr: App, team: Client) -> None:
    (due, adult, heads), *_ = plant(jisr)
    act(team, adult.id, "assign", owner="site:djibouti-1")
    page = team.get("/v1/tasks?limit=2")
    assert [one["id"] for one in (*page["tasks"], *team.get(page["next"])["tasks"])] == [
        str(one.id) for one in (due, adult, heads)
    ]
    for query, found in {
        "kind=two_heads": [heads],
        "state=assigned": [adult],
        "owner=site:djibouti-1&limit=1": [adult],
        "due_before=2026-01-16": [due],
        "due_before=2026-01-15": [],
    }.items():
        assert [one["id"] for one in team.get(f"/v1/tasks?{query}")["tasks"]] == [str(one.id) for one in found], query
    assert_problem(team.call("GET", f"/v1/tasks?after={uuid4()}"), 404, "no-such-task")
    for query in ("kind=none", "due_before=1000", "owner=%00", f"owner={'x' * 201}", "state=closed"):
        assert team.call("GET", f"/v1/tasks?{query}").status_code == 422, query


def test_who_is_bound_to_a_site_has_the_tasks_of_its_people(jisr: App, http: TestClient) -> None:
    (due, adult, heads), people, home = plant(jisr)
    store = jisr.store
    by: Any = {"actor": TESTER, "storage": store.storage, "clock": store.clock}
    here = Client(http, create_token("a", AccessRole.SOCIAL_WORKER, **by, bounds=Bounds("here")))
    found = here.get("/v1/tasks")["tasks"]
    assert [(one["id"], one["person_number"]) for one in found] == [
        (str(due.id), people[0].number),
        (str(heads.id), None),
    ]
    assert found[1]["household_id"] == home
    for answer in (
        here.call("GET", f"/v1/tasks/{adult.id}"),
        act(here, adult.id, "assign", owner="role:supervisor"),
        act(here, adult.id, "close", outcome="stays"),
        here.call("GET", f"/v1/tasks?after={adult.id}"),
    ):
        assert_problem(answer, 404, "no-such-task")
    assert act(here, due.id, "assign", owner="site:here").status_code == 200
    assert_problem(act(here, due.id, "assign", owner="site:there"), 422, "owner-unknown")


def test_who_may_read_and_who_may_close(jisr: App, client_as: ClientAs) -> None:
    (due, *_), *_ = plant(jisr)
    readers = {AccessRole.ENROLLER, AccessRole.SUPERVISOR, AccessRole.SOCIAL_WORKER}
    for role in AccessRole:
        client = client_as(role)
        assert client.call("GET", "/v1/tasks").status_code == (200 if role in readers else 403)
        handles = role in readers - {AccessRole.ENROLLER}
        assert act(client, due.id, "assign", owner="role:supervisor").status_code == (200 if handles else 403)
        assert act(client, due.id, "close", outcome="stays").status_code == (422 if handles else 403)


def test_a_task_is_given_to_whom_there_is_and_who_may_see_to_it(jisr: App, team: Client) -> None:
    (due, *_), *_ = plant(jisr)
    by: Any = {"actor": TESTER, "storage": jisr.store.storage, "clock": jisr.store.clock}
    for name, role in (("Left", "supervisor"), ("Hassan", "auditor"), ("Hawa", "social_worker")):
        create_operator(name, AccessRole(role), None, **by)
    disable_operator("Left", **by)
    others = ("operator:Nobody", "operator:Left", "operator:Hassan", "role:auditor", "role:owner")
    for owner in ("", "Hawa", "operator:", *others, "site:", "town:Hawa", "site:a\x00", "x" * 201):
        refused = act(team, due.id, "assign", owner=owner)
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "owner"), owner
    assert act(team, due.id, "assign", owner="operator:Hawa").status_code == 200


UNFIT: tuple[tuple[str, dict[str, str]], ...] = (
    ("outcome", {"outcome": "stays"}),
    ("outcome", {"outcome": "gone"}),
    ("outcome", {}),
    ("words", {"outcome": "other"}),
    ("words", {"outcome": "other", "words": "ab"}),
    ("words", {"outcome": "other", "words": "x" * 2001}),
    ("words", {"outcome": "other", "words": "a\x00bc"}),
)


def test_an_outcome_that_does_not_fit_is_refused_by_its_field(jisr: App, team: Client) -> None:
    (due, *_), *_ = plant(jisr)
    for field, wrong in UNFIT:
        refused = act(team, due.id, "close", **wrong)
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field), wrong


def test_the_figure_counts_tasks_by_kind(jisr: App, http: TestClient, team: Client) -> None:
    def figures() -> set[str]:
        lines = http.get("/metrics").text.splitlines()
        return {line for line in lines if line.startswith("jisr_open_tasks{") and not line.endswith(" 0.0")}

    assert figures() == set()
    (due, *_), *_ = plant(jisr)
    kinds = ("captures_due", "turning_18", "two_heads")
    assert figures() == {f'jisr_open_tasks{{kind="{kind}"}} 1.0' for kind in kinds}
    act(team, due.id, "close", outcome="not_possible")
    assert figures() == {f'jisr_open_tasks{{kind="{kind}"}} 1.0' for kind in kinds[1:]}

"""`jisr change`, `jisr household` and `jisr person`, on a registry of their own."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from service.bootstrap import open_store
from service.cli import app
from service.kit.ids import new_uuid
from service.registry.domain.households import HouseholdClaim, Role
from service.registry.domain.identifiers import new_person_numbers
from service.registry.domain.people import Demographics, Name, Person
from service.registry.steps.residence import Joining, complete_households, join
from service.settings import Settings
from tests.service.made_up import TESTER

TODAY = datetime.now(UTC).date()
BEFORE = date(2025, 3, 1)
NUMBERS = ["head", "spouse", "child"]


class Desk:
    """One family, and the commands on it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        store = open_store(Settings(home=home))
        with store.storage.write() as uow:
            people = [Person(new_uuid(), _stated(name), datetime.now(UTC)) for name in ("Amina", "Moussa", "Hodan")]
            self.numbers = new_person_numbers(3, lambda numbers: (), 10)
            for one, number in zip(people, self.numbers, strict=True):
                one.activate(number)
                uow.people.add(one)
            uow.flush()
            family = str(new_uuid())
            claims = [HouseholdClaim(family, role) for role in (Role.HEAD, Role.SPOUSE, Role.CHILD)]
            joining = [Joining(claim, one, BEFORE) for claim, one in zip(claims, people, strict=True)]
            join(uow, joining, datetime.now(UTC), TESTER)
            uow.flush()
            complete_households(uow, people)
            self.id = uow.households.by_key(1).household_id or ""
            uow.commit()
        store.database.dispose()

    def __call__(self, *arguments: str) -> Result:
        return CliRunner().invoke(app, arguments, env={"JISR_HOME": str(self.home), "COLUMNS": "200"})

    def read(self, *arguments: str) -> Any:
        done = self(*arguments, "--json")
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    def roles(self, *options: str) -> dict[str, str]:
        return {one["number"]: one["role"] for one in self.read("household", "show", self.id, *options)["members"]}


def _stated(name: str) -> Demographics:
    return Demographics((Name("Latn", name),))


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr("service.kit.logs.set_up", lambda *_: None)
    return Desk(tmp_path / "home")


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., str]:
    def write(effective: object = TODAY, **intention: Any) -> str:
        file = tmp_path / f"{new_uuid()}.json"
        sent = {"id": str(new_uuid()), "effective": str(effective), "intention": intention}
        file.write_text(json.dumps(sent))
        return str(file)

    return write


def test_an_order_is_previewed_carried_out_once_and_taken_back(desk: Desk, written: Callable[..., str]) -> None:
    head, spouse, child = desk.numbers
    before = {head: "head", spouse: "spouse", child: "child"}
    file = written(kind="member_removed", household=desk.id, person=head, leaving="deceased", new_head=spouse)
    preview = desk("change", "order", file, "--dry-run")
    assert (preview.exit_code, "nothing was kept" in preview.stdout) == (0, True), preview.output
    assert f"head: {spouse} Moussa" in preview.stdout
    assert desk.roles() == before
    made = desk.read("change", "order", file)
    assert desk.read("change", "order", file) == made
    assert desk.roles() == {spouse: "head", child: "child"}
    assert desk.roles("--as-of", str(BEFORE)) == before
    shown = desk("household", "difference", desk.id, str(BEFORE), str(TODAY)).stdout
    assert "left" in shown
    assert head in shown
    undone = desk.read("change", "undo", made["id"], "--words", "it was another")
    assert undone["undoes"] == made["id"]
    assert desk.roles() == before
    assert desk.read("change", "show", made["id"])["undone"]


def test_timelines_are_whole_whatever_the_page(
    desk: Desk, written: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    head, spouse, _ = desk.numbers
    for role in ("parent", "spouse", "sibling"):
        file = written(kind="role_changed", household=desk.id, person=spouse, role=role)
        assert desk("change", "order", file).exit_code == 0
    monkeypatch.setattr("service.cli.people.PAGE", 2)
    lines = desk("person", "timeline", spouse, "--json").stdout.splitlines()
    assert [json.loads(line)["kind"] for line in lines] == ["enrolled", *["role_changed"] * 3]
    assert desk("person", "timeline", head).stdout.endswith("1 changes\n")
    assert desk("household", "timeline", desk.id).stdout.endswith("6 changes\n")


def test_a_person_is_shown_with_name_and_household(desk: Desk) -> None:
    shown = desk("person", "show", desk.numbers[2]).stdout
    for part in (desk.numbers[2], "Hodan", f"{desk.id} (child)"):
        assert part in shown
    assert desk.read("person", "show", desk.numbers[2])["names"][0]["full"] == "Hodan"


@pytest.mark.parametrize(
    ("content", "names"),
    [
        ("{", "body"),
        ('{"id": 1, "id": 2}', "id"),
        ('{"id": "x", "effective": "soon", "intention": {"kind": "flown"}}', "intention"),
        ("[]", "body"),
    ],
)
def test_a_file_that_is_no_order_is_refused_by_its_fields(desk: Desk, tmp_path: Path, content: str, names: str) -> None:
    file = tmp_path / "order.json"
    file.write_text(content)
    refused = desk("change", "order", str(file))
    assert (refused.exit_code, names in refused.stderr) == (1, True), refused.output
    assert "Traceback" not in refused.output


def test_what_does_not_fit_is_a_sentence(desk: Desk, written: Callable[..., str]) -> None:
    tomorrow = TODAY + timedelta(days=3)
    for file, part in (
        (written(kind="dissolved", household="M0000000000"), "household"),
        (written(tomorrow, kind="dissolved", household=desk.id), "not before"),
        (written(kind="transferred", person=desk.numbers[0], household=desk.id, role="child"), "lives in this"),
    ):
        refused = desk("change", "order", file)
        assert (refused.exit_code, part in refused.stderr) == (1, True), refused.output
    assert desk("person", "show", "2345678901").exit_code == 1
    assert desk("household", "show", "nothing").exit_code == 1
    assert desk("change", "show", str(new_uuid())).exit_code == 1


def test_facts_are_recorded_by_the_rules_of_the_settings(desk: Desk, written: Callable[..., str]) -> None:
    """Here the region of phones that are written without one."""
    fact = {"kind": "phone", "number": "77 12 34 56", "source": "person"}
    file = written(kind="facts_recorded", person=desk.numbers[0], facts=[fact])
    made = desk.read("change", "order", file)
    assert "+25377123456" in json.dumps(made)

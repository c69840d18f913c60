"""People of another system's table: each once, the wrong rows named, the right ones in. On both kinds of database."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook
from sqlalchemy import Engine, select
from xlsxwriter import Workbook  # type: ignore[import-untyped]

from service.audit.domain.actions import Action
from service.kit.actor import system_actor
from service.kit.errors import Forbidden, MalformedRequest
from service.registry.domain.identifiers import is_household_id, is_person_number
from service.registry.domain.imports import PersonRow
from service.registry.domain.intentions import Dissolve, Order
from service.registry.domain.people import Name
from service.registry.steps.area_file import RowProblem
from service.registry.steps.people_columns import COLUMNS, Language
from service.registry.steps.people_file import Cells, read_people
from service.registry.steps.people_rows import checked
from service.registry.steps.people_template import write_template
from service.registry.storage.people import person
from service.registry.usecases import import_people as use_case
from service.registry.usecases.changes import make_change
from service.registry.usecases.import_people import Imported, ImportOrder, import_people
from service.registry.usecases.look_up import read_household, read_person
from service.registry.usecases.search import PersonQuery, search_people
from service.storage.unit import SqlStorage
from service.tasks.domain.tasks import TaskKind
from tests.service.audit.noted import entries_of
from tests.service.conftest import Noon
from tests.service.made_up import TESTER, TODAY

CLERK = system_actor("clerk", "test")
FAMILY: Sequence[tuple[int, Cells]] = (
    (2, {"person": "p1", "household": "h1", "role": "head", "full_latin": "Hassan Ali", "birth_date": "12/03/1980"}),
    (3, {"person": "p2", "household": "h1", "role": "زوج أو زوجة", "full_arabic": "عائشة", "sex": "féminin"}),
    (4, {"person": "p3", "household": "h1", "role": "enfant", "no_name": "newborn", "birth_year": "2025"}),
    (5, {"person": "p4", "given_latin": "Omar", "family_latin": "Farah"}),
)


def taken(
    storage: SqlStorage, rows: Sequence[tuple[int, Cells]], *, dry_run: bool = False, actor: Any = CLERK
) -> tuple[Imported, list[RowProblem]]:
    problems: list[RowProblem] = []
    done = import_people(
        rows,
        ImportOrder("old-system", dry_run),
        actor=actor,
        storage=storage,
        clock=Noon(),
        number_length=10,
        report=problems.append,
    )
    return done, problems


def numbers(database: Engine) -> list[str]:
    with database.connect() as connection:
        return list(connection.scalars(select(person.c.number).order_by(person.c.key)))


def test_a_family_is_taken_in_once(storage: SqlStorage, database: Engine) -> None:
    assert taken(storage, FAMILY, dry_run=True) == (Imported(4, 0, 0), [])
    assert numbers(database) == []
    assert taken(storage, FAMILY) == (Imported(4, 0, 0), [])
    assert all(map(is_person_number, numbers(database)))
    head = read_person(numbers(database)[0], actor=TESTER, storage=storage)
    assert head.person.demographics.birth_date == date(1980, 3, 12)
    assert head.household is not None
    assert is_household_id(head.household.household_id or "")
    home = read_household(head.household.household_id or "", actor=TESTER, storage=storage)
    assert [stay.role for stay, _ in home.members] == ["head", "spouse", "child"]
    assert home.tasks == []
    alone = read_person(numbers(database)[3], actor=TESTER, storage=storage)
    assert alone.household is None
    found = search_people(PersonQuery(name="Aicha"), actor=TESTER, storage=storage).found
    assert [one.view.person.number for one in found] == [numbers(database)[1]]

    assert taken(storage, FAMILY) == (Imported(0, 4, 0), [])
    first, again = entries_of(database, Action.PEOPLE_IMPORT)
    assert [len(first.person_ids), len(again.person_ids)] == [4, 0]
    assert "Hassan" not in first.line()


def test_a_changed_row_is_reported_and_changes_nothing(storage: SqlStorage, database: Engine) -> None:
    taken(storage, FAMILY)
    line, cells = FAMILY[0]
    done, problems = taken(storage, [(line, {**cells, "full_latin": "Hassan Omar"}), *FAMILY[1:]])
    assert (done, [(one.line, one.column) for one in problems]) == (Imported(0, 3, 1), [(2, "")])
    head = read_person(numbers(database)[0], actor=TESTER, storage=storage)
    assert head.person.demographics.names == (Name("Latn", "Hassan Ali"),)


def test_batches_give_the_same_household_as_one(
    storage: SqlStorage, database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(use_case, "BATCH", 1)
    monkeypatch.setattr(use_case, "LONGEST_BATCH", 1)
    assert taken(storage, FAMILY[2::-1]) == (Imported(3, 0, 0), [])
    views = [read_person(one, actor=TESTER, storage=storage) for one in numbers(database)]
    (name,) = {one.household.household_id for one in views if one.household is not None}
    assert name is not None
    home = read_household(name, actor=TESTER, storage=storage)
    assert (len(home.members), home.tasks) == (3, [])


def test_a_household_without_a_head_has_a_task(storage: SqlStorage, database: Engine) -> None:
    taken(storage, FAMILY[1:2])
    view = read_person(numbers(database)[0], actor=TESTER, storage=storage)
    assert view.household is not None
    home = read_household(view.household.household_id or "", actor=TESTER, storage=storage)
    assert [one.kind for one in home.tasks] == [TaskKind.HEAD_MISSING]


def test_people_join_a_household_that_is_there_unless_it_was_dissolved(storage: SqlStorage, database: Engine) -> None:
    taken(storage, FAMILY)
    view = read_person(numbers(database)[0], actor=TESTER, storage=storage)
    assert view.household is not None
    name = view.household.household_id or ""
    child: Mapping[str, str] = {"person": "p5", "household": name, "role": "child", "full_latin": "Idil"}
    assert taken(storage, [(2, child)]) == (Imported(1, 0, 0), [])
    assert len(read_household(name, actor=TESTER, storage=storage).members) == 4

    order = Order(view.person.id, TODAY, Dissolve(name))
    make_change(order, actor=TESTER, storage=storage, clock=Noon(), number_length=10)
    late = {**child, "person": "p6"}
    unknown = {**late, "household": "M0000000097"}
    double = {**FAMILY[3][1], "person": "p7"}
    done, problems = taken(storage, [(2, late), (3, unknown), (4, double), (5, double)])
    assert done == Imported(1, 0, 3)
    assert {(one.line, one.column) for one in problems} == {(2, "household"), (3, "household"), (5, "person")}


@pytest.mark.parametrize(
    ("change", "column"),
    [
        ({"person": ""}, "person"),
        ({"role": "father"}, "role"),
        ({"role": ""}, "role"),
        ({"household": ""}, "household"),
        ({"household": "M1234567890"}, "household"),
        ({"full_latin": "123"}, "full_latin"),
        ({"full_latin": "a\u202eb"}, "full_latin"),
        ({"full_latin": ""}, "full_latin"),
        ({"no_name": "other"}, "full_latin"),
        ({"sex": "?"}, "sex"),
        ({"birth_date": "31/02/1990"}, "birth_date"),
        ({"birth_date": "2099-01-01"}, "birth_date"),
        ({"birth_date": "", "birth_year": "90"}, "birth_year"),
        ({"birth_year": "1981"}, "birth_year"),
        ({"since": "yesterday"}, "since"),
        ({"": "beyond"}, ""),
    ],
)
def test_what_is_wrong_is_named_by_column_without_repeating_it(change: Mapping[str, str], column: str) -> None:
    cells = {name: text for name, text in {**FAMILY[0][1], **change}.items() if text}
    found = checked(7, cells, TODAY)
    assert isinstance(found, list)
    assert [(one.line, one.column) for one in found] == [(7, column)]
    assert not any(text in one.detail for one in found for text in change.values() if len(text) > 2 and text != "other")


@given(st.dictionaries(st.sampled_from([one.code for one in COLUMNS]), st.text(min_size=1, max_size=30)))
def test_whatever_a_row_holds_is_read_or_its_faults_are_named(cells: Cells) -> None:
    found = checked(2, cells, TODAY)
    assert isinstance(found, PersonRow) or found


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
@pytest.mark.parametrize("language", Language)
def test_a_template_that_is_filled_in_is_read(tmp_path: Path, ending: str, language: Language) -> None:
    path = tmp_path / f"people.{ending}"
    write_template(path, language)
    assert list(read_people(path)) == []
    with pytest.raises(MalformedRequest, match="there already"):
        write_template(path, language)


def test_workbooks_and_text_state_the_same(tmp_path: Path) -> None:
    codes = [one.code for one in COLUMNS]
    labels = [one.label[1] for one in COLUMNS]
    rows = [[cells.get(code, "") for code in codes] for _, cells in FAMILY]
    book = tmp_path / "people.xlsx"
    with Workbook(book) as made:
        sheet = made.add_worksheet()
        for number, row in enumerate([labels, *rows]):
            sheet.write_row(number, 0, row)
        year = codes.index("birth_year")
        sheet.write_number(3, year, 2025)
    assert len(CalamineWorkbook.from_path(book).sheet_names) == 1
    text = tmp_path / "people.csv"
    with text.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file, delimiter=";").writerows([codes, *rows])
    assert list(read_people(book)) == list(read_people(text)) == list(FAMILY)


@pytest.mark.parametrize(
    "content",
    [b"", b"person,age\n", b"person\n", b"person,person,full_latin\n", "full_latin,person\né".encode("latin-1")],
)
def test_what_is_no_table_of_people_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(content)
    with pytest.raises(MalformedRequest):
        list(read_people(path))
    book = tmp_path / "people.xlsx"
    book.write_bytes(content)
    with pytest.raises(MalformedRequest):
        list(read_people(book))


def test_who_is_bound_to_a_site_imports_no_one_and_a_source_is_a_word(storage: SqlStorage) -> None:
    with pytest.raises(Forbidden):
        taken(storage, FAMILY, actor=replace(CLERK, people_of=frozenset({"a"})))
    with pytest.raises(MalformedRequest):
        import_people(
            FAMILY,
            ImportOrder("Old System"),
            actor=CLERK,
            storage=storage,
            clock=Noon(),
            number_length=10,
            report=print,
        )
    with storage.read() as uow:
        assert uow.people.searched_after(0, 1) == []

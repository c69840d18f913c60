"""Areas as a list states them: whole or not at all, closed and never deleted. On both kinds of database."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from service.audit.domain.actions import Action
from service.registry.domain.areas import AreaLevel
from service.registry.ports import AreaQuery
from service.registry.steps.area_file import read_areas
from service.registry.usecases.areas import AreaImport, import_areas, list_areas
from service.storage.unit import SqlStorage
from tests.service.audit.noted import entries_of
from tests.service.conftest import Noon
from tests.service.made_up import TESTER

HEAD = "code,level,parent,name_fr,name_ar,name_en"
LIST = f"""{HEAD}
DJ-AS-1,commune,DJ-AS,Ali Sabieh,,
DJ-AS,region,,Ali Sabieh,علي صبيح,Ali Sabieh
DJ-AS-1-3,locality,DJ-AS-1,"Quartier 3, nord",,
"""


def taken(storage: SqlStorage, text: str, *, dry_run: bool = False) -> AreaImport:
    return import_areas(text, actor=TESTER, storage=storage, clock=Noon(), dry_run=dry_run)


def codes(storage: SqlStorage, *, closed: bool = False) -> list[str]:
    return [one.code for one in list_areas(AreaQuery(closed=closed), actor=TESTER, storage=storage)]


def test_a_list_is_taken_whole_and_again_changes_nothing(storage: SqlStorage, database: Engine) -> None:
    assert taken(storage, LIST, dry_run=True).added == ["DJ-AS", "DJ-AS-1", "DJ-AS-1-3"]
    assert codes(storage) == []
    assert taken(storage, LIST).added == ["DJ-AS", "DJ-AS-1", "DJ-AS-1-3"]
    again = taken(storage, "\ufeff" + LIST.replace("\n", "\r\n"))
    assert (again.added, again.changed, again.closed, again.unchanged) == ([], [], [], 3)
    (kept,) = list_areas(AreaQuery(AreaLevel.LOCALITY, "DJ-AS-1"), actor=TESTER, storage=storage)
    assert (kept.code, kept.names) == ("DJ-AS-1-3", {"fr": "Quartier 3, nord"})
    assert len(entries_of(database, Action.AREAS_IMPORT)) == 2
    assert len(entries_of(database, Action.AREA_LIST)) == 2


def test_what_a_list_lacks_is_closed_and_open_again_once_it_is_back(storage: SqlStorage) -> None:
    taken(storage, LIST)
    shorter = "\n".join(line for line in LIST.splitlines() if "locality" not in line)
    assert taken(storage, shorter).closed == ["DJ-AS-1-3"]
    assert codes(storage) == ["DJ-AS", "DJ-AS-1"]
    (gone,) = [one for one in list_areas(AreaQuery(closed=True), actor=TESTER, storage=storage) if one.closed_on]
    assert (gone.code, gone.closed_on) == ("DJ-AS-1-3", Noon().now().date())
    assert taken(storage, shorter).closed == []
    assert taken(storage, LIST.replace("Quartier 3, nord", "Quartier 3")).changed == ["DJ-AS-1-3"]
    assert codes(storage) == ["DJ-AS", "DJ-AS-1", "DJ-AS-1-3"]


def test_pages_go_on_from_the_last_code(storage: SqlStorage) -> None:
    taken(storage, LIST)
    first = list_areas(AreaQuery(limit=2), actor=TESTER, storage=storage)
    rest = list_areas(AreaQuery(limit=2, after=first[-1].code), actor=TESTER, storage=storage)
    assert [one.code for one in (*first, *rest)] == codes(storage)


@pytest.mark.parametrize(
    ("row", "wrong"),
    [
        ("DJ OB,region,,Obock,,", (3, "code")),
        ("DJ-OB,province,,Obock,,", (3, "level")),
        ("DJ-OB,region,DJ-AS,Obock,,", (3, "parent")),
        ("DJ-OB,commune,,Obock,,", (3, "parent")),
        ("DJ-OB,commune,DJ-TA,Obock,,", (3, "parent")),
        ("DJ-OB,locality,DJ-AS,Obock,,", (3, "parent")),
        ("DJ-OB,region,,,,", (3, "name_fr")),
        ("DJ-OB,region,,Obock,,,", (3, "")),
        ("DJ-OB,region", (3, "")),
        ("DJ-AS,region,,Ali Sabieh,,", (3, "code")),
        (f"DJ-OB,region,,{'O' * 201},,", (3, "name_fr")),
    ],
)
def test_a_wrong_row_is_named_by_line_and_column_and_nothing_is_changed(
    storage: SqlStorage, row: str, wrong: tuple[int, str]
) -> None:
    done = taken(storage, f"{HEAD}\nDJ-AS,region,,Ali Sabieh,,\n{row}\n")
    assert [(one.line, one.column) for one in done.problems] == [wrong]
    assert codes(storage) == []


def test_a_header_that_lacks_columns_and_an_empty_list_are_refused(storage: SqlStorage) -> None:
    taken(storage, LIST)
    assert [one.column for one in taken(storage, "code;level\n").problems] == [
        "parent",
        "name_fr",
        "name_ar",
        "name_en",
    ]
    assert "no areas" in taken(storage, HEAD).problems[0].detail
    assert taken(storage, LIST.replace("DJ-AS-1-3,locality", "DJ-AS,locality")).problems
    assert len(codes(storage)) == 3


def test_a_code_of_another_level_is_refused(storage: SqlStorage) -> None:
    taken(storage, LIST)
    done = taken(storage, f"{HEAD}\nDJ-AS-1,region,,Ali Sabieh,,\n")
    assert [one.column for one in done.problems] == ["level"]
    assert len(codes(storage)) == 3


@settings(max_examples=50, suppress_health_check=list(HealthCheck), deadline=None)
@given(st.text())
def test_whatever_a_file_holds_is_read_or_its_faults_are_named(text: str) -> None:
    found = read_areas(f"{HEAD}\n{text}")
    assert found.problems or found.rows

"""The tables of a walk's pairs."""

import csv
import stat
from pathlib import Path
from typing import Any

import pytest
from arro3.io import read_parquet

from service.adjudication.domain.evidence import Band, Hypothesis, PositionEvidence
from service.deduplication.domain.search import Walk, WalkPair, WalkStatus
from service.deduplication.errors import NoSuchWalk
from service.deduplication.usecases.export_pairs import COLUMNS, export_pairs
from service.kit.errors import MalformedRequest
from service.kit.ids import new_uuid
from service.registry.domain.people import PersonStatus
from service.storage.unit import SqlStorage
from tests.service.made_up import NOW, TESTER, enrolled

EVIDENCE = {"face": PositionEvidence(0.71, 4.64), "right_index": PositionEvidence(0.33, 4.8, "left_index")}
WHOLE = """\
person_key,person_number,other_key,other_number,band,rarity,log10_lr,hypothesis,evidence
1,1000,4,1003,duplicate,8.21,9.44,hands_swapped,face=4.6;right_index@left_index=4.8
3,,4,1003,duplicate,8.21,9.44,hands_swapped,face=4.6;right_index@left_index=4.8
"""


def walked(storage: SqlStorage, status: WalkStatus, *pairs: tuple[int, int]) -> None:
    with storage.write() as uow:
        walk = Walk(new_uuid(), {}, False, TESTER.id, NOW, status, pairs=len(pairs))
        uow.walks.add(walk)
        uow.flush()
        rated = (Band.DUPLICATE, 9.44, 8.21, Hypothesis.HANDS_SWAPPED)
        uow.walks.add_pairs([WalkPair(walk.key, one, other, *rated, EVIDENCE) for one, other in pairs])
        uow.commit()


@pytest.fixture
def filled(storage: SqlStorage) -> SqlStorage:
    """Four people, the third without a number, and two walks, the later one not at its end."""
    enrolled(storage, [[], [], [], []])
    with storage.write() as uow:
        third = uow.people.by_key(3)
        third.status, third.number = PersonStatus.PENDING, None
        uow.commit()
    walked(storage, WalkStatus.FINISHED, (1, 4), (3, 4))
    walked(storage, WalkStatus.RUNNING, (1, 2))
    return storage


def in_parquet(path: Path) -> list[dict[str, Any]]:
    table = read_parquet(path).read_all()
    columns = [table[name].to_pylist() for name in table.column_names]
    return [dict(zip(table.column_names, row, strict=True)) for row in zip(*columns, strict=True)]


def test_the_last_finished_walk_is_written_as_csv_and_nothing_else_is_left(filled: SqlStorage, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    path = tmp_path / "out" / "pairs.csv"
    assert export_pairs(path, actor=TESTER, storage=filled) == 2
    assert path.read_text() == WHOLE
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("name", ["pairs.csv", "pairs.parquet"])
def test_a_table_is_its_owners_alone(filled: SqlStorage, tmp_path: Path, name: str) -> None:
    (tmp_path / f"{name}.part").touch(0o644)  # as a run of before left it
    export_pairs(tmp_path / name, actor=TESTER, storage=filled)
    assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


def test_parquet_has_types_and_all_of_the_evidence(filled: SqlStorage, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    path = tmp_path / "out" / "pairs.parquet"
    assert export_pairs(path, actor=TESTER, storage=filled) == 2
    first, second = in_parquet(path)
    assert tuple(first) == COLUMNS
    assert [first[name] for name in COLUMNS[:-1]] == [1, "1000", 4, "1003", "duplicate", 8.21, 9.44, "hands_swapped"]
    assert first["evidence"] == [
        {"position": "face", "score": 0.71, "log10_lr": 4.64, "found_at": None, "scale": None},
        {"position": "right_index", "score": 0.33, "log10_lr": 4.8, "found_at": "left_index", "scale": None},
    ]
    assert second["person_number"] is None
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_walk_that_found_no_one_leaves_a_table_without_rows(storage: SqlStorage, tmp_path: Path, ending: str) -> None:
    walked(storage, WalkStatus.FINISHED)
    path = tmp_path / f"pairs.{ending}"
    assert export_pairs(path, actor=TESTER, storage=storage) == 0
    if ending == "csv":
        with path.open() as file:
            assert list(csv.reader(file)) == [list(COLUMNS)]
    else:
        table = read_parquet(path).read_all()
        assert (tuple(table.column_names), table.num_rows) == (COLUMNS, 0)


def test_a_file_is_replaced_whole(filled: SqlStorage, tmp_path: Path) -> None:
    path = tmp_path / "pairs.csv"
    path.write_text("before")
    export_pairs(path, actor=TESTER, storage=filled)
    assert path.read_text() == WHOLE


def test_before_a_walk_has_finished_there_is_nothing_to_export(storage: SqlStorage, tmp_path: Path) -> None:
    walked(storage, WalkStatus.RUNNING)
    with pytest.raises(NoSuchWalk):
        export_pairs(tmp_path / "pairs.csv", actor=TESTER, storage=storage)


@pytest.mark.parametrize("name", ["out.xlsx", "out", "out.csv.gz"])
def test_another_ending_is_refused_and_those_there_are_are_named(filled: SqlStorage, tmp_path: Path, name: str) -> None:
    with pytest.raises(MalformedRequest, match=r"none of \.csv, \.parquet"):
        export_pairs(tmp_path / name, actor=TESTER, storage=filled)
    assert not (tmp_path / name).exists()


def test_a_folder_that_is_not_there_is_named(filled: SqlStorage, tmp_path: Path) -> None:
    with pytest.raises(MalformedRequest, match=r"nowhere/out\.csv cannot be written"):
        export_pairs(tmp_path / "nowhere" / "out.csv", actor=TESTER, storage=filled)

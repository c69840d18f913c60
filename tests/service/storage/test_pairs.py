"""The file of a walk, killed anywhere."""

import csv
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from arro3.io import read_parquet

from service.domain.decision import Band, Policy, PositionEvidence
from service.storage.pairs import PairFile, PairFileUnusable
from service.storage.tabular import COLUMNS
from service.usecases.duplicates import Pair, Step

SETTINGS: Mapping[str, object] = {"models": {"face": "f1", "finger": "g1"}, "JISR_FPIR_REVIEW": 0.01, "--cases": False}
BEGAN = datetime(2026, 1, 15, tzinfo=UTC)
LATER = datetime(2026, 1, 16, tzinfo=UTC)
PAST = {"a", "b", "c"}
"""Marks of the database's changes."""


def pair(key: int, other: int, other_number: str | None = "22") -> Pair:
    evidence = {"face": PositionEvidence(0.71, 4.64), "right_index": PositionEvidence(0.33, 4.8)}
    return Pair(key, "11", other, other_number, Band.DUPLICATE, 9.44, evidence)


def step(last_key: int, people: int, pairs: list[Pair], mark: str) -> Step:
    return Step(last_key, people, pairs, Policy(4, 6), 9, mark)


STEPS = [step(4, 3, [pair(1, 8), pair(3, 4)], "a"), step(6, 2, [], "b"), step(9, 3, [pair(7, 9, None)], "c")]
WHOLE = """\
person_key,person_number,other_key,other_number,band,log10_lr,evidence
1,11,8,22,duplicate,9.44,face=4.6;right_index=4.8
3,11,4,22,duplicate,9.44,face=4.6;right_index=4.8
7,11,9,,duplicate,9.44,face=4.6;right_index=4.8
"""


@pytest.fixture(params=["csv", "parquet"])
def path(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    return tmp_path / f"out.{request.param}"


def beside(path: Path, ending: str) -> Path:
    return path.with_name(f"{path.name}.{ending}")


def opened(path: Path, settings: Mapping[str, object] = SETTINGS, now: datetime = LATER) -> PairFile:
    return PairFile(path, settings, is_past=PAST.__contains__, now=now)


def begun_anew(path: Path) -> PairFile:
    return PairFile(path, SETTINGS, is_past=PAST.__contains__, now=LATER, restart=True)


def begin(path: Path, done: int) -> None:
    """The first steps of a walk that is then killed."""
    with opened(path, now=BEGAN) as file:
        for one in STEPS[:done]:
            file.add(one)


def go_on(path: Path) -> None:
    with opened(path) as file:
        for one in STEPS:
            if one.last_key > file.after:
                file.add(one)
        assert (file.after, file.people, file.pairs) == (9, 8, 3)
        file.finish()


def in_parquet(path: Path) -> list[dict[str, Any]]:
    table = read_parquet(path).read_all()
    columns = [table[name].to_pylist() for name in table.column_names]
    return [dict(zip(table.column_names, row, strict=True)) for row in zip(*columns, strict=True)]


def is_whole(path: Path) -> bool:
    """Whether the file holds the three pairs, and lies there alone."""
    if path.suffix == ".csv":
        right = path.read_text() == WHOLE
    else:
        rows = in_parquet(path)
        right = [(row["person_key"], row["other_key"]) for row in rows] == [(1, 8), (3, 4), (7, 9)]
    return right and list(path.parent.iterdir()) == [path]


def test_a_walk_that_is_not_stopped_leaves_its_rows_and_nothing_else(path: Path) -> None:
    go_on(path)
    assert is_whole(path)


def test_parquet_has_types_and_all_of_the_evidence(tmp_path: Path) -> None:
    go_on(tmp_path / "out.parquet")
    first, _, last = in_parquet(tmp_path / "out.parquet")
    assert tuple(first) == COLUMNS
    assert [first[name] for name in COLUMNS[:-1]] == [1, "11", 8, "22", "duplicate", 9.44]
    assert first["evidence"] == [
        {"position": "face", "score": 0.71, "log10_lr": 4.64},
        {"position": "right_index", "score": 0.33, "log10_lr": 4.8},
    ]
    assert last["other_number"] is None


def test_a_walk_that_finds_nobody_leaves_a_table_without_rows(path: Path) -> None:
    with opened(path) as file:
        file.finish()
    if path.suffix == ".csv":
        with path.open() as csv_file:
            assert list(csv.reader(csv_file)) == [list(COLUMNS)]
    else:
        table = read_parquet(path).read_all()
        assert (tuple(table.column_names), table.num_rows) == (COLUMNS, 0)


@pytest.mark.parametrize("done", range(4))
@pytest.mark.parametrize("garbage", ["", '{"person_key": 5, "other', '{"person_key": 5, "other_key": 6}\n'])
def test_a_killed_walk_leaves_the_same_file_in_the_end(path: Path, done: int, garbage: str) -> None:
    begin(path, done)
    with beside(path, "rows").open("a") as file:
        file.write(garbage)  # what a step wrote that was not kept
    with opened(path) as again:
        assert (again.after, again.begun) == ((0, 4, 6, 9)[done], BEGAN)
        assert list(again.named()) == [(1, 8), (3, 4), (7, 9)][: (0, 2, 2, 3)[done]]
    assert not path.exists()
    go_on(path)
    assert is_whole(path)


@pytest.mark.parametrize("kept", ["", '{"person_k'])
def test_a_walk_killed_as_it_began_begins_again(path: Path, kept: str) -> None:
    beside(path, "rows").write_text(kept)
    go_on(path)
    assert is_whole(path)


@pytest.mark.parametrize("left", [("progress", "rows", "part"), ("progress", "rows"), ("rows",)])
def test_a_walk_killed_as_it_ended_is_finished_by_the_next_run(path: Path, left: tuple[str, ...]) -> None:
    begin(path, 3)
    kept = {ending: beside(path, ending).read_bytes() for ending in ("progress", "rows")}
    go_on(path)
    written = path.read_bytes()
    for ending in left:
        beside(path, ending).write_bytes(kept.get(ending, written[:9]))
    if "part" in left:
        path.unlink()
    if "progress" in left:
        go_on(path)
    else:  # all was done but for tidying up
        with pytest.raises(PairFileUnusable, match="finished"):
            opened(path)
        beside(path, "rows").unlink()
    assert is_whole(path)


def test_a_finished_file_is_not_written_over_unless_asked(path: Path) -> None:
    go_on(path)
    with pytest.raises(PairFileUnusable, match="finished; --restart"):
        opened(path)
    assert is_whole(path)
    with begun_anew(path) as file:
        assert (file.after, file.people, file.pairs, list(file.named())) == (0, 0, 0, [])
    go_on(path)
    assert is_whole(path)


def nothing(path: Path) -> None:
    pass


def cut_short(path: Path) -> None:
    rows = beside(path, "rows")
    rows.write_bytes(rows.read_bytes()[:-1])


def lose_rows(path: Path) -> None:
    beside(path, "rows").unlink()


def forget_the_mark(path: Path) -> None:
    progress = beside(path, "progress")
    progress.write_text(progress.read_text().replace('"mark": "b"', '"mark": "of another database"'))


@pytest.mark.parametrize(
    ("spoil", "changed", "reason"),
    [
        (nothing, {"models": {"face": "f2", "finger": "g1"}}, "begun otherwise: models was .* and is .*f2"),
        (nothing, {"JISR_FPIR_REVIEW": 0.02}, "begun otherwise: JISR_FPIR_REVIEW was 0.01 and is 0.02"),
        (nothing, {"--cases": True}, "begun otherwise: --cases was False and is True"),
        (forget_the_mark, {}, "another database"),
        (cut_short, {}, "lost rows"),
        (lose_rows, {}, "lost rows"),
        (lambda path: beside(path, "progress").write_text("{"), {}, "damaged"),
        (lambda path: beside(path, "progress").write_text("{}"), {}, "damaged"),
    ],
)
def test_what_cannot_be_gone_on_with_is_refused_and_left_as_it_is(
    path: Path, spoil: Callable[[Path], object], changed: dict[str, object], reason: str
) -> None:
    begin(path, 2)
    spoil(path)
    before = {one: one.read_bytes() for one in path.parent.iterdir()}
    with pytest.raises(PairFileUnusable, match=f"{reason}.*--restart"):
        opened(path, {**SETTINGS, **changed})
    assert {one: one.read_bytes() for one in path.parent.iterdir()} == before
    begun_anew(path).__exit__()
    go_on(path)
    assert is_whole(path)


def test_a_second_run_is_refused_while_the_first_writes(path: Path) -> None:
    with opened(path) as first:
        first.add(STEPS[0])
        for begin_too in (opened, begun_anew):
            with pytest.raises(PairFileUnusable, match="another run is writing"):
                begin_too(path)
    go_on(path)
    assert is_whole(path)


@pytest.mark.parametrize("name", ["out.xlsx", "out", "out.csv.gz"])
def test_another_ending_is_refused_and_those_there_are_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(PairFileUnusable, match=r"none of \.csv, \.parquet"):
        opened(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(PairFileUnusable, match=r"nowhere/out\.csv cannot be written"):
        opened(tmp_path / "nowhere" / "out.csv")

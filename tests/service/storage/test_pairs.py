"""The file of a walk, killed anywhere."""

from collections.abc import Callable
from pathlib import Path

import pytest

from service.domain.decision import Band, PositionEvidence
from service.storage.pairs import PairFile, PairFileUnusable
from service.usecases.duplicates import Pair, Step

MODELS = {"face": "f1", "finger": "g1"}


def pair(key: int, other: int, other_number: str | None = "22") -> Pair:
    evidence = {"face": PositionEvidence(0.71, 4.64), "right_index": PositionEvidence(0.33, 4.8)}
    return Pair(key, "11", other, other_number, Band.DUPLICATE, 9.44, evidence)


STEPS = [Step(4, 3, [pair(1, 8), pair(3, 4)]), Step(6, 2, []), Step(9, 3, [pair(7, 9, None)])]
WHOLE = """\
person_key,person_number,other_key,other_number,band,log10_lr,evidence
1,11,8,22,duplicate,9.44,face=4.6;right_index=4.8
3,11,4,22,duplicate,9.44,face=4.6;right_index=4.8
7,11,9,,duplicate,9.44,face=4.6;right_index=4.8
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "out.csv"


@pytest.fixture
def progress(tmp_path: Path) -> Path:
    return tmp_path / "out.csv.progress"


def begin(path: Path, done: int) -> None:
    """The first steps of a walk that is then killed."""
    with PairFile(path, MODELS) as file:
        for step in STEPS[:done]:
            file.add(step)


def go_on(path: Path) -> None:
    with PairFile(path, MODELS) as file:
        for step in STEPS:
            if step.last_key > file.after:
                file.add(step)
        assert (file.after, file.people, file.pairs) == (9, 8, 3)
        file.finish()


def test_a_walk_that_is_not_stopped_leaves_its_rows_and_nothing_else(path: Path) -> None:
    go_on(path)
    assert path.read_text() == WHOLE
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("done", range(4))
@pytest.mark.parametrize("garbage", ["", "5,11,6", "5,11,6,22,review,3.00,face=3.0\n"])
def test_a_killed_walk_leaves_the_same_file_in_the_end(path: Path, done: int, garbage: str) -> None:
    begin(path, done)
    with path.open("a") as file:
        file.write(garbage)  # what a step wrote that was not kept
    with PairFile(path, MODELS) as again:
        assert again.after == (0, 4, 6, 9)[done]
        assert list(again.named()) == [(1, 8), (3, 4), (7, 9)][: (0, 2, 2, 3)[done]]
    go_on(path)
    assert path.read_text() == WHOLE


@pytest.mark.parametrize("kept", ["", "person_k"])
def test_a_walk_killed_as_it_began_begins_again(path: Path, kept: str) -> None:
    class PowerCut(Exception):
        pass

    class Cut(PairFile):
        def _write(self, rows: object) -> None:
            self._file.close()
            raise PowerCut

    with pytest.raises(PowerCut):
        Cut(path, MODELS)
    path.write_text(kept)
    go_on(path)
    assert path.read_text() == WHOLE


def test_a_finished_file_is_not_written_over_unless_asked(path: Path) -> None:
    go_on(path)
    with pytest.raises(PairFileUnusable, match="finished; --restart"):
        PairFile(path, MODELS)
    assert path.read_text() == WHOLE
    with PairFile(path, MODELS, restart=True) as file:
        assert (file.after, file.people, file.pairs, list(file.named())) == (0, 0, 0, [])
    go_on(path)
    assert path.read_text() == WHOLE


def cut_short(path: Path) -> None:
    path.write_text(path.read_text()[:-1])


@pytest.mark.parametrize(
    ("spoil", "models", "reason"),
    [
        (lambda path: None, {**MODELS, "face": "f2"}, "other models"),
        (cut_short, MODELS, "lost rows"),
        (Path.unlink, MODELS, "lost rows"),
        (lambda path: path.with_name("out.csv.progress").write_text("{"), MODELS, "damaged"),
        (lambda path: path.with_name("out.csv.progress").write_text("{}"), MODELS, "damaged"),
    ],
)
def test_what_cannot_be_gone_on_with_is_refused_and_left_as_it_is(
    path: Path, progress: Path, spoil: Callable[[Path], object], models: dict[str, str], reason: str
) -> None:
    begin(path, 2)
    spoil(path)
    before = {one: one.read_bytes() for one in path.parent.iterdir()}
    with pytest.raises(PairFileUnusable, match=f"{reason}.*--restart"):
        PairFile(path, models)
    assert {one: one.read_bytes() for one in path.parent.iterdir()} == before
    PairFile(path, models, restart=True).__exit__()
    assert progress.exists()


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(PairFileUnusable, match=r"nowhere/out\.csv cannot be written"):
        PairFile(tmp_path / "nowhere" / "out.csv", MODELS)

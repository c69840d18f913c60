from pathlib import Path

import pytest

from matcher import snapshot
from matcher.errors import GalleryDamaged
from matcher.types import Position, Template
from tests.matcher.made_up import MODELS, person
from tests.matcher.test_packing import assert_identical

PEOPLE: list[tuple[int, list[Template]]] = [
    (5, person(5, [Position.FACE, Position.LEFT_THUMB])),
    (2**40, person(6, [Position.FACE])),
    (0, []),
]
HEADER = snapshot.Header(sequence=17, models=MODELS, people=len(PEOPLE))


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "new" / "gallery.snapshot"
    snapshot.write(path, HEADER, PEOPLE)
    header, people = snapshot.read(path)
    assert header == HEADER
    for (key, templates), (wanted_key, wanted) in zip(people, PEOPLE, strict=True):
        assert key == wanted_key
        for one, other in zip(templates, wanted, strict=True):
            assert_identical(one, other)
    assert list(path.parent.iterdir()) == [path]


def test_a_writer_that_dies_leaves_the_former_snapshot(tmp_path: Path) -> None:
    path = tmp_path / "gallery.snapshot"
    snapshot.write(path, HEADER, PEOPLE)
    before = path.read_bytes()
    with pytest.raises(ZeroDivisionError):
        snapshot.write(path, HEADER, ((1 // 0, []) for _ in range(1)))
    assert path.read_bytes() == before
    snapshot.write(path, HEADER, PEOPLE)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("share", [0, 0.001, 0.02, 0.3, 0.999])
def test_any_damage_is_noticed_before_anyone_is_read(tmp_path: Path, share: float) -> None:
    path = tmp_path / "gallery.snapshot"
    snapshot.write(path, HEADER, PEOPLE)
    whole = path.read_bytes()
    place = int(share * len(whole))
    for damaged in (whole[:place], whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :], whole + b"\0"):
        path.write_bytes(damaged)
        with pytest.raises(GalleryDamaged):
            snapshot.read(path)


def test_no_snapshot_is_no_damage(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        snapshot.read(tmp_path / "gallery.snapshot")

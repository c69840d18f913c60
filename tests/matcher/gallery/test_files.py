import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from matcher.errors import GalleryDamaged
from matcher.gallery import Gallery, Stamp, preselection, store
from matcher.gallery import gallery as module
from matcher.gallery.quantise import pack_faces
from matcher.types import Position
from tests.matcher.gallery.test_gallery import CODERS, mixed_people
from tests.matcher.made_up import CALIBRATIONS, DIMENSIONS, MODELS, again, person

STAMP = Stamp(17, MODELS)


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few people fill segments and blocks."""
    monkeypatch.setattr(store, "SEGMENT_PEOPLE", 8)
    monkeypatch.setattr(preselection, "BLOCK_ROWS", 6)
    monkeypatch.setattr(preselection, "LAYOUT_LEAST", 4)


def gallery(*, mapped: bool = False) -> Gallery:
    return Gallery(DIMENSIONS, CALIBRATIONS, CODERS, threads=2, mapped=mapped)


def filled(*, mapped: bool = False) -> Gallery:
    some = gallery(mapped=mapped)
    some.add_many(mixed_people(30).items())
    for key in (3, 28):
        some.remove(key)
    return some


def assert_alike(one: Gallery, other: Gallery) -> None:
    assert len(one) == len(other)
    for key in (0, 3, 9, 28, 29):
        probe = again(key, [Position.FACE, Position.RIGHT_THUMB])
        assert [(c.key, c.log10_lr) for c in one.search(probe)] == [(c.key, c.log10_lr) for c in other.search(probe)]


@pytest.mark.parametrize("mapped", [False, True])
def test_a_gallery_comes_back_and_lives_on(tmp_path: Path, mapped: bool) -> None:
    first, second = filled(mapped=mapped), gallery(mapped=mapped)
    first.save(tmp_path / "one", STAMP)
    assert second.load(tmp_path / "one", MODELS) == 17
    assert_alike(first, second)
    for some in (first, second):
        some.add(3, person(3, [Position.FACE]))
        some.add(100, person(100, [Position.RIGHT_THUMB]))
        some.remove(29)
    assert_alike(first, second)
    second.save(tmp_path / "two", STAMP)
    third = gallery(mapped=mapped)
    third.load(tmp_path / "two", MODELS)
    assert_alike(second, third)


def test_full_segments_and_blocks_are_written_once(tmp_path: Path) -> None:
    some = filled()
    some.save(tmp_path / "one", STAMP)
    some.add(100, person(100, [Position.FACE]))
    some.save(tmp_path / "two", STAMP)
    linked = {path.name for path in (tmp_path / "two").iterdir() if path.stat().st_nlink > 1}
    assert {f"segment-{number:05}-faces.npy" for number in range(3)} <= linked
    assert "segment-00003-faces.npy" not in linked
    assert any(name.startswith("block") for name in linked)


def test_captures_of_many_removed_people_are_dropped_without_a_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = filled()
    held = {key: pack_faces(mixed_people(30)[key][0].vector[None]).tobytes() for key in range(0, 30, 4)}
    left = (4, 8, 12, 16, 20, 24, 1, 5, 9, 17, 21)  # more than a quarter of each segment; 3 and 28 were removed before
    for key in left:
        some.remove(key)
    assert not some.wants_rebuilding
    monkeypatch.setattr(module, "COMPACT_LEAST", 5)
    some.remove(1000)
    deadline = time.monotonic() + 30
    while (some.rebuilding or some.wants_rebuilding) and time.monotonic() < deadline:
        time.sleep(0.01)
    some.save(tmp_path, STAMP)
    content = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert [key for key, row in held.items() if row in content] == [0]
    assert len(some) == 17


def test_no_one_removed_before_compacting_escapes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their segment becomes full after the full segments and before the open one are compacted."""
    some = gallery()
    some.add_many((key, person(key, [Position.FACE])) for key in range(6))
    some.remove(2)
    compact, filled_up = store.Store.compact, list[int]()

    def fill_up_after(of: store.Store, *arguments: Any) -> None:
        compact(of, *arguments)
        if not filled_up:
            filled_up.append(8)
            some.add_many((key, person(key, [Position.FACE])) for key in range(6, 10))

    monkeypatch.setattr(store.Store, "compact", fill_up_after)
    some.compact()
    some.save(tmp_path, STAMP)
    content = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    rows = [pack_faces(person(key, [Position.FACE])[0].vector[None]).tobytes() for key in (1, 2, 9)]
    assert [row in content for row in rows] == [True, False, True]


@pytest.mark.parametrize("mapped", [False, True])
def test_a_snapshot_is_there_at_every_moment_of_writing_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mapped: bool
) -> None:
    some, folder = filled(mapped=mapped), tmp_path / "one"
    some.save(folder, STAMP)
    found: list[int] = []

    def load_first(whole: Callable[..., Any]) -> Callable[..., Any]:
        def loaded_first(*arguments: Any, **options: Any) -> Any:
            found.append(gallery(mapped=mapped).load(folder, MODELS))
            return whole(*arguments, **options)

        return loaded_first

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", load_first(Path.replace))
        patch.setattr(shutil, "rmtree", load_first(shutil.rmtree))
        some.save(folder, Stamp(18, MODELS))
    assert set(found) == {17, 18}
    assert [path.name for path in tmp_path.iterdir()] == ["one"]
    folder.rename(tmp_path / "one.former")  # as if a writer had died there
    other = gallery(mapped=mapped)
    assert other.load(folder, MODELS) == 18
    other.save(folder, Stamp(19, MODELS))
    assert gallery(mapped=mapped).load(folder, MODELS) == 19
    assert [path.name for path in tmp_path.iterdir()] == ["one"]


@pytest.mark.parametrize("mapped", [False, True])
def test_compacting_leaves_nothing_of_removed_people(tmp_path: Path, mapped: bool) -> None:
    some = filled(mapped=mapped)
    some.save(tmp_path / "one", STAMP)
    kept = [person(key, [Position.FACE]) for key in (0, 26)]
    gone = [mixed_people(30)[key] for key in (3, 28)]  # of a full segment, and of the open one
    held = [pack_faces(one[0].vector[None]).tobytes() for one in (*kept, *gone)]

    def present(folder: Path) -> list[bool]:
        content = b"".join(path.read_bytes() for path in folder.iterdir())
        return [row in content for row in held]

    assert present(tmp_path / "one") == [True, True, True, True]
    some.rebuild()
    some.save(tmp_path / "one", STAMP)
    assert present(tmp_path / "one") == [True, True, True, True]  # too few to be dropped without a request
    some.compact()
    some.save(tmp_path / "one", STAMP)
    assert present(tmp_path / "one") == [True, True, False, False]
    assert len(some) == 28
    again_loaded = gallery(mapped=mapped)
    again_loaded.load(tmp_path / "one", MODELS)
    for each in (some, again_loaded):
        assert_alike(each, filled())
        each.add(28, person(28, [Position.FACE]))
        assert each.search(again(28, [Position.FACE]))[0].key == 28


def test_a_loaded_gallery_links_what_it_read_and_survives_without_the_earlier_folder(tmp_path: Path) -> None:
    filled().save(tmp_path / "one", STAMP)
    some = gallery(mapped=True)
    some.load(tmp_path / "one", MODELS)
    some.save(tmp_path / "two", STAMP)
    assert (tmp_path / "two" / "segment-00000-faces.npy").stat().st_nlink == 2
    for path in (tmp_path / "one").iterdir():
        path.unlink()
    other = gallery()
    other.load(tmp_path / "two", MODELS)
    assert_alike(some, other)


def test_a_writer_that_dies_leaves_the_former_snapshot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    some = filled()
    some.save(tmp_path / "one", STAMP)
    with monkeypatch.context() as patch:
        patch.setattr(np, "savez", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            some.save(tmp_path / "one", Stamp(18, MODELS))
    assert gallery().load(tmp_path / "one", MODELS) == 17
    some.save(tmp_path / "one", Stamp(19, MODELS))
    assert gallery().load(tmp_path / "one", MODELS) == 19
    assert [path.name for path in tmp_path.iterdir()] == ["one"]


def test_any_damage_is_noticed_and_leaves_the_gallery_as_it_was(tmp_path: Path) -> None:
    filled().save(tmp_path, STAMP)
    for path in sorted(tmp_path.iterdir()):
        whole = path.read_bytes()
        at = len(whole) // 2
        for damaged in (whole[:at], whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]):
            path.write_bytes(damaged)
            some = gallery()
            some.add(1, person(1, [Position.FACE]))
            with pytest.raises(GalleryDamaged):
                some.load(tmp_path, MODELS)
            assert len(some) == 1
        path.write_bytes(whole)
    (tmp_path / "alive.npy").unlink()
    with pytest.raises(GalleryDamaged, match="missing"):
        gallery().load(tmp_path, MODELS)


@pytest.mark.parametrize("mapped", [False, True])
def test_what_cannot_be_read_is_damage(tmp_path: Path, mapped: bool) -> None:
    filled().save(tmp_path, STAMP)
    for path in sorted(tmp_path.iterdir()):
        path.rename(tmp_path.with_name("aside"))
        path.mkdir()  # reading a folder fails for every user
        with pytest.raises(GalleryDamaged, match="cannot be read"):
            gallery(mapped=mapped).load(tmp_path, MODELS)
        path.rmdir()
        tmp_path.with_name("aside").rename(path)
    assert gallery(mapped=mapped).load(tmp_path, MODELS) == STAMP.sequence


def test_no_snapshot_is_no_damage_and_other_models_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        gallery().load(tmp_path, MODELS)
    filled().save(tmp_path, STAMP)
    with pytest.raises(GalleryDamaged, match="other-model"):
        gallery().load(tmp_path, {**MODELS, "face": "other-model"})

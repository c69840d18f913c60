"""Snapshots with a seal: the same gallery, of which nothing can be read without it."""

import os
import stat
from pathlib import Path

import numpy as np
import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from matcher.errors import GalleryDamaged
from matcher.gallery import Gallery, Stamp, tidy
from matcher.gallery.quantise import pack_faces, pack_fingers
from matcher.readings import Reading
from matcher.types import Hypothesis, Position
from tests.matcher.gallery.test_files import STAMP, assert_alike, filled, gallery, small_parts
from tests.matcher.gallery.test_gallery import mixed_people
from tests.matcher.made_up import MODELS, again, person

__all__ = ["small_parts"]
BOTH_WAYS = pytest.mark.parametrize("mapped", [False, True])


class Seal:
    """A key of its own for each snapshot."""

    def __init__(self) -> None:
        self._key = AESGCM(os.urandom(32))

    def seal(self, content: bytes) -> bytes:
        return self._key.encrypt(bytes(12), content, None)

    def unseal(self, sealed: bytes) -> bytes | None:
        try:
            return self._key.decrypt(bytes(12), sealed, None)
        except InvalidTag:
            return None


def loaded(folder: Path, seal: Seal, *, mapped: bool = False) -> Gallery:
    some = gallery(mapped=mapped)
    assert some.load(folder, MODELS, seal.unseal) == STAMP.sequence
    return some


def test_a_mapped_sealed_gallery_finds_what_a_plain_one_finds(tmp_path: Path) -> None:
    """One probe or many, with readings, by vectors alone, whole or of one modality."""
    plain, seal = filled(), Seal()
    filled(mapped=True).save(tmp_path, STAMP, seal.seal)
    some = loaded(tmp_path, seal, mapped=True)
    assert not some._store.full[0].records.in_memory
    positions = [Position.FACE, Position.RIGHT_THUMB, Position.LEFT_INDEX]
    probes = [again(key, kinds) for key in range(0, 30, 3) for kinds in (positions, positions[:1], positions[1:])]
    readings = [[Reading(Hypothesis.MIRRORED, None, again(key, positions[1:]))] * 2 for key in range(len(probes))]
    for given, read in ((probes, readings), (probes[:1], readings[:1]), (probes, None), (probes[:1], None)):
        found = some.search_many(given, readings=read)
        assert found == plain.search_many(given, readings=read)
        assert any(found)
    assert some.search_many(probes, among=[], readings=readings) == plain.search_many(
        probes, among=[], readings=readings
    )
    assert some.nearest_many(probes, 5) == plain.nearest_many(probes, 5)
    assert some.preselected_many(probes) == plain.preselected_many(probes)


def content_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.iterdir()))


def vectors(keys: range) -> list[bytes]:
    """As a plain file holds them."""
    people = mixed_people(30)
    templates = [one for key in keys for one in people[key]]
    faces = [pack_faces(one.vector[None]).tobytes() for one in templates if not one.position.is_finger]
    return faces + [pack_fingers(one.vector[None])[0].tobytes() for one in templates if one.position.is_finger]


@BOTH_WAYS
def test_a_sealed_gallery_comes_back_and_lives_on(tmp_path: Path, mapped: bool) -> None:
    first, seals = filled(mapped=mapped), [Seal(), Seal()]
    first.save(tmp_path / "one", STAMP, seals[0].seal)
    second, plain = loaded(tmp_path / "one", seals[0], mapped=mapped), filled()
    for some in (first, second, plain):
        some.add(3, person(3, [Position.FACE]))
        some.add(100, person(100, [Position.RIGHT_THUMB]))
        some.add(9, person(9, [Position.LEFT_RING]))  # opens what was sealed of them
        some.remove(29)
    assert_alike(first, plain)
    assert_alike(second, plain)
    second.save(tmp_path / "two", STAMP, seals[1].seal)
    linked = {path.name for path in (tmp_path / "two").iterdir() if path.stat().st_nlink > 1}
    assert {f"segment-{number:05}-faces.npy" for number in range(3)} <= linked
    third = loaded(tmp_path / "two", seals[1], mapped=mapped)
    assert_alike(third, plain)
    third.rebuild()
    third.compact()
    assert_alike(third, plain)
    assert dict(third.people()).keys() == dict(plain.people()).keys()


@BOTH_WAYS
def test_no_vector_lies_in_a_sealed_snapshot(tmp_path: Path, mapped: bool) -> None:
    some, seal, held = filled(mapped=mapped), Seal(), vectors(range(4, 28))
    some.save(tmp_path / "plain", STAMP)
    assert all(one in content_of(tmp_path / "plain") for one in held)
    some.save(tmp_path / "sealed", STAMP, seal.seal)  # over files that could be linked, but are plain
    content = content_of(tmp_path / "sealed")
    assert not any(one in content for one in held)
    assert b"NUMPY" not in content
    assert b"sequence" not in content
    some.save(tmp_path / "plain again", STAMP)
    assert gallery().load(tmp_path / "plain again", MODELS) == STAMP.sequence


@BOTH_WAYS
def test_any_change_of_a_sealed_snapshot_is_noticed(tmp_path: Path, mapped: bool) -> None:
    seal = Seal()
    filled(mapped=mapped).save(tmp_path, STAMP, seal.seal)
    for number, path in enumerate(sorted(tmp_path.iterdir())):
        whole = path.read_bytes()
        at = len(whole) // 2
        damaged = (whole[:at], whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :], whole + b"\0")
        path.write_bytes(damaged[number % len(damaged)])
        with pytest.raises(GalleryDamaged):
            loaded(tmp_path, seal, mapped=mapped)
        path.write_bytes(whole)
    faces = [tmp_path / f"segment-0000{number}-faces.npy" for number in (0, 1)]
    faces[0].rename(tmp_path / "aside")
    faces[1].rename(faces[0])
    (tmp_path / "aside").rename(faces[1])
    with pytest.raises(GalleryDamaged, match="does not"):
        loaded(tmp_path, seal, mapped=mapped)


def test_a_snapshot_opens_by_its_own_seal_only(tmp_path: Path) -> None:
    seal = Seal()
    filled().save(tmp_path / "plain", STAMP)
    filled().save(tmp_path / "sealed", STAMP, seal.seal)
    with pytest.raises(GalleryDamaged, match="is not sealed"):
        loaded(tmp_path / "plain", seal)
    with pytest.raises(GalleryDamaged, match="its key is gone"):
        loaded(tmp_path / "sealed", Seal())
    with pytest.raises(GalleryDamaged):
        gallery().load(tmp_path / "sealed", MODELS)


def test_what_was_compacted_away_opens_by_no_later_snapshot(tmp_path: Path) -> None:
    some, seals = filled(), [Seal(), Seal()]
    some.save(tmp_path / "one", STAMP, seals[0].seal)
    some.compact()
    some.save(tmp_path / "two", STAMP, seals[1].seal)
    manifest = seals[1].unseal((tmp_path / "two" / "manifest.json").read_bytes())
    earlier = seals[0].unseal((tmp_path / "one" / "manifest.json").read_bytes())
    assert manifest is not None
    assert earlier is not None
    secret = earlier.partition(b'"segment-00000-faces.npy": "')[2][:64]  # of a segment that held a removed person
    assert len(bytes.fromhex(secret.decode())) == 32
    assert secret not in manifest


@pytest.mark.parametrize("stage", ["vectors", "minutiae"])
def test_a_page_that_is_altered_under_a_mapped_gallery_stops_the_search(tmp_path: Path, stage: str) -> None:
    seal = Seal()
    filled(mapped=True).save(tmp_path, STAMP, seal.seal)
    some = loaded(tmp_path, seal, mapped=True)
    probe = again(9, [Position.FACE, Position.RIGHT_THUMB])
    assert some.search(probe)[0].key == 9
    for path in tmp_path.glob("*-minutiae.npy" if stage == "minutiae" else "*-faces.npy"):
        content = np.memmap(path, np.uint8, "r+")
        content[len(content) // 2 :] ^= 1
        content.flush()
    with pytest.raises(GalleryDamaged, match="was altered"):
        some.search(probe)


def test_what_a_writer_left_is_deleted_and_the_snapshot_stays(tmp_path: Path) -> None:
    folder, seal = tmp_path / "one", Seal()
    assert tidy(folder) is None
    filled().save(folder, STAMP, seal.seal)
    manifest = (folder / "manifest.json").read_bytes()
    (tmp_path / "one.unfinished").mkdir()
    (tmp_path / "one.former").mkdir()
    assert tidy(folder) == manifest
    assert [path.name for path in tmp_path.iterdir()] == ["one"]
    folder.rename(tmp_path / "one.former")  # as if a writer had died between two renames
    assert tidy(folder) == manifest
    assert_alike(loaded(folder, seal), filled())


@pytest.mark.parametrize("sealed", [False, True])
def test_files_are_their_owners_alone(tmp_path: Path, sealed: bool) -> None:
    filled().save(tmp_path / "above" / "one", Stamp(1, MODELS), Seal().seal if sealed else None)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "above").rglob("*") if path.is_file()}
    assert modes == {0o600}
    folders = [tmp_path / "above", tmp_path / "above" / "one"]
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in folders} == {0o700}


@BOTH_WAYS
def test_a_gallery_that_is_mapped_from_now_on_or_no_more_writes_its_files_anew(tmp_path: Path, mapped: bool) -> None:
    """Their blocks are as large as they are read."""
    seals = [Seal(), Seal()]
    filled(mapped=not mapped).save(tmp_path / "one", STAMP, seals[0].seal)
    some = loaded(tmp_path / "one", seals[0], mapped=mapped)
    assert some._store.full[0].records.in_memory
    some.save(tmp_path / "two", STAMP, seals[1].seal)
    assert (tmp_path / "two" / "segment-00000-faces.npy").stat().st_nlink == 1
    assert some._store.full[0].records.in_memory != mapped
    other = loaded(tmp_path / "two", seals[1], mapped=mapped)
    assert other._store.full[0].records.in_memory != mapped
    for one in (some, other):
        assert_alike(one, filled())

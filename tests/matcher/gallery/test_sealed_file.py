"""The form of sealed files: what was written opens, and nothing else does."""

import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matcher.errors import GalleryDamaged
from matcher.gallery.sealed_file import MAGIC, TAG, SealedFile

BLOCK = 16
CONTENT = bytes(range(5 * BLOCK + 3))
HERE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def written(path: Path, *pieces: bytes, block: int = BLOCK) -> SealedFile:
    path.unlink(missing_ok=True)
    return SealedFile.write(path, [memoryview(one) for one in pieces], block, checked=True)


def opened(one: SealedFile, path: Path, numbers: list[int]) -> bytes:
    sealed = np.frombuffer(path.read_bytes(), np.uint8)
    one.require_size(len(sealed))
    return one.open_blocks(sealed, np.array(numbers, np.int64)).tobytes()


def parts(path: Path) -> list[bytes]:
    """The sealed blocks of a file."""
    stored = path.read_bytes()[len(MAGIC) :]
    return [stored[at : at + BLOCK + TAG] for at in range(0, len(stored), BLOCK + TAG)]


@HERE
@given(st.lists(st.binary(max_size=50), max_size=5), st.integers(1, 60), st.data())
def test_what_was_written_opens_whole_and_in_blocks(
    tmp_path: Path, pieces: list[bytes], block: int, data: st.DataObject
) -> None:
    one, content = written(tmp_path / "file", *pieces, block=block), b"".join(pieces)
    unchecked = replace(one, sha256="")
    assert (SealedFile.stated(str(one)), SealedFile.stated(str(unchecked))) == (one, unchecked)
    assert one.read(tmp_path / "file").tobytes() == content
    one.check(tmp_path / "file")
    blocks = [content[at : at + block] for at in range(0, len(content), block)]
    assert one.blocks == len(blocks)
    some = data.draw(st.lists(st.integers(0, len(blocks) - 1), max_size=6)) if blocks else []
    found = opened(one, tmp_path / "file", some)
    cut = [found[at * block : at * block + len(blocks[number])] for at, number in enumerate(some)]
    assert cut == [blocks[number] for number in some]


def refused(one: SealedFile, path: Path, content: bytes) -> None:
    path.write_bytes(content)
    for read in (one.read, one.check):
        with pytest.raises(GalleryDamaged):
            read(path)


def test_no_flipped_bit_opens(tmp_path: Path) -> None:
    path = tmp_path / "file"
    one, sealed = written(path, CONTENT), path.read_bytes()
    for at in range(len(sealed)):
        refused(one, path, sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :])
        altered = (at - len(MAGIC)) // (BLOCK + TAG)
        others = [number for number in range(one.blocks) if number != altered]
        assert opened(one, path, others)[:BLOCK] == CONTENT[others[0] * BLOCK :][:BLOCK]
        if altered >= 0:
            with pytest.raises(GalleryDamaged, match=f"block {altered}"):
                opened(one, path, [altered])


CHANGES: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "swapped": lambda blocks: [blocks[1], blocks[0], *blocks[2:]],
    "removed from the middle": lambda blocks: [*blocks[:2], *blocks[3:]],
    "removed from the end": lambda blocks: blocks[:-1],
    "all removed": lambda _: [],
    "repeated in place of another": lambda blocks: [blocks[0], blocks[0], *blocks[2:]],
    "appended": lambda blocks: [*blocks, blocks[0]],
    "cut": lambda blocks: [*blocks[:-1], blocks[-1][:-1]],
    "a byte appended": lambda blocks: [*blocks, b"\0"],
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_no_other_row_of_blocks_opens(tmp_path: Path, change: Callable[[list[bytes]], list[bytes]]) -> None:
    path = tmp_path / "file"
    one = written(path, CONTENT)
    refused(one, path, MAGIC + b"".join(change(parts(path))))


def test_a_file_that_was_cut_does_not_open_by_its_own_key_as_a_shorter_one(tmp_path: Path) -> None:
    """The size is bound into every block."""
    path = tmp_path / "file"
    one = written(path, CONTENT)
    for count in range(one.blocks):
        refused(SealedFile(one.secret, count * BLOCK, BLOCK), path, MAGIC + b"".join(parts(path)[:count] or [b"x"]))


def test_blocks_of_another_file_do_not_open(tmp_path: Path) -> None:
    first, second = written(tmp_path / "1", CONTENT), written(tmp_path / "2", CONTENT)
    assert (tmp_path / "1").read_bytes() != (tmp_path / "2").read_bytes()
    refused(first, tmp_path / "1", (tmp_path / "2").read_bytes())
    written(tmp_path / "3", CONTENT)
    blocks = [*parts(tmp_path / "2")[:-1], parts(tmp_path / "3")[-1]]
    refused(second, tmp_path / "2", MAGIC + b"".join(blocks))


def test_nothing_of_the_content_or_the_key_is_in_the_file_and_it_is_its_owners_alone(tmp_path: Path) -> None:
    one = written(tmp_path / "file", b"Amina" * 100)
    sealed = (tmp_path / "file").read_bytes()
    assert b"Amin" not in sealed
    assert one.secret[:8] not in sealed
    assert one.secret.hex() not in repr(one)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o600

"""Sealed columns against the arrays that they were written from."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from matcher.errors import GalleryDamaged
from matcher.gallery import sealed_rows
from matcher.gallery.saved_array import array_in, pieces_of
from matcher.gallery.sealed_file import SealedFile
from matcher.gallery.sealed_rows import SealedRows, whole_rows

HERE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
SHAPES = [(200, 7), (200,), (0, 7), (1, 3), (200, 700)]


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealed_rows, "SEALED_ROWS", 256)


def column(folder: Path, shape: tuple[int, ...], dtype: type = np.int16) -> tuple[NDArray[Any], SealedRows]:
    rows: NDArray[Any] = np.random.default_rng(1).integers(0, 100, shape).astype(dtype)
    (folder / "rows").unlink(missing_ok=True)
    block = whole_rows(rows)
    file = SealedFile.write(folder / "rows", pieces_of(rows, block), block)
    np.testing.assert_array_equal(array_in(file.read(folder / "rows")), rows)
    return rows, SealedRows.mapped(folder / "rows", file)


@HERE
@given(st.sampled_from(SHAPES), st.sampled_from([np.int16, np.int8, np.uint8]), st.data())
def test_sealed_rows_are_those_of_the_array(
    tmp_path: Path, shape: tuple[int, ...], dtype: type, data: st.DataObject
) -> None:
    rows, sealed = column(tmp_path, shape, dtype)
    for _ in range(2):  # the second time as a part of it
        assert (sealed.shape, sealed.nbytes, sealed.dtype) == (rows.shape, rows.nbytes, rows.dtype)
        np.testing.assert_array_equal(np.asarray(sealed), rows)
        places = st.integers(0, len(rows) - 1)
        some = np.array(data.draw(st.lists(places, max_size=9)) if len(rows) else [], np.int64)
        np.testing.assert_array_equal(sealed[some], rows[some])
        mask = np.isin(np.arange(len(rows)), some)
        np.testing.assert_array_equal(sealed[mask], rows[mask])
        if len(some):
            np.testing.assert_array_equal(sealed[int(some[0])], rows[int(some[0])])
        first = some
        stop = np.minimum(
            first + np.array(data.draw(st.lists(st.integers(0, 90), min_size=9, max_size=9))[: len(some)], int),
            len(rows),
        )
        whole = [rows[begin:end] for begin, end in zip(first, stop, strict=True)]
        np.testing.assert_array_equal(sealed.ranges(first, stop), np.concatenate([rows[:0], *whole]))
        start, end = sorted(data.draw(st.tuples(st.integers(0, len(rows)), st.integers(0, len(rows)))))
        rows, sealed = rows[start:end], sealed[start:end]


def test_only_what_is_asked_for_is_opened_and_what_was_altered_is_not(tmp_path: Path) -> None:
    rows, sealed = column(tmp_path, (200, 7))
    path = tmp_path / "rows"
    at = path.stat().st_size - 20
    with path.open("r+b") as file:  # in the same file, as a disk may lose a bit
        file.seek(at)
        byte = file.read(1)
        file.seek(at)
        file.write(bytes([byte[0] ^ 1]))
    np.testing.assert_array_equal(sealed[np.arange(100)], rows[:100])
    with pytest.raises(GalleryDamaged, match="altered"):
        sealed[np.array([199])]
    with pytest.raises(GalleryDamaged):
        np.asarray(sealed)

"""A column that stays on the disk and stays sealed there. What is asked for is opened, into memory of its own."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Self, overload

import numpy as np
from numpy.typing import DTypeLike, NDArray

from matcher.gallery.mapped import Mapped, expect_random_reads, map_of, mapped, prefetch
from matcher.gallery.saved_array import header_of
from matcher.gallery.sealed_file import MAGIC, SealedFile
from matcher.parameters import SEALED_ROWS

Rows = NDArray[np.int64]


def whole_rows(rows: NDArray[Any] | SealedRows) -> int:
    """Bytes of the rows that are sealed together; the header of such a file is as long."""
    each = rows.dtype.itemsize * math.prod(rows.shape[1:])
    return max(SEALED_ROWS // each, 1) * each


class SealedRows:
    """Rows like those of an array. Slices stay sealed; indexing by arrays opens what is asked for.

    Whatever opens rows raises GalleryDamaged where they were altered on the disk.
    """

    def __init__(self, file: SealedFile, sealed: Mapped) -> None:
        self._file, self._sealed = file, sealed
        self._header, (self._stop, *width), dtype = header_of(file.open_blocks(sealed, np.zeros(1, np.int64)))
        self._width, self.dtype = tuple(width), np.dtype(dtype)
        self._each = self.dtype.itemsize * math.prod(width)
        self._start = 0

    @classmethod
    def mapped(cls, path: Path, file: SealedFile) -> Self:
        """The column in a file. Raises OSError and GalleryDamaged."""
        sealed = mapped(path)
        file.require_size(len(sealed))
        expect_random_reads(sealed)
        return cls(file, sealed)

    def __len__(self) -> int:
        return self._stop - self._start

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self), *self._width)

    @property
    def nbytes(self) -> int:
        return len(self) * self._each

    @overload
    def __getitem__(self, some: slice) -> Self: ...
    @overload
    def __getitem__(self, some: int | NDArray[Any]) -> NDArray[Any]: ...
    def __getitem__(self, some: slice | int | NDArray[Any]) -> Self | NDArray[Any]:
        if isinstance(some, slice):
            return self._narrowed(some)
        if isinstance(some, int):
            row: NDArray[Any] = np.asarray(self[some : some + 1])[0]
            return row
        if some.dtype == np.bool_:  # by number they would take eight times their bytes
            chosen: NDArray[Any] = np.asarray(self)[some]
            return chosen
        return self.ranges(some, some + 1)

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        return self.ranges(np.zeros(1, np.int64), np.array([len(self)])).astype(dtype or self.dtype, copy=False)

    def ranges(self, first: Rows, stop: Rows) -> NDArray[Any]:
        """The rows first[i] to stop[i], for each i, one range after the other."""
        some = stop > first
        begin = self._header + (self._start + first[some]) * self._each
        end = self._header + (self._start + stop[some]) * self._each
        block = self._file.block
        low, high = begin // block, -(-end // block)
        numbers = np.unique(joined(low, high))
        stored = len(MAGIC) + numbers * self._file.stored
        prefetch(map_of(self._sealed), stored, np.minimum(stored + self._file.stored, len(self._sealed)))
        opened = self._file.open_blocks(self._sealed, numbers)
        # Blocks of one range are neighbours in what was opened, so the range is whole there. Rows reach over no end of
        # a block, so all of them lie at multiples of a row's bytes.
        at = (np.searchsorted(numbers, low) * block + begin % block) // self._each
        count = (end - begin) // self._each
        rows = opened[: len(opened) // self._each * self._each].view(self.dtype).reshape(-1, *self._width)
        return rows[at[0] : at[0] + count[0]] if len(at) == 1 else rows[joined(at, at + count)]

    def _narrowed(self, some: slice) -> Self:
        start, stop, step = some.indices(len(self))
        assert step == 1
        narrowed = object.__new__(type(self))
        narrowed.__dict__.update(self.__dict__)
        narrowed._start, narrowed._stop = self._start + start, self._start + max(stop, start)
        return narrowed


def joined(first: Rows, stop: Rows) -> Rows:
    """The numbers first[i] to stop[i] − 1, for each i, one range after the other."""
    counts = stop - first
    before = np.cumsum(counts) - counts
    return np.repeat(first - before, counts) + np.arange(int(counts.sum()))

"""Memory-mapped columns: what many people need is read ahead at once, instead of one page fault after another."""

from __future__ import annotations

import mmap

import numpy as np
from numpy.typing import NDArray

from matcher.gallery.records import Records


def expect_random_reads(content: NDArray[np.uint8]) -> None:
    """Make a page fault read the one page it needs, not thirty more behind it. content: a whole memory-mapped file."""
    _map_of(content).madvise(mmap.MADV_RANDOM)


def prefetch_vectors(records: Records, people: NDArray[np.int64], *, faces: bool, fingers: bool) -> None:
    """Ask the system for the vectors of these people (rows of `records`); it reads them in parallel.

    Does nothing for vectors that are in memory.
    """
    if not isinstance(records.faces, np.memmap):
        return
    first, stop = people, people + 1
    face_rows = records.faces_before[first], records.faces_before[stop]
    if faces:
        _prefetch(records.faces, *face_rows)
    if fingers:
        _prefetch(records.fingers, records.first[first] - face_rows[0], records.first[stop] - face_rows[1])


def prefetch_minutiae(records: Records, fingers: NDArray[np.int64]) -> None:
    """The same for the minutiae of these fingers (rows of `records.fingers`)."""
    if isinstance(records.minutiae, np.memmap):
        _prefetch(records.minutiae, records.minutiae_first[fingers], records.minutiae_first[fingers + 1])


def prefetch_all(*columns: NDArray[np.generic]) -> None:
    """Ask for all rows of these columns, before everyone is read in order. Does nothing for columns in memory."""
    for rows in columns:
        if isinstance(rows, np.memmap) and len(rows):
            _prefetch(rows, np.array([0]), np.array([len(rows)]))


def _prefetch(rows: NDArray[np.generic], first: NDArray[np.int64], stop: NDArray[np.int64]) -> None:
    """Ask for the rows first[i] to stop[i], for each i."""
    file = _map_of(rows)
    start = rows.__array_interface__["data"][0] - np.frombuffer(file, np.uint8).__array_interface__["data"][0]
    step = rows.strides[0]
    some = stop > first
    begin = (start + first[some] * step) // mmap.PAGESIZE
    end = (start + stop[some] * step - 1) // mmap.PAGESIZE
    for page, last in sorted(set(zip(begin.tolist(), end.tolist(), strict=True))):
        file.madvise(mmap.MADV_WILLNEED, page * mmap.PAGESIZE, (last + 1 - page) * mmap.PAGESIZE)


def _map_of(rows: NDArray[np.generic]) -> mmap.mmap:
    file = getattr(rows, "_mmap", None)
    assert isinstance(file, mmap.mmap)
    return file

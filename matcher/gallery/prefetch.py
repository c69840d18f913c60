"""Memory-mapped columns that are plain: what many people need is read ahead at once. Sealed ones do so themselves."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from matcher.gallery.mapped import map_of, prefetch
from matcher.gallery.records import Column, Records


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


def prefetch_all(*columns: Column) -> None:
    """Ask for all rows of these columns, before everyone is read in order. Does nothing for columns in memory."""
    for rows in columns:
        if isinstance(rows, np.memmap) and len(rows):
            _prefetch(rows, np.array([0]), np.array([len(rows)]))


def _prefetch(rows: Column, first: NDArray[np.int64], stop: NDArray[np.int64]) -> None:
    """Ask for the rows first[i] to stop[i], for each i."""
    assert isinstance(rows, np.memmap)
    file = map_of(rows)
    start = rows.__array_interface__["data"][0] - np.frombuffer(file, np.uint8).__array_interface__["data"][0]
    step = rows.strides[0]
    some = stop > first
    prefetch(file, start + first[some] * step, start + stop[some] * step)

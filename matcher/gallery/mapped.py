"""Memory-mapped files: what many people need is read ahead at once, instead of one page fault after another."""

from __future__ import annotations

import mmap
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Mapped = np.memmap[Any, np.dtype[np.uint8]]


def mapped(path: Path) -> Mapped:
    """A whole file. Raises OSError."""
    return np.memmap(path, np.uint8, "r")


def expect_random_reads(content: Mapped) -> None:
    """Make a page fault read the one page it needs, not thirty more behind it. content: a whole file."""
    map_of(content).madvise(mmap.MADV_RANDOM)


def prefetch(file: mmap.mmap, begin: NDArray[np.int64], end: NDArray[np.int64]) -> None:
    """Ask the system for the bytes begin[i] to end[i], for each i; it reads them in parallel."""
    pages = zip((begin // mmap.PAGESIZE).tolist(), ((end - 1) // mmap.PAGESIZE).tolist(), strict=True)
    for first, last in sorted(set(pages)):
        file.madvise(mmap.MADV_WILLNEED, first * mmap.PAGESIZE, (last + 1 - first) * mmap.PAGESIZE)


def map_of(rows: NDArray[np.generic]) -> mmap.mmap:
    """What a mapped array, or a view of it, reads from."""
    file = getattr(rows, "_mmap", None)
    assert isinstance(file, mmap.mmap)
    return file

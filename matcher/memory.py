"""How much memory captures may take at the same time, and giving it back to the system.

A capture's share is counted in pixels and known from its header, before anything is decoded.
"""

import ctypes
import math
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from matcher.errors import MatcherBusy
from matcher.parameters import STRIP_PIXELS, TRIM_FROM

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8
"""Names of glibc's malloc.h."""
ARENAS = 2
LARGE = 32 << 20
"""Bytes from which a block is returned to the system as soon as it is freed; smaller ones with the next `trim`. With
1 MB instead a portrait of 12 Mpx took 1.2 s of the system's time, to map and clear the networks' blocks again."""
KEPT = 256 << 20
"""Bytes at the end of the heap from which they are returned without a `trim`."""


class PixelBudget:
    """Pixels that may be worked on at the same time, given out in the order of asking. Any thread may call.

    What is larger than the whole gets through alone.
    """

    def __init__(self, pixels: int) -> None:
        self._whole = self._free = pixels
        self._lock = threading.Lock()
        self._waiting: deque[tuple[int, threading.Event]] = deque()

    @contextmanager
    def share(self, pixels: int, seconds: float | None = None) -> Iterator[None]:
        """Hold so many pixels within the block. Must not be nested: two threads would wait for each other.

        seconds: the longest wait, None for any. Raises MatcherBusy if others hold too many for so long.
        """
        held = min(pixels, self._whole)
        self._take(held, seconds)
        try:
            yield
        finally:
            with self._lock:
                self._free += held
                self._give_out()
            if held >= TRIM_FROM:
                trim()

    def _take(self, pixels: int, seconds: float | None) -> None:
        turn = threading.Event()
        asked = pixels, turn
        with self._lock:
            self._waiting.append(asked)
            self._give_out()
        if not turn.wait(seconds):
            with self._lock:
                if turn.is_set():  # given in the last moment
                    return
                self._waiting.remove(asked)
                self._give_out()  # those behind may ask for less
            raise MatcherBusy("other captures are being worked on; try again in a moment")

    def _give_out(self) -> None:
        while self._waiting and self._waiting[0][0] <= self._free:
            pixels, turn = self._waiting.popleft()
            self._free -= pixels
            turn.set()


def strips(height: int, width: int, multiple: int = 1) -> Iterator[slice]:
    """Rows of a picture in parts of about STRIP_PIXELS, each but the last a multiple of so many rows."""
    rows = math.ceil(max(1, STRIP_PIXELS // width) / multiple) * multiple
    for top in range(0, height, rows):
        yield slice(top, min(top + rows, height))


def claim_memory() -> None:
    """Let freed memory return to the system, in all of this process. Does nothing where malloc is not glibc's."""
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt") and hasattr(libc, "malloc_trim"):
        for option, value in ((M_ARENA_MAX, ARENAS), (M_MMAP_THRESHOLD, LARGE), (M_TRIM_THRESHOLD, KEPT)):
            libc.mallopt(option, value)


def trim() -> None:
    """Return to the system what malloc keeps of freed blocks."""
    libc = ctypes.CDLL(None)
    if hasattr(libc, "malloc_trim"):
        libc.malloc_trim(0)

"""The interface of an index that is measured beside ours, and its measurement."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from benchmarks.exact_scan import TOP
from benchmarks.timing import percentiles, timed
from matcher.types import Vector

Ids = NDArray[np.int64]


class Peer(Protocol):
    """An index of rows 0, 1, 2 … in the order they were added."""

    @property
    def efforts(self) -> Sequence[int]:
        """Settings to try, cheapest first; the first that finds as many mates as our search is taken."""

    def add(self, rows: Vector) -> None: ...
    def finish(self) -> None:
        """Train and build whatever needs all rows."""

    def search(self, rows: Vector, count: int, effort: int) -> Ids:
        """The ids (q, count) of the largest inner products."""


def measured_peer(
    peer: Peer,
    rows: Vector,
    judge: Callable[[Callable[[Vector], Ids]], Mapping[str, float]],
    wanted: float,
    singles: int,
) -> dict[str, Any]:
    """A peer's times and recall at the cheapest effort that finds `wanted` of the whole probes, or at its greatest.

    rows: whole probes (q, d). judge: recall by kind of probe, of a search for TOP.
    """
    for effort in peer.efforts:
        recall = judge(partial(_search, peer, effort))
        if recall["whole"] >= wanted:
            break
    seconds = [timed(peer.search, row[None], TOP, effort) for row in rows[:singles]]
    return {
        "effort": effort,
        **percentiles("single_ms", seconds),
        "batch_ms": timed(peer.search, rows[:256], TOP, effort) / len(rows[:256]) * 1e3,
        "found_of_exact": recall,
    }


def _search(peer: Peer, effort: int, rows: Vector) -> Ids:
    return peer.search(rows, TOP, effort)

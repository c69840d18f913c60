"""A print as a graph: each minutia with its nearest neighbours, described relative to it.

Everything is measured from the minutia itself, so a rotation or shift of the print changes nothing. Training and
recognition both build their input here.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matcher.parameters import VECTOR_NEIGHBOURS

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Graph:
    """n minutiae of one print, or of many prints one after the other, each with k = VECTOR_NEIGHBOURS neighbours.

    quality: float32 (n,), 0 to 1.
    neighbours: int64 (n, k), rows of this graph, in any order; the minutia itself if the print has too few.
    edges: float32 (n, k, 6): distance in hundreds of pixels; cosine and sine of the bearing, seen from the minutia's
        direction; cosine and sine of the angle from its direction to the neighbour's; 1, or 0 if there is none.
    """

    quality: Floats
    neighbours: NDArray[np.int64]
    edges: Floats


def neighbour_graph(
    x: Floats, y: Floats, direction: Floats, quality: Floats, filled: NDArray[np.bool_] | None = None
) -> Graph:
    """The graph of b prints, given as (b, slots) arrays in the units of `Minutiae`; only `filled` slots count."""
    if filled is None:
        filled = np.ones(x.shape, np.bool_)
    print_of, slot = np.nonzero(filled)
    order, near, there = _nearest(x, y, filled)
    order, near, there = order[print_of, slot], near[print_of, slot], there[print_of, slot]
    row = (np.cumsum(filled).reshape(filled.shape) - 1)[print_of[:, None], order]
    own_cos, own_sin = np.cos(direction[filled])[:, None], np.sin(direction[filled])[:, None]
    across = (x[filled][row] - x[filled][:, None]) / np.maximum(near, 1e-3)
    down = (y[filled][row] - y[filled][:, None]) / np.maximum(near, 1e-3)
    other_cos, other_sin = own_cos[row, 0], own_sin[row, 0]
    edges = np.stack(
        [
            near / 100,
            across * own_cos + down * own_sin,
            down * own_cos - across * own_sin,
            other_cos * own_cos + other_sin * own_sin,
            other_sin * own_cos - other_cos * own_sin,
            np.ones_like(near),
        ],
        axis=-1,
    )
    return Graph(quality[filled].astype(np.float32), row, (edges * there[..., None]).astype(np.float32))


def _nearest(x: Floats, y: Floats, filled: NDArray[np.bool_]) -> tuple[NDArray[np.int64], Floats, NDArray[np.bool_]]:
    """Slots of the k nearest others, their distances, and whether they exist: each (b, slots, k)."""
    slots = x.shape[1]
    k = VECTOR_NEIGHBOURS
    square = (x[:, :, None] - x[:, None]) ** 2 + (y[:, :, None] - y[:, None]) ** 2
    square = np.where(filled[:, None, :], square, np.inf)
    square[:, np.arange(slots), np.arange(slots)] = np.inf
    if slots <= k:
        square = np.pad(square, ((0, 0), (0, 0), (0, k + 1 - slots)), constant_values=np.inf)
    order = np.argpartition(square, k, axis=2)[:, :, :k]
    square = np.take_along_axis(square, order, 2)
    there = np.isfinite(square)
    order = np.where(there, order, np.arange(slots)[None, :, None])
    return order, np.sqrt(np.where(there, square, 0)).astype(np.float32), there

"""Searches of one finger by its vector alone, among synthetic fingers of other people."""

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from matcher.finger.vector import FingerVector
from matcher.parameters import MINUTIA_QUALITY
from matcher.types import Minutiae, Vector
from scripts.synthetic_minutiae import draw_masters, draw_prints

BLOCK = 256  # fingers drawn at once
PRESELECTED = 200
FIGURES: dict[str, Callable[[NDArray[np.int64]], NDArray[np.bool_]]] = {
    f"found_in_{PRESELECTED}": lambda ahead: ahead < PRESELECTED,
    "found_first": lambda ahead: ahead == 0,
}


@dataclass(frozen=True, slots=True, eq=False)
class Searches:
    """The mated searches of a set. finger: int64 (n,), the probe's.

    ahead: int64 (n,), synthetic fingers whose cosine with the probe is at least the mate's.
    """

    ahead: NDArray[np.int64]
    finger: NDArray[np.int64]


def non_mated_vectors(count: int, seed: int = 1) -> Vector:
    """Vectors float32 (count, d) of that many synthetic fingers, one impression each, on all cores."""
    embed = FingerVector()
    sizes = [min(BLOCK, count - start) for start in range(0, count, BLOCK)]
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        blocks = pool.map(lambda block: _block(embed, block[1], [seed, block[0]]), enumerate(sizes))
        return np.concatenate(list(track(blocks, "synthetic fingers", total=len(sizes))))


def _block(embed: FingerVector, count: int, seed: Sequence[int]) -> Vector:
    rng = np.random.default_rng(seed)
    prints = draw_prints(draw_masters(count, rng), rng)
    vectors = np.zeros((count, embed.dimension), np.float32)
    for row, kept in enumerate(prints.quality >= MINUTIA_QUALITY):
        if kept.any():  # a print without minutiae keeps a vector of zeros
            x, y, direction, quality = (getattr(prints, name)[row, kept] for name in ("x", "y", "direction", "quality"))
            vectors[row] = embed(Minutiae(x, y, direction, quality, np.zeros(len(x), np.bool_)))
    return vectors


def searches(vectors: Vector, has: NDArray[np.bool_], finger: NDArray[np.int64], others: Vector) -> Searches:
    """Every print of a set searches for every other print of its finger.

    has: bool (n,), which prints have a vector; the rest find nothing and are never found.
    others: float32 (m, d), of synthetic fingers.
    """
    probe, mate = np.nonzero((finger[:, None] == finger) & ~np.eye(len(finger), dtype=bool))
    cosines = np.sort(vectors @ others.T, axis=1)
    mated = (vectors @ vectors.T)[probe, mate]
    at = [np.searchsorted(cosines[row], cosine) for row, cosine in zip(probe, mated, strict=True)]
    ahead = np.where(has[probe] & has[mate], len(others) - np.array(at), len(others))
    return Searches(ahead, finger[probe])


def found(sets: Mapping[str, Searches], replicates: int, seed: int = 1) -> tuple[dict[str, Any], dict[str, Any]]:
    """Shares of searches by set, and their means over the sets of one series (FVC2002 of FVC2002_DB1_B).

    Each with its 95 % interval over bootstrapped fingers as `<figure>_ci95`.
    """
    groups: dict[str, list[str]] = {}
    for name in sets:
        groups.setdefault(name.partition("_")[0], []).append(name)
    by_set: dict[str, Any] = {name: {} for name in sets}
    by_group: dict[str, Any] = {name: {} for name in groups}
    for figure, counts in FIGURES.items():
        shares = {
            name: _shares(counts(one.ahead), one.finger, replicates, np.random.default_rng([seed, at]))
            for at, (name, one) in enumerate(sets.items())
        }
        for name, values in shares.items():
            by_set[name] |= _with_interval(figure, values)
        for group, names in groups.items():
            by_group[group] |= _with_interval(figure, np.mean([shares[name] for name in names], axis=0))
    return by_set, by_group


def _shares(
    hit: NDArray[np.bool_], finger: NDArray[np.int64], replicates: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """The share of hits, then that of each replicate: (1 + replicates,). Fingers with no mated pair are not drawn."""
    _, finger = np.unique(finger, return_inverse=True)
    hits, all_ = np.bincount(finger, hit), np.bincount(finger)
    drawn = rng.multinomial(len(all_), np.full(len(all_), 1 / len(all_)), size=replicates)
    weights = np.concatenate([np.ones((1, len(all_)), np.int64), drawn])
    shares: NDArray[np.float64] = (weights @ hits) / (weights @ all_)
    return shares


def _with_interval(figure: str, values: NDArray[np.float64]) -> dict[str, Any]:
    interval = [float(v) for v in np.percentile(values[1:], [2.5, 97.5])] if len(values) > 1 else []
    return {figure: float(values[0]), f"{figure}_ci95": interval}

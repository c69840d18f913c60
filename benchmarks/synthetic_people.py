"""Synthetic people whom real probes can be searched among: their scores with real captures are much as real people's.

Fingers are synthetic prints of a pool, with the vectors that our network gives them; people share the pool. Faces are
drawn from a Gaussian with the mean and covariance of real ones. (`made_up_people` draws vectors that resemble only each
other; it is for made-up probes.)
"""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from rich.console import Console
from rich.progress import track

from benchmarks.made_up_people import packed_people
from matcher.finger.vector import FingerVector
from matcher.gallery.quantise import pack_minutiae
from matcher.gallery.records import Records
from matcher.types import FINGERS, Minutiae, Position, Vector
from scripts.synthetic_minutiae import draw_masters, draw_prints

BLOCK = 4096
CONSOLE = Console(stderr=True)


def synthetic_people(
    count: int,
    faces: Vector,
    rng: np.random.Generator,
    *,
    pool: int,
    fingers: Sequence[Position] = FINGERS,
    first_key: int = 0,
    enrolled: Vector | None = None,
) -> Iterator[Records]:
    """`count` people with a face and these fingers each, as a gallery keeps them, block by block; shows its progress.

    faces: float32 (n, d), real ones to imitate. pool: different prints. enrolled: float32 (m, d), real faces that the
    first m people have in place of drawn ones.
    """
    starts = track(range(0, pool, BLOCK), "synthetic prints", console=CONSOLE)
    minutiae = [one for start in starts for one in _prints(min(BLOCK, pool - start), rng)]
    embed = FingerVector()
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        embedded = threads.map(embed, minutiae)
        vectors = np.stack(list(track(embedded, "synthetic fingers", total=pool, console=CONSOLE)))
    packed = [pack_minutiae(one) for one in minutiae]
    mean, root = faces.mean(axis=0), np.linalg.cholesky(np.cov(faces.T) + 1e-9 * np.eye(faces.shape[1]))
    for start in track(range(0, count, BLOCK), "synthetic people", console=CONSOLE):
        n = min(BLOCK, count - start)
        drawn = mean + rng.standard_normal((n, faces.shape[1])) @ root.T
        drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
        if enrolled is not None and start < len(enrolled):
            real = enrolled[start : start + n]
            drawn[: len(real)] = real
        rows = rng.integers(0, pool, (n, len(fingers)))
        keys = np.arange(first_key + start, first_key + start + n)
        positions = (Position.FACE, *fingers)
        yield packed_people(keys, positions, drawn.astype(np.float32), vectors[rows], pool=packed, prints=rows)


def _prints(count: int, rng: np.random.Generator) -> list[Minutiae]:
    prints = draw_prints(draw_masters(count, rng), rng)
    return [prints.minutiae(row) for row in range(count)]

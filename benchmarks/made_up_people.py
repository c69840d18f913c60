"""Galleries of any number of synthetic people, whose scores are distributed as those of our recognisers.

A modality's vectors are Gaussian with a falling spectrum about a common direction, scaled to unit length: the share of
the common direction is the mean non-mated cosine, the spectrum's decay gives its spread. A mate's vector has a cosine
drawn about the mated mean; a share of the deviation is common to all its parts, since a worn hand is worn in every
finger. Minutiae are those of synthetic fingers, two impressions each, from a pool. Where the pool is smaller than the
number of fingers, people share prints: two people may then have the same minutiae but different vectors. Blocks of
people are drawn from (seed, block), so that any part of a gallery can be made again.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from matcher.calibrate import Calibration
from matcher.fuse import modality
from matcher.gallery.quantise import pack_faces, pack_fingers, pack_minutiae
from matcher.gallery.records import POSITION_INDEX, Records
from matcher.parameters import GALLERY_MINUTIAE
from matcher.types import FINGERS, Minutiae, Position, Quality, Template, Vector
from scripts.synthetic_minutiae import draw_masters, draw_prints

BLOCK = 8192
POOL = 4096
# Positions in a mixed gallery, as in registers that grew in several campaigns: share of people, and whether they have a
# face and how many fingers; None: any positions, half of them.
SETS: Sequence[tuple[float, tuple[bool, int] | None]] = (
    (0.35, (True, 10)),
    (0.30, (True, 4)),
    (0.15, (True, 0)),
    (0.10, (False, 2)),
    (0.05, (False, 10)),
    (0.05, None),
)


@dataclass(frozen=True, slots=True)
class Spread:
    """Cosines of one modality. non_mated: mean. mated: mean and standard deviation. decay: of the spectrum."""

    dimension: int
    non_mated: float
    mated: tuple[float, float]
    decay: float


# Measured: faces on LFW view 1 (non-mated 0.088 ± 0.089, mated 0.646 ± 0.112), fingers on the eight FVC sets (non-mated
# 0.061 ± 0.105, mated 0.664 ± 0.19, means over the sets). The decay gives the non-mated spread.
SPREAD = {
    "face": Spread(128, 0.088, (0.646, 0.112), 79.0),
    "finger": Spread(256, 0.061, (0.664, 0.19), 40.0),
}
TOGETHER = 0.3  # share of the mated spread that is common to all parts of a mate; not measured


@dataclass(frozen=True, slots=True)
class Block:
    """BLOCK people or fewer.

    first: key of the first. vectors: float32 (n, d) by position. prints: int64 (n, fingers), indexes of the pool. has:
    bool (n, positions).
    """

    first: int
    vectors: Mapping[Position, Vector]
    prints: NDArray[np.int64]
    has: NDArray[np.bool_]


class MadeUpPeople:
    """`count` people with a face and `fingers` fingers each; when `mixed`, with those of them that SETS gives.

    drawn: how many are drawn, and held in memory where `count` is higher. The others are drawn people whose vectors
    have other signs, block by block and dimension by dimension: other people with the same spread.
    minutiae: at most that many per finger. pool: different prints; with count × fingers every finger has its own.
    """

    def __init__(
        self,
        count: int,
        fingers: int,
        seed: int,
        calibrations: Mapping[str, Calibration],
        *,
        drawn: int = 262_144,
        minutiae: int = GALLERY_MINUTIAE,
        mixed: bool = False,
        pool: int = POOL,
    ) -> None:
        self.count, self._seed, self.mixed = count, seed, mixed
        self._drawn = drawn // BLOCK * BLOCK if drawn < count else 0
        self._held: dict[int, Block] = {}
        self.positions = (Position.FACE, *FINGERS[:fingers])
        self._models = {name: one.model for name, one in calibrations.items()}
        self._own_prints = pool >= count * fingers
        self._enrolled, self._again = _two_impressions(seed, pool)
        self._pool_size = pool
        self._pool = [pack_minutiae(_surest(each, minutiae)) for each in self._enrolled]

    def blocks(self, first: int = 0) -> Iterator[Block]:
        """All people from key `first`, a multiple of BLOCK, to count − 1, in order; a thread draws one block ahead."""
        with ThreadPoolExecutor(1) as pool:
            ahead = pool.submit(self.block, first)
            while first < self.count:
                block, first = ahead.result(), first + BLOCK
                if first < self.count:
                    ahead = pool.submit(self.block, first)
                yield block

    def block(self, first: int) -> Block:
        """The block that begins with person `first`."""
        n = min(BLOCK, self.count - first)
        if not self._drawn:
            return self._draw(first, n)
        at = first % self._drawn
        if at not in self._held:
            self._held[at] = self._draw(at, BLOCK)
        return self._held[at] if first < self._drawn else self._flipped(self._held[at], first, n)

    def _draw(self, first: int, n: int) -> Block:
        rng = np.random.default_rng((self._seed, 2, first))
        vectors = {position: _non_mated(rng, SPREAD[modality(position)], n) for position in self.positions}
        fingers = len(self.positions) - 1
        prints = rng.integers(0, self._pool_size, (n, fingers))
        if self._own_prints:
            prints = np.arange(first * fingers, (first + n) * fingers).reshape(n, fingers)
        return Block(first, vectors, prints, self._has(rng, n))

    def _has(self, rng: np.random.Generator, n: int) -> NDArray[np.bool_]:
        if not self.mixed:
            return np.ones((n, len(self.positions)), np.bool_)
        which = rng.choice(len(SETS), n, p=[share for share, _ in SETS])
        has = rng.random((n, len(self.positions))) < 0.5
        for number, (_, what) in enumerate(SETS):
            if what:
                has[which == number, 0] = what[0]
                has[which == number, 1:] = np.arange(len(self.positions) - 1) < what[1]
        has[~has.any(axis=1), 0] = True
        return has

    def _flipped(self, drawn: Block, first: int, n: int) -> Block:
        """Other people from another block: the common direction stays, all else may change its sign."""
        rng = np.random.default_rng((self._seed, 5, first))
        vectors = {}
        for position, rows in drawn.vectors.items():
            signs = np.where(rng.random(rows.shape[1]) < 0.5, np.float32(-1), np.float32(1))
            signs[0] = 1
            vectors[position] = rows[:n] * signs
        return Block(first, vectors, rng.permutation(drawn.prints[:n]), drawn.has[:n])

    def records(self, block: Block) -> Records:
        """As a gallery keeps them."""
        fingers = np.stack([block.vectors[position] for position in self.positions[1:]], axis=1)
        keys = np.arange(block.first, block.first + len(block.prints))
        faces = block.vectors[Position.FACE]
        return packed_people(keys, self.positions, faces, fingers, pool=self._pool, prints=block.prints, has=block.has)

    def minutiae_of(self, block: Block, row: int, position: Position) -> Minutiae:
        """Of one person at enrolment, before they are cut to the gallery's number."""
        return self._enrolled[int(block.prints[row, self.positions.index(position) - 1])]

    def mate(self, block: Block, row: int, positions: Sequence[Position], worse: float = 0.0) -> list[Template]:
        """Another capture of one person at some of the positions enrolled. worse: taken off the mean cosine."""
        rng = np.random.default_rng((self._seed, 3, block.first + row))
        common = rng.normal()
        templates = []
        for index, position in enumerate(self.positions):
            spread = SPREAD[modality(position)]
            mean, deviation = spread.mated
            away = np.sqrt(TOGETHER) * common + np.sqrt(1 - TOGETHER) * rng.normal()
            cosine = float(np.clip(mean - worse + deviation * away, -0.1, 0.98))
            vector = _at_cosine(rng, block.vectors[position][row], cosine, spread)
            minutiae = self._again[block.prints[row, index - 1]] if position.is_finger else None
            templates.append(Template(position, vector, Quality(80), self._models[modality(position)], minutiae))
        return [one for one in templates if one.position in positions]


def packed_people(
    keys: NDArray[np.int64],
    positions: Sequence[Position],
    faces: Vector,
    fingers: Vector,
    *,
    pool: Sequence[NDArray[np.uint8]],
    prints: NDArray[np.int64],
    has: NDArray[np.bool_] | None = None,
) -> Records:
    """People as a gallery keeps them, with a face and f fingers, or with those of them that `has` marks.

    keys: (n,). positions: the face, then the fingers. faces: float32 (n, d). fingers: float32 (n, f, d).
    pool: packed minutiae. prints: (n, f), indexes of the pool. has: (n, 1 + f); None: everything.
    """
    n, f = prints.shape
    has = np.ones((n, 1 + f), np.bool_) if has is None else has
    there = has[:, 1:].ravel()
    values, scales = pack_fingers(fingers.reshape(n * f, -1)[there])
    packed, first = np.concatenate(pool), np.concatenate([[0], np.cumsum([len(each) for each in pool])])
    used = prints.ravel()[there]
    lengths = (first[1:] - first[:-1])[used]
    ends = np.concatenate([[0], np.cumsum(lengths)])
    rows = np.repeat(first[used] - ends[:-1], lengths) + np.arange(ends[-1])
    return Records(
        keys,
        np.concatenate([[0], np.cumsum(has.sum(axis=1))]),
        np.tile(np.array([POSITION_INDEX[position] for position in positions], np.uint8), n)[has.ravel()],
        np.concatenate([[0], np.cumsum(has[:, 0])]),
        pack_faces(faces[has[:, 0]]),
        values,
        scales,
        packed[rows],
        ends,
    )


@cache
def _two_impressions(seed: int, pool: int) -> tuple[list[Minutiae], list[Minutiae]]:
    """Of each finger of the pool."""
    rng = np.random.default_rng((seed, 1))
    impressions: tuple[list[Minutiae], list[Minutiae]] = ([], [])
    for start in range(0, pool, POOL):
        count = min(POOL, pool - start)
        masters = draw_masters(count, rng)
        for kept in impressions:
            drawn = draw_prints(masters, rng)
            kept += [drawn.minutiae(row) for row in range(count)]
    return impressions


def _surest(found: Minutiae, most: int) -> Minutiae:
    kept = np.sort(np.argsort(-found.quality, kind="stable")[:most])
    x, y, direction, quality = (column[kept] for column in (found.x, found.y, found.direction, found.quality))
    return Minutiae(x, y, direction, quality, found.ending[kept])


def _non_mated(rng: np.random.Generator, spread: Spread, count: int) -> Vector:
    vectors = rng.standard_normal((count, spread.dimension), np.float32)
    scales = np.exp(-np.arange(spread.dimension) / (2 * spread.decay))
    vectors *= (scales * np.sqrt((1 - spread.non_mated) / (scales**2).sum())).astype(np.float32)
    vectors[:, 0] += np.float32(np.sqrt(spread.non_mated))
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def _at_cosine(rng: np.random.Generator, vector: Vector, cosine: float, spread: Spread) -> Vector:
    across = _non_mated(rng, spread, 1)[0]
    across -= (across @ vector) * vector
    return np.asarray(cosine * vector + np.sqrt(1 - cosine**2) * across / np.linalg.norm(across), np.float32)

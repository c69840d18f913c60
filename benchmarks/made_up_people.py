"""Galleries of people who do not exist, any number of them, whose scores are spread as our recognisers' are.

A modality's vectors are Gaussian with a falling spectrum about a common direction, scaled to unit length: the share of
the common direction is the mean cosine of strangers, the spectrum's decay gives its spread. A mate's vector has a
cosine drawn about the mated mean, its parts with a common share, for a worn hand is worn in every finger. Minutiae are
those of synthetic fingers, two impressions each; galleries share a pool of them. Blocks of people are drawn from
(seed, block), so that any part of a gallery can be made again.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matcher.calibrate import Calibration
from matcher.gallery.records import PLACE, Records, pack_faces, pack_fingers, pack_minutiae
from matcher.parameters import GALLERY_MINUTIAE
from matcher.types import FINGERS, Minutiae, Position, Quality, Template, Vector
from scripts.synthetic_minutiae import draw_masters, draw_prints

BLOCK = 8192
POOL = 4096


@dataclass(frozen=True, slots=True)
class Spread:
    """Cosines of one modality. strangers: mean and standard deviation; mates likewise; decay: of the spectrum."""

    dimension: int
    strangers: float
    mates: tuple[float, float]
    decay: float


# Measured: faces on LFW view 1 (strangers 0.088 ± 0.089, mates 0.646 ± 0.112), fingers on the eight FVC sets (strangers
# 0.061 ± 0.105, mates 0.664 ± 0.19, means over the sets). The decay gives the strangers' spread.
SPREAD = {
    "face": Spread(128, 0.088, (0.646, 0.112), 79.0),
    "finger": Spread(256, 0.061, (0.664, 0.19), 40.0),
}
TOGETHER = 0.3  # share of a mate's spread that all its parts have in common; not measured


@dataclass(frozen=True, slots=True)
class Block:
    """BLOCK people or fewer, all with the same positions. vectors: float32 (n, d) by position; prints: (n, fingers)."""

    first: int
    vectors: Mapping[Position, Vector]
    prints: NDArray[np.int64]


class MadeUpPeople:
    """`count` people with a face and `fingers` fingers each.

    drawn: how many are drawn; those beyond are drawn ones whose vectors have other signs, block by block and dimension
    by dimension, which keeps their spread and makes strangers of them. minutiae: at most that many of each finger.
    """

    def __init__(
        self,
        count: int,
        fingers: int,
        seed: int,
        calibrations: Mapping[str, Calibration],
        drawn: int = 2_000_000,
        minutiae: int = GALLERY_MINUTIAE,
    ) -> None:
        self.count, self._seed, self._drawn = count, seed, drawn // BLOCK * BLOCK
        self.positions = (Position.FACE, *FINGERS[:fingers])
        self._models = {name: one.model for name, one in calibrations.items()}
        rng = np.random.default_rng((seed, 1))
        masters = draw_masters(POOL, rng)
        enrolled, again = (draw_prints(masters, rng) for _ in range(2))
        self._enrolled, self._again = ([prints.minutiae(row) for row in range(POOL)] for prints in (enrolled, again))
        self._pool = [pack_minutiae(_surest(each, minutiae)) for each in self._enrolled]

    def blocks(self) -> Iterator[Block]:
        """Everybody, in the order of keys 0 to count − 1."""
        for first in range(0, self.count, BLOCK):
            yield self.block(first)

    def block(self, first: int) -> Block:
        """The block that begins with person `first`."""
        n = min(BLOCK, self.count - first)
        if self._drawn and first >= self._drawn:
            return self._flipped(first, n)
        rng = np.random.default_rng((self._seed, 2, first))
        vectors = {position: _strangers(rng, SPREAD[_kind(position)], n) for position in self.positions}
        return Block(first, vectors, rng.integers(0, POOL, (n, len(self.positions) - 1)))

    def _flipped(self, first: int, n: int) -> Block:
        """Another block's people as others: the common direction stays, all else may change its sign."""
        drawn = self.block(first % self._drawn)
        rng = np.random.default_rng((self._seed, 5, first))
        vectors = {}
        for position, rows in drawn.vectors.items():
            signs = np.where(rng.random(rows.shape[1]) < 0.5, np.float32(-1), np.float32(1))
            signs[0] = 1
            vectors[position] = rows[:n] * signs
        return Block(first, vectors, rng.permutation(drawn.prints[:n]))

    def records(self, block: Block) -> Records:
        """As a gallery keeps them."""
        fingers = np.stack([block.vectors[position] for position in self.positions[1:]], axis=1)
        keys = np.arange(block.first, block.first + len(block.prints))
        return packed_people(keys, self.positions, block.vectors[Position.FACE], fingers, self._pool, block.prints)

    def mate(self, block: Block, row: int, positions: Sequence[Position], worse: float = 0.0) -> list[Template]:
        """Another capture of one person at some positions they were enrolled with."""
        rng = np.random.default_rng((self._seed, 3, block.first + row))
        common = rng.normal()
        templates = []
        for place, position in enumerate(self.positions):
            spread = SPREAD[_kind(position)]
            mean, deviation = spread.mates
            away = np.sqrt(TOGETHER) * common + np.sqrt(1 - TOGETHER) * rng.normal()
            cosine = float(np.clip(mean - worse + deviation * away, -0.1, 0.98))
            vector = _at_cosine(rng, block.vectors[position][row], cosine, spread)
            minutiae = self._again[block.prints[row, place - 1]] if position.is_finger else None
            templates.append(Template(position, vector, Quality(80), self._models[_kind(position)], minutiae))
        return [one for one in templates if one.position in positions]


def packed_people(
    keys: NDArray[np.int64],
    positions: Sequence[Position],
    faces: Vector,
    fingers: Vector,
    pool: Sequence[NDArray[np.uint8]],
    prints: NDArray[np.int64],
) -> Records:
    """People who all have a face and the same fingers, as a gallery keeps them.

    positions: the face's first. faces: (n, d). fingers: (n, f, d). pool: packed minutiae; prints: (n, f), rows of it.
    """
    n, f = prints.shape
    values, scales = pack_fingers(fingers.reshape(n * f, -1))
    packed, first = np.concatenate(pool), np.concatenate([[0], np.cumsum([len(each) for each in pool])])
    lengths = (first[1:] - first[:-1])[prints.ravel()]
    ends = np.concatenate([[0], np.cumsum(lengths)])
    places = np.repeat(first[prints.ravel()] - ends[:-1], lengths) + np.arange(ends[-1])
    return Records(
        keys,
        np.arange(n + 1) * (1 + f),
        np.tile(np.array([PLACE[position] for position in positions], np.uint8), n),
        np.arange(n + 1),
        pack_faces(faces),
        values,
        scales,
        packed[places],
        ends,
    )


def _surest(found: Minutiae, most: int) -> Minutiae:
    kept = np.sort(np.argsort(-found.quality, kind="stable")[:most])
    x, y, direction, quality = (column[kept] for column in (found.x, found.y, found.direction, found.quality))
    return Minutiae(x, y, direction, quality, found.ending[kept])


def _kind(position: Position) -> str:
    return "finger" if position.is_finger else "face"


def _strangers(rng: np.random.Generator, spread: Spread, count: int) -> Vector:
    vectors = rng.standard_normal((count, spread.dimension), np.float32)
    scales = np.exp(-np.arange(spread.dimension) / (2 * spread.decay))
    vectors *= (scales * np.sqrt((1 - spread.strangers) / (scales**2).sum())).astype(np.float32)
    vectors[:, 0] += np.float32(np.sqrt(spread.strangers))
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def _at_cosine(rng: np.random.Generator, vector: Vector, cosine: float, spread: Spread) -> Vector:
    across = _strangers(rng, spread, 1)[0]
    across -= (across @ vector) * vector
    return np.asarray(cosine * vector + np.sqrt(1 - cosine**2) * across / np.linalg.norm(across), np.float32)

"""Unit vectors as short codes of 4 bits per part. FAISS sums their inner products for 32 people at a time.

Product quantisation (Jégou, Douze, Schmid, TPAMI 2011) after a rotation that gives every part its share of the variance
(Ge, He, Ke, Sun, CVPR 2013), in FAISS's fast-scan layout (André, Kermarrec, Le Scouarnec, VLDB 2015).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import IO

import faiss
import numpy as np
from numpy.typing import NDArray

from matcher.networks import MODELS, read_checked, read_manifest
from matcher.parameters import FACE_CODES, FINGER_CODES
from matcher.types import Vector

PART = 4
"""Numbers that a code of 4 bits stands for: one bit per number."""
WORDS = 16
CODES = {"face": FACE_CODES, "finger": FINGER_CODES}
"""Per capture, by modality."""


@dataclass(frozen=True, slots=True)
class Coder:
    """rotation: float32 (d, 4 m), orthonormal columns; the axes it drops are lost to the preselection.

    words: float32 (m, 16, 4), the vector that each code stands for. One word of each part is zero, for people who lack
    the position.
    """

    rotation: Vector
    words: NDArray[np.float32]

    @property
    def size(self) -> int:
        """Numbers of a rotated vector."""
        return int(self.rotation.shape[1])

    def rotated(self, vectors: Vector) -> Vector:
        """(n, d) to (n, 4 m)."""
        return np.asarray(vectors @ self.rotation, np.float32)


def write_coders(file: Path | IO[bytes], coders: Mapping[str, Coder]) -> None:
    """Write all coders into one .npz, by name."""
    parts = {f"{name}_{field.name}": getattr(one, field.name) for name, one in coders.items() for field in fields(one)}
    np.savez(file, **parts)


def read_coders(file: Path | IO[bytes], names: Iterable[str]) -> dict[str, Coder]:
    """The coders that `write_coders` wrote."""
    with np.load(file) as saved:
        return {name: Coder(*(saved[f"{name}_{field.name}"] for field in fields(Coder))) for name in names}


def codes_for(dimension: int, wanted: int) -> int:
    """Number of codes for a vector of this dimension: `wanted` or fewer."""
    return min(wanted, -(-dimension // PART))


def shipped_coders(dimensions: Mapping[str, int], models: Path = MODELS) -> dict[str, Coder]:
    """The coders of an empty gallery; untrained ones if an operator's network has another dimension.

    dimensions: by modality. Raises ModelMissing or ModelAltered.
    """
    entry = read_manifest(models)["preselection"]
    shipped = read_coders(BytesIO(read_checked(entry, models)), dimensions)
    return {
        name: one if len(one.rotation) == dimensions[name] else untrained(dimensions[name], len(one.words))
        for name, one in shipped.items()
    }


@lru_cache
def untrained(dimension: int, codes: int) -> Coder:
    """For vectors of unknown distribution: trained on unit vectors uniform over all directions, drawn from a seed."""
    rng = np.random.default_rng(dimension)
    return train(unit(rng.normal(size=(20_000, dimension)).astype(np.float32)), codes)


def train(vectors: Vector, codes: int) -> Coder:
    """Fit to unit vectors (n, d), n at least a few thousand."""
    codes = codes_for(vectors.shape[1], codes)
    rotation = _balanced(vectors, codes)
    rotated = np.ascontiguousarray(vectors @ rotation, np.float32)
    quantiser = faiss.ProductQuantizer(rotated.shape[1], codes, 4)
    quantiser.cp.seed = 1
    quantiser.train(rotated)
    words = faiss.vector_to_array(quantiser.centroids).reshape(codes, WORDS, PART).copy()
    nearest_zero = (words**2).sum(axis=2).argmin(axis=1)
    words[np.arange(codes), nearest_zero] = 0
    return Coder(rotation, words)


def unit(vectors: Vector) -> Vector:
    """Scaled to length 1 along the last axis."""
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True), np.float32)


def _balanced(vectors: Vector, codes: int) -> Vector:
    """The principal axes (d, 4 m), distributed so that all parts have nearly the same product of variances."""
    dimension, size = vectors.shape[1], PART * codes
    variance, axes = np.linalg.eigh(vectors.T.astype(np.float64) @ vectors / len(vectors))
    order = np.argsort(-variance)[:size]
    parts: list[list[int]] = [[] for _ in range(codes)]
    volume = np.zeros(codes)
    for axis in order:
        free = [part for part in range(codes) if len(parts[part]) < PART]
        part = min(free, key=lambda each: (volume[each], each))
        parts[part].append(int(axis))
        volume[part] += np.log(max(variance[axis], 1e-12)) + 30  # positive, so that parts fill up evenly
    rotation = np.zeros((dimension, size), np.float32)
    for part, chosen in enumerate(parts):
        rotation[:, PART * part : PART * part + len(chosen)] = axes[:, chosen]
    return rotation

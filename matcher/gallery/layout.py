"""Which codes a row of the short list holds, and what an inner product over them says.

People with the same positions share a layout, so that a row has no empty codes and what presence says is the same for
all of them. Rare sets of positions share the layout that has room for every position and a code for who has which.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import faiss
import numpy as np
from numpy.typing import NDArray

from matcher.calibrate import Line
from matcher.evidence import Person
from matcher.fuse import modality
from matcher.gallery.coder import PART, WORDS, Coder
from matcher.gallery.records import FACE, PLACE, POSITIONS, Records
from matcher.types import Vector

EVERY = (1 << len(POSITIONS)) - 1
_PRESENCE_PARTS = -(-len(POSITIONS) // PART)


@dataclass(frozen=True, slots=True)
class Probe:
    """Who is looked for. captures: vectors by row of POSITIONS, float32 (k, d) each."""

    captures: Mapping[int, Vector]

    @classmethod
    def of(cls, person: Person) -> Self:
        """The vectors of a person's templates."""
        return cls(
            {
                PLACE[position]: np.stack([template.vector for template in templates])
                for position, templates in person.captures.items()
            }
        )

    @property
    def mask(self) -> int:
        """Bit p is set where there is a capture of POSITIONS[p]."""
        return sum(1 << place for place in self.captures)


class Layout:
    """Rows for people who have exactly the positions of `mask`, or for everybody else (`mixed`).

    A row's inner product with a probe's is Σ slope·cosine over their common positions, as exact as codes are; `base`
    and, in the mixed layout, a code for presence take off the offsets, so that the sum is the linear log10 LR.
    """

    def __init__(self, mask: int, mixed: bool, coders: Mapping[str, Coder], lines: Mapping[str, Line]) -> None:
        self.mask, self.mixed = mask, mixed
        self._coders, self._lines = coders, lines
        self.places = [place for place in range(len(POSITIONS)) if mask >> place & 1]
        sizes = [coders[_kind(place)].size for place in self.places] + [PART * _PRESENCE_PARTS] * mixed
        ends = np.cumsum([0, *sizes]).tolist()
        self._parts = {place: slice(*ends[i : i + 2]) for i, place in enumerate(self.places)}
        self.dimension = int(ends[-1])

    def new_index(self) -> faiss.IndexPQFastScan:
        """An empty index for rows of this layout."""
        index = faiss.IndexPQFastScan(self.dimension, self.dimension // PART, 4, faiss.METRIC_INNER_PRODUCT)
        words = [self._coders[_kind(place)].words for place in self.places] + [_presence_words()] * self.mixed
        faiss.copy_array_to_vector(np.concatenate(words).ravel(), index.pq.centroids)
        index.is_trained = True
        return index

    def rows(self, records: Records, turned: Mapping[str, Vector], masks: NDArray[np.uint16]) -> Vector:
        """float32 (n, dimension) of people who fit. turned: all their captures' vectors, by modality.

        Several captures of a position enter as their mean: a probe that resembles one of them is met as well.
        """
        rows = np.zeros((len(records), self.dimension), np.float32)
        owners = records.owners
        is_face = records.positions == FACE
        for place, part in self._parts.items():
            kind = _kind(place)
            of_kind = is_face if place == FACE else ~is_face
            here = records.positions[of_kind] == place
            who, vectors = owners[of_kind][here], turned[kind][here]
            if len(who) and (np.diff(who) > 0).all():
                rows[who, part] = vectors
            else:
                np.add.at(rows[:, part], who, vectors)
                rows[:, part] /= np.maximum(np.bincount(who, minlength=len(rows)), 1)[:, None]
        if self.mixed:
            rows[:, -PART * _PRESENCE_PARTS :] = _bits(masks)
        return rows

    def probe_row(self, probe: Probe) -> Vector:
        """float32 (dimension,)."""
        row = np.zeros(self.dimension, np.float32)
        for place, part in self._parts.items():
            if place in probe.captures:
                kind = _kind(place)
                mean = probe.captures[place].mean(axis=0)
                row[part] = self._lines[kind].slope * self._coders[kind].turned(mean)
        if self.mixed:
            has = [place in probe.captures for place in range(PART * _PRESENCE_PARTS)]
            offsets = [self._lines[_kind(place)].offset for place in range(PART * _PRESENCE_PARTS)]
            row[-PART * _PRESENCE_PARTS :] = -np.where(has, offsets, 0)
        return row

    def base(self, probe: Probe) -> float:
        """What is to be added to the inner product."""
        if self.mixed:
            return 0.0
        return -sum(self._lines[_kind(place)].offset for place in self.places if place in probe.captures)


def turned(records: Records, coders: Mapping[str, Coder]) -> dict[str, Vector]:
    """All captures' vectors as coders want them, by modality."""
    return {
        "face": coders["face"].turned(records.face_vectors),
        "finger": coders["finger"].turned(records.finger_vectors),
    }


def common_places(masks: NDArray[np.uint16], probe: Probe) -> NDArray[np.bool_]:
    """Who shares a position with the probe."""
    return np.asarray((masks & np.uint16(probe.mask)) != 0)


def _kind(place: int) -> str:
    return modality(POSITIONS[place]) if place < len(POSITIONS) else "finger"


def _bits(masks: NDArray[np.uint16]) -> Vector:
    return (masks[:, None] >> np.arange(PART * _PRESENCE_PARTS) & 1).astype(np.float32)


def _presence_words() -> Vector:
    """All subsets of each four positions, so that presence is coded without error: (parts, 16, 4)."""
    subsets = np.arange(WORDS)[:, None] >> np.arange(PART) & 1
    return np.repeat(subsets.astype(np.float32)[None], _PRESENCE_PARTS, axis=0)

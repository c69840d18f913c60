"""The codes that a row of the preselection holds, and the meaning of an inner product over them.

People with the same positions share a layout, so that their rows have no empty codes and the offsets are the same for
all of them. Rare sets of positions share the mixed layout, which has room for every position and a code that states
which positions are present.
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
from matcher.gallery.records import FACE, POSITION_INDEX, POSITIONS, Records
from matcher.types import Vector

EVERY = (1 << len(POSITIONS)) - 1
_PRESENCE_PARTS = -(-len(POSITIONS) // PART)


@dataclass(frozen=True, slots=True)
class Probe:
    """The vectors of the subject that is searched. captures: by position index, float32 (k, d) each."""

    captures: Mapping[int, Vector]

    @classmethod
    def of(cls, person: Person) -> Self:
        """The vectors of a person's templates."""
        return cls(
            {
                POSITION_INDEX[position]: np.stack([template.vector for template in templates])
                for position, templates in person.captures.items()
            }
        )

    @property
    def mask(self) -> int:
        """Bit p is set if there is a capture of POSITIONS[p]."""
        return sum(1 << position for position in self.captures)


class Layout:
    """Rows for people who have exactly the positions of `mask`, or for all other people (`mixed`).

    The inner product of a row and a probe's row is Σ slope·cosine over their common positions, as exact as codes are.
    `base` and, in the mixed layout, the code for presence subtract the offsets, so that the sum is the linear log10 LR.
    """

    def __init__(self, mask: int, mixed: bool, coders: Mapping[str, Coder], lines: Mapping[str, Line]) -> None:
        self.mask, self.mixed = mask, mixed
        self._coders, self._lines = coders, lines
        self.positions = [position for position in range(len(POSITIONS)) if mask >> position & 1]
        sizes = [coders[_modality(position)].size for position in self.positions] + [PART * _PRESENCE_PARTS] * mixed
        ends = np.cumsum([0, *sizes]).tolist()
        self._parts = {position: slice(*ends[i : i + 2]) for i, position in enumerate(self.positions)}
        self.dimension = int(ends[-1])

    def new_index(self) -> faiss.IndexPQFastScan:
        """An empty index for rows of this layout."""
        index = faiss.IndexPQFastScan(self.dimension, self.dimension // PART, 4, faiss.METRIC_INNER_PRODUCT)
        words = [self._coders[_modality(position)].words for position in self.positions]
        words += [_presence_words()] * self.mixed
        faiss.copy_array_to_vector(np.concatenate(words).ravel(), index.pq.centroids)
        index.is_trained = True
        return index

    def rows(self, records: Records, vectors: Mapping[str, Vector], masks: NDArray[np.uint16]) -> Vector:
        """float32 (n, dimension) of people who fit. vectors: of all their captures, rotated, by modality.

        Several captures of a position enter as their mean: a probe that resembles one of them resembles the mean too.
        """
        rows = np.zeros((len(records), self.dimension), np.float32)
        owners = records.owners
        is_face = records.positions == FACE
        for position, part in self._parts.items():
            name = _modality(position)
            of_modality = is_face if position == FACE else ~is_face
            here = records.positions[of_modality] == position
            who, theirs = owners[of_modality][here], vectors[name][here]
            if len(who) and (np.diff(who) > 0).all():
                rows[who, part] = theirs
            else:
                np.add.at(rows[:, part], who, theirs)
                rows[:, part] /= np.maximum(np.bincount(who, minlength=len(rows)), 1)[:, None]
        if self.mixed:
            rows[:, -PART * _PRESENCE_PARTS :] = _bits(masks)
        return rows

    def probe_row(self, probe: Probe) -> Vector:
        """float32 (dimension,)."""
        row = np.zeros(self.dimension, np.float32)
        for position, part in self._parts.items():
            if position in probe.captures:
                name = _modality(position)
                mean = probe.captures[position].mean(axis=0)
                row[part] = self._lines[name].slope * self._coders[name].rotated(mean)
        if self.mixed:
            has = [position in probe.captures for position in range(PART * _PRESENCE_PARTS)]
            offsets = [self._lines[_modality(position)].offset for position in range(PART * _PRESENCE_PARTS)]
            row[-PART * _PRESENCE_PARTS :] = -np.where(has, offsets, 0)
        return row

    def base(self, probe: Probe) -> float:
        """The number to add to the inner product."""
        if self.mixed:
            return 0.0
        common = [position for position in self.positions if position in probe.captures]
        return -sum(self._lines[_modality(position)].offset for position in common)


def rotated(records: Records, coders: Mapping[str, Coder]) -> dict[str, Vector]:
    """The vectors of all captures, rotated for the coders, by modality."""
    return {
        "face": coders["face"].rotated(records.face_vectors),
        "finger": coders["finger"].rotated(records.finger_vectors),
    }


def shares_position(masks: NDArray[np.uint16], probe: Probe) -> NDArray[np.bool_]:
    """Whether each person has a position in common with the probe."""
    return np.asarray((masks & np.uint16(probe.mask)) != 0)


def _modality(position: int) -> str:
    """By position index; spare indexes of the code for presence count as fingers."""
    return modality(POSITIONS[position]) if position < len(POSITIONS) else "finger"


def _bits(masks: NDArray[np.uint16]) -> Vector:
    return (masks[:, None] >> np.arange(PART * _PRESENCE_PARTS) & 1).astype(np.float32)


def _presence_words() -> Vector:
    """All subsets of each four positions, so that presence is coded without error: (parts, 16, 4)."""
    subsets = np.arange(WORDS)[:, None] >> np.arange(PART) & 1
    return np.repeat(subsets.astype(np.float32)[None], _PRESENCE_PARTS, axis=0)

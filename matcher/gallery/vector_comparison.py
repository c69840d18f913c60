"""The second stage of a search: exact cosines of the preselected people, from the vectors that the gallery keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from matcher.calibrate import Line
from matcher.cores import Run
from matcher.fuse import Pairs
from matcher.gallery.layout import Probe
from matcher.gallery.quantise import FACE_SCALE
from matcher.gallery.records import FACE, POSITIONS
from matcher.gallery.store import Slots, View
from matcher.parameters import VECTORS_PER_TASK
from matcher.types import FINGERS, Vector

Cosines = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]]
"""Of the faces (n,), of all pairs of fingers (n, p, 10), and the captures (n, 11) by position index."""


@dataclass(frozen=True, slots=True, eq=False)
class VectorComparison:
    """n people's vectors against those of a probe with p fingers.

    slots: int64 (n,). faces: float32 (n,), cosines of the best pair of faces. captures: int64 (n, 11), the captures a
    person has of each position index. linear: linear log10 LR of all pairs of positions.
    """

    slots: Slots
    faces: NDArray[np.float32]
    captures: NDArray[np.int64]
    linear: Pairs

    def __len__(self) -> int:
        return len(self.slots)

    def __getitem__(self, rows: NDArray[np.intp]) -> Self:
        """Some of the people."""
        return type(self)(self.slots[rows], self.faces[rows], self.captures[rows], self.linear[rows])


class VectorComparator:
    """One probe, ready to be compared with people's vectors. lines, dimensions: by modality."""

    def __init__(self, probe: Probe, lines: Mapping[str, Line], dimensions: Mapping[str, int]) -> None:
        self._lines = lines
        fingers = [position for position in sorted(probe.captures) if position != FACE]
        self._positions = [POSITIONS[position] for position in fingers]
        self._faces = _stacked([probe.captures[FACE]] if FACE in probe.captures else [], dimensions["face"])
        self._fingers = _stacked([probe.captures[position] for position in fingers], dimensions["finger"])
        self._owners = np.repeat(np.arange(len(fingers)), [len(probe.captures[position]) for position in fingers])

    def compare(self, slots: Slots, view: View, run: Run = map) -> VectorComparison:
        """With the people in `slots`. run: maps a function over parts of them with all threads it may use."""
        parts = np.array_split(slots, max(len(slots) // VECTORS_PER_TASK, 1))
        found = list(run(lambda some: self._cosines(some, view), parts))
        faces, fingers, captures = (np.concatenate(columns) for columns in zip(*found, strict=True))
        face = np.where(faces > -2, self._linear("face", faces), np.nan)
        pairs = np.where(fingers > -2, self._linear("finger", fingers), np.nan)
        return VectorComparison(slots, faces, captures, Pairs(self._positions, face, pairs))

    def _cosines(self, slots: Slots, view: View) -> Cosines:
        """−2 where there is nothing to compare."""
        from matcher.gallery import kernels  # Numba is slow to import

        faces = np.full(len(slots), -2, np.float32)
        fingers = np.full((len(slots), len(self._positions), len(FINGERS)), -2, np.float32)
        captures = np.zeros((len(slots), len(POSITIONS)), np.int64)
        wanted = {"faces": len(self._faces) > 0, "fingers": len(self._fingers) > 0}
        for records, rows, which in view.vectors_of(slots, **wanted):
            some = faces[which], fingers[which], captures[which]
            kernels.best_cosines(
                rows, records.first, records.positions, records.faces_before, records.faces, records.fingers,
                records.scales, self._faces, self._fingers, self._owners, FACE_SCALE, *some,
            )  # fmt: skip
            faces[which], fingers[which], captures[which] = some
        return faces, fingers, captures

    def _linear(self, name: str, cosines: NDArray[np.float32]) -> NDArray[np.float64]:
        line = self._lines[name]
        return np.asarray(line.slope * cosines.astype(np.float64) - line.offset)


def _stacked(captures: Sequence[Vector], dimension: int) -> Vector:
    """float32 (k, dimension)."""
    return np.concatenate([np.zeros((0, dimension), np.float32), *captures]).astype(np.float32)

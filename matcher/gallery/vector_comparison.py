"""The second stage of a search: exact cosines of the preselected people, from the vectors that the gallery keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matcher.calibrate import Line
from matcher.fuse import modality
from matcher.gallery.layout import Probe
from matcher.gallery.prefetch import prefetch_vectors
from matcher.gallery.quantise import FACE_SCALE
from matcher.gallery.records import FACE, POSITIONS
from matcher.gallery.store import Slots, View
from matcher.types import Vector


@dataclass(frozen=True, slots=True)
class VectorComparison:
    """n people's vectors against a probe's, by the probe's p positions in the order of POSITIONS.

    slots: int64 (n,). cosines: float32 (n, p), of the best pair, 0 if a person has no capture. captures: int64 (n, p),
    the number a person has. linear: float32 (n, p), linear log10 LR of the cosines, 0 if a person has no capture.
    """

    slots: Slots
    cosines: NDArray[np.float32]
    captures: NDArray[np.int64]
    linear: NDArray[np.float32]

    @property
    def ratios(self) -> NDArray[np.float32]:
        """Linear log10 LR of all common positions, (n,)."""
        return np.asarray(self.linear.sum(axis=1, dtype=np.float32))


class VectorComparator:
    """One probe, ready to be compared with people's vectors. lines, dimensions: by modality."""

    def __init__(self, probe: Probe, lines: Mapping[str, Line], dimensions: Mapping[str, int]) -> None:
        positions = sorted(probe.captures)
        self._column = np.full(len(POSITIONS), -1)
        self._column[positions] = np.arange(len(positions))
        by_finger = [probe.captures.get(position) for position in range(len(POSITIONS)) if position != FACE]
        counts = [0] + [0 if each is None else len(each) for each in by_finger]  # of FACE, the index 0, none
        self._finger_first = np.concatenate([[0], np.cumsum(counts)])
        self._faces = _stacked([probe.captures.get(FACE)], dimensions["face"])
        self._fingers = _stacked(by_finger, dimensions["finger"])
        ours = [lines[modality(POSITIONS[position])] for position in positions]
        self._slopes = np.array([line.slope for line in ours], np.float32)
        self._offsets = np.array([line.offset for line in ours], np.float32)

    def compare(self, slots: Slots, view: View) -> VectorComparison:
        """With the people in `slots`."""
        from matcher.gallery import kernels  # Numba is slow to import

        shape = (len(slots), len(self._slopes))
        cosines, captures = np.zeros(shape, np.float32), np.zeros(shape, np.int64)
        parts = list(view.located(slots))
        for records, rows, _ in parts:
            prefetch_vectors(records, rows, faces=len(self._faces) > 0, fingers=len(self._fingers) > 0)
        for records, rows, which in parts:
            some, counts = np.zeros((len(rows), shape[1]), np.float32), np.zeros((len(rows), shape[1]), np.int64)
            kernels.best_cosines(
                rows, records.first, records.positions, records.faces_before, records.faces, records.fingers,
                records.scales, self._column, self._faces, self._fingers, self._finger_first, FACE_SCALE, some, counts,
            )  # fmt: skip
            cosines[which], captures[which] = some, counts
        linear = np.where(captures > 0, self._slopes * cosines - self._offsets, np.float32(0))
        return VectorComparison(slots, cosines, captures, linear)


def _stacked(captures: Sequence[Vector | None], dimension: int) -> Vector:
    """float32 (k, dimension) of those that are not None."""
    present = [each for each in captures if each is not None]
    return np.concatenate([np.zeros((0, dimension), np.float32), *present]).astype(np.float32)

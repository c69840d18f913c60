"""Exact cosines of the short-listed, from what is kept of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matcher.calibrate import Line
from matcher.fuse import modality
from matcher.gallery.layout import Probe
from matcher.gallery.paging import fetch_vectors
from matcher.gallery.records import FACE, FACE_SCALE, POSITIONS
from matcher.gallery.store import Slots, View
from matcher.types import Vector


@dataclass(frozen=True, slots=True)
class Seen:
    """n people's vectors against a probe's, by the probe's p positions in the order of POSITIONS.

    slots: int64 (n,). cosines: float32 (n, p), of the best pair, 0 where a person has no capture. captures: int64
    (n, p), how many they have. linear: float32 (n, p), what the cosines say, log10 LR.
    """

    slots: Slots
    cosines: NDArray[np.float32]
    captures: NDArray[np.int64]
    linear: NDArray[np.float32]

    @property
    def ratios(self) -> NDArray[np.float32]:
        """Linear log10 LR of all common positions, (n,)."""
        return np.asarray(self.linear.sum(axis=1, dtype=np.float32))


class SecondLook:
    """One probe, ready to be compared with people's vectors. lines, dimensions: by modality."""

    def __init__(self, probe: Probe, lines: Mapping[str, Line], dimensions: Mapping[str, int]) -> None:
        places = sorted(probe.captures)
        self._column = np.full(len(POSITIONS), -1)
        self._column[places] = np.arange(len(places))
        fingers = [probe.captures.get(place, np.zeros((0, 0))) for place in range(len(POSITIONS)) if place != FACE]
        counts = [0] + [len(each) for each in fingers]  # FACE is place 0
        self._finger_first = np.concatenate([[0], np.cumsum(counts)])
        self._faces = _stacked([probe.captures.get(FACE)], dimensions["face"])
        self._fingers = _stacked(
            [probe.captures.get(place) for place in range(1, len(POSITIONS))], dimensions["finger"]
        )
        ours = [lines[modality(POSITIONS[place])] for place in places]
        self._slopes = np.array([line.slope for line in ours], np.float32)
        self._offsets = np.array([line.offset for line in ours], np.float32)

    def see(self, slots: Slots, view: View) -> Seen:
        """Those in `slots`."""
        from matcher.gallery import kernels

        shape = (len(slots), len(self._slopes))
        cosines, captures = np.zeros(shape, np.float32), np.zeros(shape, np.int64)
        parts = list(view.located(slots))
        for records, rows, _ in parts:
            fetch_vectors(records, rows, faces=len(self._faces) > 0, fingers=len(self._fingers) > 0)
        for records, rows, which in parts:
            some, counts = np.zeros((len(rows), shape[1]), np.float32), np.zeros((len(rows), shape[1]), np.int64)
            kernels.best_cosines(
                rows, records.first, records.positions, records.faces_before, records.faces, records.fingers,
                records.scales, self._column, self._faces, self._fingers, self._finger_first, FACE_SCALE, some, counts,
            )  # fmt: skip
            cosines[which], captures[which] = some, counts
        linear = np.where(captures > 0, self._slopes * cosines - self._offsets, np.float32(0))
        return Seen(slots, cosines, captures, linear)


def _stacked(captures: list[Vector | None], dimension: int) -> Vector:
    there = [each for each in captures if each is not None]
    return np.concatenate([np.zeros((0, dimension), np.float32), *there]).astype(np.float32)

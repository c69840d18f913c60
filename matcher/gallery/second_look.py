"""Exact cosines of the short-listed, from what is kept of them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from matcher.calibrate import Line
from matcher.fuse import modality
from matcher.gallery.layout import Probe
from matcher.gallery.records import FACE, FACE_SCALE, POSITIONS, Records
from matcher.types import Vector


class SecondLook:
    """One probe, ready to be compared with people's vectors. lines, dimensions: by modality."""

    def __init__(self, probe: Probe, lines: Mapping[str, Line], dimensions: Mapping[str, int]) -> None:
        self._has = np.array([place in probe.captures for place in range(len(POSITIONS))])
        fingers = [probe.captures.get(place, np.zeros((0, 0))) for place in range(len(POSITIONS)) if place != FACE]
        counts = [0] + [len(each) for each in fingers]  # FACE is place 0
        self._finger_first = np.concatenate([[0], np.cumsum(counts)])
        self._faces = _stacked([probe.captures.get(FACE)], dimensions["face"])
        self._fingers = _stacked(
            [probe.captures.get(place) for place in range(1, len(POSITIONS))], dimensions["finger"]
        )
        ours = [lines[modality(position)] for position in POSITIONS]
        self._slopes = np.array([line.slope for line in ours], np.float32)
        self._offsets = np.array([line.offset for line in ours], np.float32)

    def ratios(self, records: Records, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Linear log10 LR of `rows`' people, best captures, summed over common positions."""
        from matcher.gallery import kernels

        out = np.empty(len(rows), np.float32)
        kernels.linear_ratios(
            rows, records.first, records.positions, records.faces_before, records.faces, records.fingers,
            records.scales, self._has, self._faces, self._fingers, self._finger_first, self._slopes, self._offsets,
            FACE_SCALE, out,
        )  # fmt: skip
        return out


def _stacked(captures: list[Vector | None], dimension: int) -> Vector:
    there = [each for each in captures if each is not None]
    return np.concatenate([np.zeros((0, dimension), np.float32), *there]).astype(np.float32)

"""Everybody judged in full, minutiae of all fingers included: what a search should come to, in seconds a probe."""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from matcher.calibrate import Calibration
from matcher.finger import Prints, compare_many, prepare, prepare_many
from matcher.fuse import modality
from matcher.types import Minutiae, Position, Template, Vector

SHARE = 2048  # people prepared and compared at once


class Oracle:
    """People with one capture a position, their cylinders made once: some 8 kB a finger."""

    def __init__(
        self,
        people: Iterable[tuple[int, Sequence[Template]]],
        calibrations: Mapping[str, Calibration],
        threads: int,
    ) -> None:
        self._calibrations = calibrations
        self._pool = ThreadPoolExecutor(threads)
        rows: dict[Position, list[int]] = {position: [] for position in Position}
        faces: list[Vector] = []
        minutiae: dict[Position, list[Minutiae]] = {position: [] for position in Position}
        keys = []
        for row, (key, templates) in enumerate(people):
            keys.append(key)
            for one in templates:
                rows[one.position].append(row)
                if one.minutiae is None:
                    faces.append(one.vector)
                else:
                    minutiae[one.position].append(one.minutiae)
        self._keys = np.array(keys)
        self._rows = {position: np.array(some, np.int64) for position, some in rows.items() if some}
        self._faces = np.array(faces, np.float32)
        self._prints = {position: self._prepared(some) for position, some in minutiae.items() if some}

    def likely(self, probe: Sequence[Template], count: int) -> list[tuple[int, float]]:
        """Keys and log10 LR above 0 of the best, best first, equal evidence by key."""
        total = np.zeros(len(self._keys))
        for one in sorted(probe, key=lambda template: list(Position).index(template.position)):
            rows = self._rows.get(one.position, np.zeros(0, np.int64))
            curve = self._calibrations[modality(one.position)].curve
            total[rows] += curve.of_best(self._scores(one), np.ones(len(rows), np.int64))
        best = np.lexsort((self._keys, -total))[:count]
        return [(int(self._keys[row]), float(total[row])) for row in best.tolist() if total[row] > 0]

    def _scores(self, one: Template) -> NDArray[np.float32]:
        if one.minutiae is None:
            return np.asarray(self._faces @ one.vector, np.float32)
        wanted = prepare(one.minutiae)
        parts = self._pool.map(lambda prints: compare_many(wanted, prints), self._prints.get(one.position, ()))
        return np.concatenate([np.zeros(0, np.float32), *parts])

    def _prepared(self, minutiae: Sequence[Minutiae]) -> list[Prints]:
        parts = [minutiae[start : start + SHARE] for start in range(0, len(minutiae), SHARE)]
        return list(self._pool.map(prepare_many, parts))

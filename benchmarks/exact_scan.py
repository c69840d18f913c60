"""The exact scan that searches are compared with: the linear log10 LR of all common positions, of all records."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.made_up_people import SPREAD, Block, MadeUpPeople
from benchmarks.mated_probes import Probes
from matcher.calibrate import Calibration
from matcher.fuse import modality
from matcher.types import Template, Vector

TOP = 10


class FusedRows:
    """One float32 row per person and one per probe: their inner product is the linear log10 LR.

    Where people differ in their positions, a row ends with a 1 for each position it has. Where they do not, the
    offsets would change no order and are left out.
    """

    def __init__(self, people: MadeUpPeople, calibrations: Mapping[str, Calibration]) -> None:
        self._positions, self._mixed = people.positions, people.mixed
        self._lines = {name: one.line for name, one in calibrations.items()}
        self._dimensions = [SPREAD[modality(position)].dimension for position in people.positions]
        self.dimension = sum(self._dimensions) + self._mixed * len(self._positions)

    def of(self, block: Block) -> Vector:
        """(n, dimension), zero where there is no capture."""
        parts = [block.vectors[position] for position in self._positions]
        if self._mixed:
            parts = [part * has[:, None] for part, has in zip(parts, block.has.T, strict=True)]
            parts.append(block.has.astype(np.float32))
        return np.concatenate(parts, axis=1)

    def probe(self, templates: Sequence[Template]) -> Vector:
        """(dimension,), zero where there is no capture."""
        having = {one.position: one.vector for one in templates}
        parts = [
            self._lines[modality(position)].slope * having.get(position, np.zeros(dimension, np.float32))
            for position, dimension in zip(self._positions, self._dimensions, strict=True)
        ]
        if self._mixed:
            offsets = [-self._lines[modality(position)].offset * (position in having) for position in self._positions]
            parts.append(np.array(offsets, np.float32))
        return np.concatenate(parts).astype(np.float32)


class Exact:
    """The ten best of all records for every probe, block after block; a record without a common position is left out.

    best: by kind of probe, float64 (q, 2, TOP), falling: log10 LR, and the keys.
    """

    def __init__(
        self, people: MadeUpPeople, calibrations: Mapping[str, Calibration], probes: Mapping[str, Probes]
    ) -> None:
        self._positions, self._probes = people.positions, probes
        self._lines = [calibrations[modality(position)].line for position in people.positions]
        self._mates = np.unique(np.concatenate([one.mates for one in probes.values()]))
        self._queries = [
            np.zeros((len(self._mates), SPREAD[modality(position)].dimension), np.float32)
            for position in people.positions
        ]
        self._rows: dict[str, NDArray[np.int64]] = {}
        self._shown: dict[str, Vector] = {}
        for name, of_kind in probes.items():
            rows = self._rows[name] = np.searchsorted(self._mates, of_kind.mates)
            self._shown[name] = np.zeros((len(self._positions), len(rows)), np.float32)
            for at, (row, templates) in enumerate(zip(rows.tolist(), of_kind.templates, strict=True)):
                for one in templates:
                    index = self._positions.index(one.position)
                    self._queries[index][row] = one.vector  # a mate has the same captures in every kind
                    self._shown[name][index, at] = 1
        empty = np.stack([np.full(TOP, -np.inf), np.full(TOP, -1.0)])
        self.best = {name: np.tile(empty, (len(rows), 1, 1)) for name, rows in self._rows.items()}

    def see(self, block: Block) -> None:
        """Take a block of people into account."""
        ratios = np.stack(
            [
                (queries @ (line.slope * block.vectors[position]).T - line.offset) * has
                for position, queries, line, has in zip(
                    self._positions, self._queries, self._lines, block.has.T, strict=True
                )
            ]
        )
        for name, rows in self._rows.items():
            shown, best = self._shown[name], self.best[name]
            scores = np.zeros((len(rows), len(block.has)), np.float32)
            for index in np.flatnonzero(shown.any(axis=1)).tolist():
                scores += shown[index, :, None] * ratios[index, rows]
            if not block.has.all():
                scores[shown.T @ block.has.T.astype(np.float32) == 0] = -np.inf
            for row in np.flatnonzero(scores.max(axis=1) > best[:, 0, -1]).tolist():
                better = np.flatnonzero(scores[row] > best[row, 0, -1])
                joined = np.hstack(
                    [best[row], np.stack([scores[row, better].astype(np.float64), better + block.first])]
                )
                best[row] = joined[:, np.argsort(-joined[0], kind="stable")[:TOP]]

    def found(self, name: str) -> NDArray[np.bool_]:
        """Which probes have their mate among the ten, (q,)."""
        return np.asarray((self.best[name][:, 1] == self._probes[name].mates[:, None]).any(axis=1))

    def first(self, name: str) -> NDArray[np.bool_]:
        """Which probes have their mate first, (q,)."""
        return np.asarray(self.best[name][:, 1, 0] == self._probes[name].mates)

    def share(self, name: str, keys: Sequence[Sequence[int]]) -> float:
        """Share of the mates among these ten that another search finds too. keys: its ten per probe."""
        mates = self._probes[name].mates[: len(keys)].tolist()
        theirs = np.array([mate in some for mate, some in zip(mates, keys, strict=True)])
        found = self.found(name)[: len(keys)]
        return float(theirs[found].mean()) if found.any() else 1.0

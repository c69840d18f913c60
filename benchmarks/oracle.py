"""The oracle of whole searches: minutiae comparison with all records. Slow: seconds per probe."""

import math
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from benchmarks.exact_scan import TOP
from matcher.calibrate import Calibration
from matcher.finger import Prints, compare_many, prepare, prepare_many
from matcher.fuse import modality
from matcher.gallery import Gallery
from matcher.types import Hypothesis, Minutiae, Position, Template, Vector

Judged = list[tuple[int, float]]

SHARE = 2048  # people prepared and compared at once
SAME_EVIDENCE = 0.02  # log10 LR; a packed minutia may flip a bit of a cylinder


class Oracle:
    """People with one capture per position; their cylinders are made once, some 8 kB per finger."""

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

    def best(self, probe: Sequence[Template], count: int) -> Judged:
        """Keys and log10 LR of the best with a common position, best first, equal evidence by key."""
        total, shared = np.zeros(len(self._keys)), np.zeros(len(self._keys), np.bool_)
        for one in sorted(probe, key=lambda template: list(Position).index(template.position)):
            rows = self._rows.get(one.position, np.zeros(0, np.int64))
            curve = self._calibrations[modality(one.position)].curve
            shared[rows] = True
            total[rows] += curve.of_best(self._scores(one), np.ones(len(rows), np.int64))
        best = np.lexsort((self._keys, -np.where(shared, total, -np.inf)))[: min(count, np.count_nonzero(shared))]
        return [(int(self._keys[row]), float(total[row])) for row in best.tolist()]

    def _scores(self, one: Template) -> NDArray[np.float32]:
        if one.minutiae is None:
            return np.asarray(self._faces @ one.vector, np.float32)
        wanted = prepare(one.minutiae)
        parts = self._pool.map(lambda prints: compare_many(wanted, prints), self._prints.get(one.position, ()))
        return np.concatenate([np.zeros(0, np.float32), *parts])

    def _prepared(self, minutiae: Sequence[Minutiae]) -> list[Prints]:
        parts = [minutiae[start : start + SHARE] for start in range(0, len(minutiae), SHARE)]
        return list(self._pool.map(prepare_many, parts))


def agreement(
    gallery: Gallery, oracle: Oracle, probes: Sequence[Sequence[Template]], name: str, console: Console
) -> dict[str, float]:
    """Shares of searches of captures as stated whose candidates, order and evidence are the oracle's, from a level on.

    may_be_shown: from log10 N on, the evidence that one non-mated person of N reaches by chance; all thresholds of the
    service are higher. above_zero: from 0 on. Of N non-mated people some reach that by their minutiae alone, while
    their vectors are evidence against them: a search prunes them before it compares minutiae.
    """
    levels = {"may_be_shown": math.log10(len(gallery)), "above_zero": 0.0}
    same: dict[str, list[bool]] = {level: [] for level in levels}
    for probe in track(probes, f"compare all minutiae, {name}", console=console):
        wanted = oracle.best(probe, TOP)
        found = [(one.key, one.log10_lr) for one in gallery.search(probe, TOP, [Hypothesis.AS_STATED])]
        for level, least in levels.items():
            same[level].append(same_candidates(found, wanted, least))
    return {"probes": len(probes), **{level: float(np.mean(some)) for level, some in same.items()}}


def same_candidates(found: Judged, wanted: Judged, least: float) -> bool:
    """Whether both have the same people in the same order with the same evidence, of all from `least` on."""
    count = max(sum(ratio >= least + SAME_EVIDENCE for _, ratio in some) for some in (found, wanted))
    same_people = [key for key, _ in found[:count]] == [key for key, _ in wanted[:count]]
    pairs = zip(found, wanted[:count], strict=False)
    return same_people and all(abs(ours - theirs) <= SAME_EVIDENCE for (_, ours), (_, theirs) in pairs)

"""The first stage of a search: short codes of everyone, compared with the probe; the best people are handed on.

A person takes some hundred bits, and no one is skipped: a walk through a graph, or a search in a few of many cells,
would miss just the weak and partial probes that matter (benchmarks/search.py measures it). Rows lie in blocks. A full
block never changes again, so it is scanned without a lock and written to disk only once.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

import faiss
import numpy as np
from numpy.typing import NDArray

from matcher.calibrate import Line
from matcher.cores import Run
from matcher.gallery.coder import Coder
from matcher.gallery.growable import GrowableArray
from matcher.gallery.layout import EVERY, Layout, Probe, rotated, shares_position
from matcher.gallery.prefetch import prefetch_all
from matcher.gallery.records import Records
from matcher.gallery.store import Saved, Slots
from matcher.gallery.ways import Way
from matcher.parameters import BLOCK_ROWS, LAYOUT_LEAST, PRESELECTED_AT_ONCE, SCANNED_ALIKE
from matcher.types import Vector

Counts = NDArray[np.int64]
Alive = Callable[[], NDArray[np.bool_]]
Scan = Callable[["Block"], tuple[Vector, Slots]]

SPARE = 3  # a third more rows are asked for, because some belong to removed people
_CHUNK = 8192  # people; their vectors are unpacked at a time
_BLOCKS_AT_ONCE = 16  # blocks; their results are held at a time
MIXED = -1
"""The name of the mixed layout; other layouts are named by their mask."""


class Block:
    """Up to BLOCK_ROWS rows of one layout. Safe to share between threads.

    slots: uint32 (n,), the person of each row. masks: uint16 (n,), their positions; mixed layouts only.
    saved: the files of a full block, once written, by name.
    """

    def __init__(
        self,
        layout: Layout,
        index: faiss.IndexPQFastScan | None = None,
        slots: NDArray[np.uint32] | None = None,
        masks: NDArray[np.uint16] | None = None,
    ) -> None:
        self.layout = layout
        self.index = index or layout.new_index()
        self.saved: dict[str, Saved] | None = None
        self._slots, self._masks = GrowableArray(np.uint32, (), slots), GrowableArray(np.uint16, (), masks)
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._slots)

    @property
    def full(self) -> bool:
        """Whether the block will never change again."""
        return len(self) == BLOCK_ROWS

    @property
    def slots(self) -> NDArray[np.uint32]:
        return self._slots.rows

    @property
    def masks(self) -> NDArray[np.uint16]:
        return self._masks.rows

    def add(self, rows: Vector, slots: Slots, masks: NDArray[np.uint16]) -> None:
        """Append rows (k, d), at most as many as there is room for."""
        with self._lock:
            faiss.omp_set_num_threads(1)
            self.index.add(rows)
            if self.layout.mixed:
                self._masks.append(masks)
            self._slots.append(slots)  # last: from here on the block may be full and be read without the lock

    def scan(self, queries: Vector, probes: Sequence[Probe], counts: Counts, alive: Alive) -> tuple[Vector, Slots]:
        """The best rows for each of q probes: estimates (−∞: not to be used) and slots, (q, k).

        At least counts[i] people who are alive and share a position with probe i, or all of them if they are fewer;
        none where the count is 0. queries: float32 (q, d), the probes' rows in this layout. counts: int64 (q,).
        """
        if self.full:
            return self._scan(queries, probes, counts, alive)
        with self._lock:
            return self._scan(queries, probes, counts, alive)

    def _scan(self, queries: Vector, probes: Sequence[Probe], counts: Counts, alive: Alive) -> tuple[Vector, Slots]:
        faiss.omp_set_num_threads(1)  # blocks share the cores; OpenMP keeps this number per calling thread
        if not self.layout.mixed:
            return self._best(queries, probes, counts, alive, np.ones(len(self), np.bool_))
        # Without a common position the estimate is 0, more than most non-mated people get: such rows are skipped. How
        # many these are differs from probe to probe.
        parts = [
            self._best(
                queries[row : row + 1], [probe], counts[row : row + 1], alive, shares_position(self.masks, probe)
            )
            for row, probe in enumerate(probes)
        ]
        widest = max(slots.shape[1] for _, slots in parts)
        padded = [_widened(estimates, slots, widest) for estimates, slots in parts]
        return np.concatenate([one for one, _ in padded]), np.concatenate([one for _, one in padded])

    def _best(
        self, queries: Vector, probes: Sequence[Probe], counts: Counts, alive: Alive, usable: NDArray[np.bool_]
    ) -> tuple[Vector, Slots]:
        useless = len(self) - int(np.count_nonzero(usable))
        most = int(counts.max())
        wanted = min(most + most // SPARE + useless, len(self))
        bases = np.array([[self.layout.base(probe)] for probe in probes], np.float32)
        while True:
            estimates, rows = self.index.search(queries, wanted)
            slots = self.slots[rows].astype(np.int64)
            found = (rows >= 0) & usable[rows] & alive()[slots]
            if wanted == len(self) or (found.sum(axis=1) >= counts).all():
                return np.where(found & (counts > 0)[:, None], estimates + bases, -np.inf), slots
            wanted = min(2 * wanted, len(self))


class Preselection:
    """Codes of everyone, by slot. One writer at a time; `blocks` may be scanned meanwhile.

    lines: by modality.
    """

    def __init__(self, coders: Mapping[str, Coder], lines: Mapping[str, Line], trained_on: int = 0) -> None:
        self.coders, self._lines = coders, lines
        self.trained_on = trained_on
        self.blocks: list[Block] = []
        self._open: dict[int, Block] = {}
        self._mixed_sets: Counter[int] = Counter()

    def __len__(self) -> int:
        return sum(map(len, self.blocks))

    def layout(self, mask: int, mixed: bool) -> Layout:
        """A layout for these coders. mixed: for people with rare sets of positions."""
        return Layout(mask, mixed, self.coders, self._lines)

    def restore(self, block: Block) -> None:
        """Take a block read from disk."""
        self.blocks.append(block)
        self._open[_name(block.layout)] = block
        if block.layout.mixed:
            self._mixed_sets.update(block.masks.tolist())

    def add(self, records: Records, slots: Slots) -> None:
        """Append people; those without any capture are left out, because no search can find them."""
        for start in range(0, len(records), _CHUNK):
            some = records[start : start + _CHUNK]
            prefetch_all(some.faces, some.fingers)
            self._add(some, slots[start : start + _CHUNK])

    def search(self, ways: Sequence[Way], alive: Alive, run: Run) -> list[Slots]:
        """The slots of the best people who are alive, for each of the ways.

        alive: returns bool, by slot. run: maps a function over blocks, in their order, with all threads it may use.
        """
        blocks = list(self.blocks)
        found: list[Slots] = [np.zeros(0, np.int64)] * len(ways)
        layouts = {_name(block.layout): block.layout for block in blocks}
        counts = {
            name: np.array([way.size(layout.mask, mixed=layout.mixed) for way in ways], np.int64)
            for name, layout in layouts.items()
        }
        for some in _at_once(sum(counts.values(), np.zeros(len(ways), np.int64))):
            probes = [ways[at].probe for at in some.tolist()]
            part = {name: each[some] for name, each in counts.items() if each[some].any()}
            for at, slots in zip(some.tolist(), _preselected(probes, blocks, part, alive, run), strict=True):
                found[at] = slots
        return found

    def _add(self, records: Records, slots: Slots) -> None:
        vectors, masks = rotated(records, self.coders), records.masks
        layouts = self._layouts_for(masks)
        for name, layout in {_name(each): each for each in layouts.values()}.items():
            fit = np.flatnonzero(np.isin(masks, [mask for mask, each in layouts.items() if _name(each) == name]))
            self._append(layout, layout.rows(records, vectors, masks)[fit], slots[fit], masks[fit])

    def _layouts_for(self, masks: NDArray[np.uint16]) -> dict[int, Layout]:
        """The layout of each set of positions that occurs, by mask. A set that has become frequent gets its own."""
        layouts: dict[int, Layout] = {}
        for mask, count in zip(*(each.tolist() for each in np.unique(masks, return_counts=True)), strict=True):
            if mask == 0:
                continue
            rare = mask not in self._open and self._mixed_sets[mask] + count < LAYOUT_LEAST
            self._mixed_sets[mask] += count * rare
            block = self._open.get(MIXED if rare else mask)
            layouts[mask] = block.layout if block else self.layout(EVERY if rare else mask, rare)
        return layouts

    def _append(self, layout: Layout, rows: Vector, slots: Slots, masks: NDArray[np.uint16]) -> None:
        done = 0
        while done < len(rows):
            block = self._open.get(_name(layout))
            new = block is None or block.full
            if block is None or block.full:
                block = self._open[_name(layout)] = Block(layout)
            take = slice(done, done + BLOCK_ROWS - len(block))
            block.add(rows[take], slots[take], masks[take])
            if new:
                self.blocks.append(block)  # not before: a search must never see an empty block
            done += len(rows[take])


def _at_once(sizes: Counts) -> Iterator[NDArray[np.intp]]:
    """The places of ways that are scanned together. sizes: of all lists of a way, int64 (n,); 0: it has none.

    A scan takes as long as its longest list asks for, so only lists of similar lengths share one.
    """
    classes = np.maximum(np.ceil(np.log2(np.maximum(sizes, 1) / SCANNED_ALIKE) / 2), 0)
    for one in np.unique(classes[sizes > 0]).tolist():
        alike = np.flatnonzero((classes == one) & (sizes > 0))
        most = max(PRESELECTED_AT_ONCE // int(sizes[alike].max()), 1)
        for start in range(0, len(alike), most):
            yield alike[start : start + most]


def _preselected(
    probes: Sequence[Probe], blocks: Sequence[Block], counts: Mapping[int, Counts], alive: Alive, run: Run
) -> list[Slots]:
    """`Preselection.search` of a few probes. counts: of people per layout, by its name; int64 (q,) each."""
    best: dict[int, tuple[Vector, Slots]] = {}
    blocks = [block for block in blocks if _name(block.layout) in counts]
    layouts = {_name(block.layout): block.layout for block in blocks}
    queries = {name: np.stack([layout.probe_row(one) for one in probes]) for name, layout in layouts.items()}

    def scan(block: Block) -> tuple[Vector, Slots]:
        name = _name(block.layout)
        return block.scan(queries[name], probes, counts[name], alive)

    for start in range(0, len(blocks), _BLOCKS_AT_ONCE):
        some = blocks[start : start + _BLOCKS_AT_ONCE]
        scanned = list(run(scan, some))
        for name, of_layout in counts.items():
            alike = [scan for block, scan in zip(some, scanned, strict=True) if _name(block.layout) == name]
            if alike:
                best[name] = _best_of([best[name], *alike] if name in best else alike, of_layout)
    rows = [[slots[row][np.isfinite(scores[row])] for scores, slots in best.values()] for row in range(len(probes))]
    return [np.concatenate([np.zeros(0, np.int64), *lists]) for lists in rows]


def _best_of(scanned: Sequence[tuple[Vector, Slots]], counts: Counts) -> tuple[Vector, Slots]:
    """For each probe i, the best counts[i] rows of several blocks, or all if they are fewer.

    Estimates and slots (q, k); what a probe has less than the longest is filled with −∞.
    """
    best, slots = (np.hstack(parts) for parts in zip(*scanned, strict=True))
    for count in sorted(set(counts.tolist()), reverse=True):
        which = np.flatnonzero(counts <= count)
        if count < best.shape[1]:
            order = np.argpartition(-best[which], max(count - 1, 0), axis=1)
            best[which[:, None], order[:, count:]] = -np.inf
    longest = int(counts.max())
    if best.shape[1] > longest:
        kept = np.argpartition(-best, longest - 1, axis=1)[:, :longest]
        best, slots = np.take_along_axis(best, kept, 1), np.take_along_axis(slots, kept, 1)
    return best, slots


def _widened(estimates: Vector, slots: Slots, width: int) -> tuple[Vector, Slots]:
    more = ((0, 0), (0, width - estimates.shape[1]))
    return np.pad(estimates, more, constant_values=-np.inf), np.pad(slots, more)


def _name(layout: Layout) -> int:
    return MIXED if layout.mixed else layout.mask

"""Everyone enrolled, searched in three looks: codes of all, exact cosines of a thousand, minutiae of a few."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from matcher.calibrate import Calibration
from matcher.evidence import Person
from matcher.fuse import modality, require_comparable
from matcher.gallery import files
from matcher.gallery.any_finger import FINGER_PLACES, any_finger_look, one_finger_probes
from matcher.gallery.close_look import close_look
from matcher.gallery.coder import Coder, train, unit
from matcher.gallery.layout import Probe
from matcher.gallery.records import COLD, FACE, POSITIONS, Records, columns, records_of
from matcher.gallery.second_look import SecondLook
from matcher.gallery.short_list import ShortList
from matcher.gallery.store import Slots, Store, View
from matcher.parameters import (
    ANY_FINGER_LIST,
    CANDIDATES_RETURNED,
    COMPACT_FROM,
    COMPACT_LEAST,
    FACE_CODES,
    FINGER_CODES,
    RETRAIN_FROM,
    RETRAIN_GROWTH,
    RETRAIN_SAMPLE,
    SHORT_LISTS,
    TRAIN_LEAST,
)
from matcher.types import Candidate, Template, Vector

T = TypeVar("T")
R = TypeVar("R")
_log = logging.getLogger(__name__)
_BULK = 4096
_CODES = {"face": FACE_CODES, "finger": FINGER_CODES}


class Gallery:
    """People by key (int64, ≥ 0). Any thread may call; a search sees all additions or removals that returned before it.

    dimensions, calibrations, coders: by modality. threads: what one search may use. mapped: once saved, vectors and
    minutiae are read from the disk as they are needed, and memory holds the short list and where they are.
    """

    def __init__(
        self,
        dimensions: Mapping[str, int],
        calibrations: Mapping[str, Calibration],
        coders: Mapping[str, Coder],
        threads: int = 1,
        *,
        mapped: bool = False,
    ) -> None:
        self._dimensions = dimensions
        self._calibrations = calibrations
        self._lines = {name: found.line for name, found in calibrations.items()}
        self._models = {name: found.model for name, found in calibrations.items()}
        self._store = Store(dimensions)
        self._short = ShortList(coders, self._lines)
        self._mapped = mapped
        self._lock = threading.RLock()
        self._replacements = 0
        self._rebuilding = threading.Lock()
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="search")

    def __len__(self) -> int:
        return len(self._store)

    def __contains__(self, key: int) -> bool:
        return self._store.slot_of(key) is not None

    def people(self) -> Iterator[tuple[int, tuple[Template, ...]]]:
        """Everyone's key and templates, as they were when the first was asked for."""
        with self._lock:
            view = self._store.view()
        for slot in np.flatnonzero(view.alive).tolist():
            yield view.person(slot, self._models)

    def add(self, key: int, templates: Sequence[Template]) -> None:
        """Enrol a person, or add captures to one already there. Raises TemplatesIncomparable for other models."""
        self.add_many([(key, templates)])

    def add_many(self, people: Iterable[tuple[int, Sequence[Template]]]) -> None:
        """`add` for many (key, templates), in bulk."""
        waiting = iter(people)
        while batch := list(islice(waiting, _BULK)):
            joined: dict[int, tuple[Template, ...]] = {}
            for key, templates in batch:
                require_comparable(templates, self._calibrations)
                joined[key] = (*joined.get(key, ()), *templates)
            with self._lock:
                view = self._store.view()
                for key in joined:
                    slot = self._store.slot_of(key)
                    if slot is not None:
                        joined[key] = (*view.person(slot, self._models)[1], *joined[key])
                self.add_records(records_of(list(joined.items()), self._dimensions))

    def replace(self, key: int, templates: Sequence[Template]) -> None:
        """Enrol a person in place of whoever has the key: no search finds neither. Raises TemplatesIncomparable."""
        require_comparable(templates, self._calibrations)
        self.add_records(records_of([(key, templates)], self._dimensions))

    def add_records(self, records: Records) -> None:
        """Enrol people packed already, each once; they replace whoever had their keys."""
        with self._lock:
            for key in records.keys.tolist():
                self._replacements += self._store.remove(key)
            slots = self._store.add(records)
            self._short.add(records, slots)
        self._rebuild_if_wanted()

    def remove(self, key: int) -> None:
        """Forget a person; unknown keys are no error. Gone from every later search."""
        with self._lock:
            self._store.remove(key)
        self._rebuild_if_wanted()

    def search(self, templates: Sequence[Template], limit: int = CANDIDATES_RETURNED) -> list[Candidate]:
        """The people most likely the probe's own, best first, equal evidence by key; at most `limit`.

        People without a position in common are not named, nor strangers whom the vectors already tell apart. Raises
        TemplatesIncomparable for templates of other models.
        """
        return self.search_many([templates], limit)[0]

    def search_any_finger(self, templates: Sequence[Template], limit: int = CANDIDATES_RETURNED) -> list[Candidate]:
        """`search` by fingers whose positions are unknown or doubtful: each may be any of a person's.

        A finger's evidence says at which position it was found. Ten short lists a finger make it slower than `search`.
        """
        require_comparable(templates, self._calibrations)
        person = Person(templates)
        probe = Probe.of(person)
        if set(probe.captures) <= {FACE}:
            return self.search(templates, limit)
        probes = one_finger_probes(probe)
        lists, view = self._short_lists(probes, ANY_FINGER_LIST * len(FINGER_PLACES) // len(probes))
        slots = np.unique(np.concatenate(lists))
        return any_finger_look(person, slots, view, self._look, self._calibrations, limit, self._each)

    def search_many(
        self, probes: Sequence[Sequence[Template]], limit: int = CANDIDATES_RETURNED
    ) -> list[list[Candidate]]:
        """`search` for many at once, in their order; the short list is read once for all with the same positions."""
        people, slots, view = self._first_look(probes)
        run = self._each if len(probes) == 1 else map  # with many, every thread has searches of its own

        def best(i: int) -> list[Candidate]:
            seen = self._look(Probe.of(people[i])).see(slots[i], view)
            return close_look(people[i], seen, view, self._calibrations, limit, run)

        return list(self._each(best, range(len(people))))

    def nearest_many(self, probes: Sequence[Sequence[Template]], limit: int) -> list[list[tuple[int, float]]]:
        """What the vectors alone say: keys and linear log10 LR of the best, by probe; minutiae are not compared."""
        people, slots, view = self._first_look(probes)

        def best(i: int) -> list[tuple[int, float]]:
            seen = self._look(Probe.of(people[i])).see(slots[i], view)
            ratios = np.where(seen.captures.any(axis=1), seen.ratios, -np.inf)  # not of those erased meanwhile
            order = [at for at in np.argsort(-ratios, kind="stable")[:limit].tolist() if np.isfinite(ratios[at])]
            return [(view.key(int(slots[i][at])), float(ratios[at])) for at in order]

        return list(self._each(best, range(len(people))))

    @property
    def bytes_held(self) -> tuple[int, int, int]:
        """Of the short list, which every search reads; with what a mapped gallery keeps in memory; of everything."""
        with self._lock:
            hot = sum(
                block.index.codes.size() + block.slots.nbytes + block.masks.nbytes for block in self._short.blocks
            )
            records = self._store.view().segments
        sizes = {name: sum(getattr(one, name).nbytes for one in records) for name in columns()}
        return hot, hot + sum(size for name, size in sizes.items() if name not in COLD), hot + sum(sizes.values())

    @property
    def rebuilding(self) -> bool:
        """Whether codes are being made anew in the background."""
        return self._rebuilding.locked()

    @property
    def wants_rebuilding(self) -> bool:
        """Whether codes are for a much smaller gallery, or many rows for people who were removed."""
        size, trained_on = len(self._store), self._short.trained_on
        outgrown = size >= max(RETRAIN_FROM, RETRAIN_GROWTH * trained_on)
        dead = len(self._short) - size
        return outgrown or dead > max(COMPACT_LEAST, COMPACT_FROM * len(self._short))

    def rebuild(self) -> None:
        """Train the codes on those enrolled, make them anew, and where many were removed drop what is kept of them.

        Searches and additions go on meanwhile; a second call while one runs returns at once.
        """
        if not self._rebuilding.acquire(blocking=False):
            return
        try:
            self._rebuild(COMPACT_FROM)
        finally:
            self._rebuilding.release()

    def compact(self) -> None:
        """`rebuild`, after which nothing is kept of anybody removed before the call, in memory or in later snapshots.

        Waits for a rebuilding under way.
        """
        with self._rebuilding:
            self._rebuild(0)

    def save(self, folder: Path, stamp: files.Stamp) -> None:
        """Write everybody into `folder` in place of what it held, or leave it as it was; what is full only once."""
        with self._lock:
            contents = files.contents_of(self._store, self._short)
        files.write(folder, stamp, contents)
        if self._mapped:
            files.release(folder, self._store)

    def load(self, folder: Path, models: Mapping[str, str]) -> int:
        """Replace everybody by those saved, and return the sequence number saved with them.

        Raises FileNotFoundError, or GalleryDamaged when files are not as they were written, or of other models.
        """
        store = Store(self._dimensions)
        sequence, short = files.read(folder, models, store, self._lines, self._each, mapped=self._mapped)
        with self._rebuilding, self._lock:  # codes being made are of the store that was
            self._store, self._short = store, short
        return sequence

    def _short_lists(self, probes: Sequence[Probe], length: int | None = None) -> tuple[list[Slots], View]:
        """The slots worth a second look, for each probe, and the records behind them.

        length: instead of what a probe's codes ask for. Others may add and remove meanwhile. But somebody whose
        captures are replaced moves to another row, and a scan may have passed the one too early and the other too
        late; so if that happened, it is done once more while nobody can.
        """
        with self._lock:
            store, short, before = self._store, self._short, self._replacements
        found = self._scanned(probes, store, short, length)
        with self._lock:
            if self._replacements != before:
                store, found = self._store, self._scanned(probes, self._store, self._short, length)
            return found, store.view()

    def _scanned(self, probes: Sequence[Probe], store: Store, short: ShortList, length: int | None) -> list[Slots]:
        """What the short list says, by probe."""
        found: list[Slots] = [np.zeros(0, np.int64)] * len(probes)
        by_mask: dict[int, list[int]] = {}
        for at, probe in enumerate(probes):
            by_mask.setdefault(probe.mask, []).append(at)
        for which in by_mask.values():
            by_common = _short_list_length if length is None else lambda _, length=length: length
            lists = short.search([probes[at] for at in which], by_common, lambda: store.alive, self._each)
            for at, slots in zip(which, lists, strict=True):
                found[at] = slots
        return found

    def _first_look(self, probes: Sequence[Sequence[Template]]) -> tuple[list[Person], list[Slots], View]:
        """The probes as people, the slots short-listed for each, and the records behind those."""
        for templates in probes:
            require_comparable(templates, self._calibrations)
        people = [Person(templates) for templates in probes]
        slots, view = self._short_lists([Probe.of(person) for person in people])
        return people, slots, view

    def _look(self, probe: Probe) -> SecondLook:
        return SecondLook(probe, self._lines, self._dimensions)

    def _rebuild_if_wanted(self) -> None:
        if self.wants_rebuilding and not self.rebuilding:
            threading.Thread(target=self.rebuild, name="gallery-rebuild", daemon=True).start()

    def _rebuild(self, compact_from: float) -> None:
        with self._lock:
            view, trained_on = self._store.view(), len(self._store)
        coders = {
            name: train(vectors, _CODES[name]) if len(vectors) >= TRAIN_LEAST else self._short.coders[name]
            for name, vectors in _sample(view).items()
        }
        fresh = ShortList(coders, self._lines, trained_on)
        done = _refill(fresh, view, 0)
        full = len(self._store.full)
        self._store.compact(compact_from)
        with self._lock:
            self._store.compact(compact_from, full)  # what became full meanwhile
            self._store.compact_open(compact_from)
            _refill(fresh, self._store.view(), done)
            self._short = fresh
        _log.info("gallery_rebuilt", extra={"people": trained_on})

    def _each(self, function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        """Map over items with all threads; a single item stays in the caller's."""
        items = list(items)
        return map(function, items) if len(items) < 2 else self._pool.map(function, items)


def _short_list_length(common: int) -> int:
    """By the mask of the positions that probe and people have in common."""
    codes = sum(_CODES[modality(position)] for place, position in enumerate(POSITIONS) if common >> place & 1)
    return next(length for least, length in SHORT_LISTS if codes >= least)


def _refill(short: ShortList, view: View, start: int) -> int:
    """Append whoever is alive from slot `start` on; where the next call is to begin."""
    end = 0
    for records in view.segments:
        slots = np.arange(end, end + len(records))
        end += len(records)
        skipped = max(start - int(slots[0]), 0) if len(slots) else 0
        slots, records = slots[skipped:], records[skipped:]
        gone = ~view.alive[slots]
        short.add(records.without(gone) if gone.any() else records, slots)
    return end


def _sample(view: View) -> dict[str, Vector]:
    """Vectors to train coders on, from all over the gallery, RETRAIN_SAMPLE or fewer of each modality."""
    rng = np.random.default_rng(len(view.alive))
    faces = [records.faces for records in view.segments]
    fingers = [records.fingers for records in view.segments]
    return {
        "face": unit(np.concatenate([one[_some(rng, len(one), faces)] for one in faces]).astype(np.float32)),
        "finger": unit(np.concatenate([one[_some(rng, len(one), fingers)] for one in fingers]).astype(np.float32)),
    }


def _some(rng: np.random.Generator, rows: int, parts: Sequence[NDArray[Any]]) -> NDArray[np.int64]:
    """A part's share of the sample, in order."""
    share = min(1.0, RETRAIN_SAMPLE / max(sum(map(len, parts)), 1))
    return np.sort(rng.choice(rows, int(rows * share), replace=False))

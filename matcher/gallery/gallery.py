"""Everyone enrolled, searched in three stages: codes of all, exact cosines of a thousand, minutiae of a few."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, islice
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from matcher.calibrate import Calibration
from matcher.cores import Run, yield_cores
from matcher.evidence import Person
from matcher.fuse import HYPOTHESES, require_comparable
from matcher.gallery import files
from matcher.gallery.coder import CODES, Coder, train, unit
from matcher.gallery.layout import Probe
from matcher.gallery.minutiae_comparison import compare_minutiae
from matcher.gallery.preselection import Preselection
from matcher.gallery.records import COLD, Column, Records, columns, records_of
from matcher.gallery.store import Slots, Store, View
from matcher.gallery.vector_comparison import VectorComparator
from matcher.gallery.ways import Way, ways_of
from matcher.parameters import (
    CANDIDATES_RETURNED,
    COMPACT_FROM,
    COMPACT_LEAST,
    RETRAIN_FROM,
    RETRAIN_GROWTH,
    RETRAIN_SAMPLE,
    TRAIN_LEAST,
)
from matcher.rarity import Rarity
from matcher.readings import Readings, merged
from matcher.types import Candidate, Hypothesis, Position, Template, Vector

T = TypeVar("T")
R = TypeVar("R")
_log = logging.getLogger(__name__)
_BULK = 4096
_NOBODY = np.zeros(0, np.int64)
_STATED = (Hypothesis.AS_STATED,)


@dataclass(frozen=True)
class _Sought:
    """Templates of one probe or reading. among: the hypotheses that count. aside: see `compare_minutiae`."""

    templates: Sequence[Template]
    among: Sequence[Hypothesis]
    aside: bool = False

    @cached_property
    def person(self) -> Person:
        return Person(self.templates)


class Gallery:
    """People by key (int64, ≥ 0). Any thread may call; a search sees all additions and removals that returned before
    it.

    dimensions, calibrations, coders: by modality. threads: the number that one search may use. mapped: once saved,
    vectors and minutiae are read from the disk as they are needed; memory holds the codes and the offsets.
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
        self._rarity = Rarity(calibrations)
        self._store = Store(dimensions)
        self._preselection = Preselection(coders, self._lines)
        self._mapped = mapped
        self._lock = threading.RLock()
        self._replacements = 0
        self._rebuilding = threading.Lock()
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="search", initializer=yield_cores)

    def __len__(self) -> int:
        return len(self._store)

    def __contains__(self, key: int) -> bool:
        return self._store.slot_of(key) is not None

    def people(self) -> Iterator[tuple[int, tuple[Template, ...]]]:
        """Everyone's key and templates, as they are when the first is requested."""
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

    def replace(self, people: Mapping[int, Sequence[Template]]) -> None:
        """Enrol people in place of those with these keys, atomically: searches see the old or the new record.

        Raises TemplatesIncomparable for templates of other models.
        """
        for templates in people.values():
            require_comparable(templates, self._calibrations)
        self.add_records(records_of(list(people.items()), self._dimensions))

    def add_records(self, records: Records) -> None:
        """Enrol people who are packed already, each once; they replace the people with these keys."""
        with self._lock:
            for key in records.keys.tolist():
                self._replacements += self._store.remove(key)
            slots = self._store.add(records)
            self._preselection.add(records, slots)
        self._rebuild_if_wanted()

    def remove(self, key: int) -> None:
        """Forget a person, who is absent from every later search. An unknown key is no error."""
        with self._lock:
            self._store.remove(key)
        self._rebuild_if_wanted()

    def search(
        self,
        templates: Sequence[Template],
        limit: int = CANDIDATES_RETURNED,
        among: Sequence[Hypothesis] = HYPOTHESES,
    ) -> list[Candidate]:
        """The people most likely the probe's own, as `ranked` has them; at most `limit`.

        among: the hypotheses that count. Left out are people who can be compared by none of them, and people ruled out
        by their vectors. Raises TemplatesIncomparable for templates of other models.
        """
        return self.search_many([templates], limit, among)[0]

    def search_many(
        self,
        probes: Sequence[Sequence[Template]],
        limit: int = CANDIDATES_RETURNED,
        among: Sequence[Hypothesis] = HYPOTHESES,
        *,
        readings: Readings | None = None,
    ) -> list[list[Candidate]]:
        """`search` for many probes at once, in their order; codes are read once for all.

        readings: others of each probe. They are searched as stated, and only what is clear counts.
        """
        of_each: Readings = readings or [[]] * len(probes)
        read = [[_Sought(one.templates, _STATED, aside=True) for one in some] for some in of_each]
        given = [_Sought(templates, among) for templates in probes] if among else []
        slots, view = self._preselected_for([*given, *chain.from_iterable(read)])
        each = zip([*given, *chain.from_iterable(read)], slots, strict=True)
        own = [[one] for one in islice(each, len(given))] or [[] for _ in probes]
        work = [[*one, *islice(each, len(some))] for one, some in zip(own, read, strict=True)]

        def found(run: Run, one: tuple[_Sought, Slots], view: View) -> list[Candidate]:
            return self._found(*one, view, limit, run)

        def found_of(some: Sequence[tuple[_Sought, Slots]]) -> list[list[Candidate]]:
            opened = _opened(some, view, map)
            return [found(map, one, opened) for one in some]

        if len(given) == 1:  # its readings wait for a thread while it shares out its comparisons
            view = _opened(work[0], view, self._each)
            others = [self._pool.submit(found, map, one, view) for one in work[0][1:]]
            lists = [[found(self._each, work[0][0], view), *(one.result() for one in others)]]
        else:
            lists = list(self._each(found_of, work))
        return [
            merged(some.pop(0) if given else [], list(zip(readings_of, some, strict=True)), limit)
            for some, readings_of in zip(lists, of_each, strict=True)
        ]

    def nearest_many(self, probes: Sequence[Sequence[Template]], limit: int) -> list[list[tuple[int, float]]]:
        """Keys and linear log10 LR of the best as stated, by probe, by the vectors alone: minutiae are not compared."""
        sought = [_Sought(templates, _STATED) for templates in probes]
        slots, view = self._preselected_for(sought)

        def best(i: int) -> list[tuple[int, float]]:
            vectors = self._comparator(sought[i].person).compare(slots[i], view)
            ratios = vectors.linear.under(Hypothesis.AS_STATED)
            order = [at for at in np.argsort(-ratios, kind="stable")[:limit].tolist() if np.isfinite(ratios[at])]
            return [(view.key(int(slots[i][at])), float(ratios[at])) for at in order]

        return list(self._each(best, range(len(sought))))

    def preselected_many(
        self, probes: Sequence[Sequence[Template]], readings: Readings | None = None
    ) -> list[set[int]]:
        """Keys of the people whose vectors a search would compare with a probe or a reading of it, by probe."""
        read = readings or [[]] * len(probes)
        found = []
        for templates, some in zip(probes, read, strict=True):
            sought = [_Sought(templates, HYPOTHESES), *(_Sought(one.templates, _STATED, aside=True) for one in some)]
            slots, view = self._preselected_for(sought)
            found.append({view.key(slot) for slot in np.concatenate(slots).tolist()})
        return found

    @property
    def bytes_held(self) -> tuple[int, int, int]:
        """Bytes that every search reads (the codes); that a mapped gallery keeps in memory; of everything."""
        with self._lock:
            hot = sum(
                block.index.codes.size() + block.slots.nbytes + block.masks.nbytes
                for block in self._preselection.blocks
            )
            records = self._store.view().segments
        sizes = {name: sum(getattr(one, name).nbytes for one in records) for name in columns()}
        return hot, hot + sum(size for name, size in sizes.items() if name not in COLD), hot + sum(sizes.values())

    @property
    def rebuilding(self) -> bool:
        """Whether a rebuild runs in the background."""
        return self._rebuilding.locked()

    @property
    def wants_rebuilding(self) -> bool:
        """Whether the codes were trained on a much smaller gallery, or many rows belong to removed people."""
        size, rows = len(self._store), len(self._preselection)
        outgrown = size >= max(RETRAIN_FROM, RETRAIN_GROWTH * self._preselection.trained_on)
        return outgrown or rows - size > max(COMPACT_LEAST, COMPACT_FROM * rows)

    def rebuild(self) -> None:
        """Train the coders on the people enrolled and code everyone anew. Segments with many removed people drop them.

        Searches and additions go on meanwhile. A second call while one runs returns at once.
        """
        if not self._rebuilding.acquire(blocking=False):
            return
        try:
            self._rebuild(COMPACT_FROM)
        finally:
            self._rebuilding.release()

    def compact(self) -> None:
        """`rebuild`, and keep nothing of people removed before the call, in memory or in later snapshots.

        Waits for a rebuild that is running.
        """
        with self._rebuilding:
            self._rebuild(0)

    def save(self, folder: Path, stamp: files.Stamp, seal: files.Seal | None = None) -> None:
        """Write everyone into `folder`, atomically: it then holds the new snapshot or, after a failure, the old one.

        Full segments and blocks are written only once; later snapshots link to them. seal: seals all that is written.
        """
        with self._lock:
            contents = files.contents_of(self._store, self._preselection, mapped=self._mapped)
        files.write(folder, stamp, contents, seal)
        if self._mapped:
            files.release(self._store)

    def load(self, folder: Path, models: Mapping[str, str], unseal: files.Unseal | None = None) -> int:
        """Replace everyone by those saved, and return the sequence number saved with them.

        unseal: opens what was sealed. Raises FileNotFoundError, or GalleryDamaged if files are not as they were
        written, or of other models.
        """
        store, lines = Store(self._dimensions), self._lines
        sequence, preselection = files.read(
            folder, models, store, lines, self._each, mapped=self._mapped, unseal=unseal
        )
        with self._rebuilding, self._lock:  # a rebuild that runs is of the old store
            self._store, self._preselection = store, preselection
        return sequence

    def _preselected_for(self, sought: Sequence[_Sought]) -> tuple[list[Slots], View]:
        """The slots preselected for each, and the records of these slots."""
        for one in sought:
            require_comparable(one.templates, self._calibrations)
        ways = [ways_of(Probe.of(one.person), one.among, aside=one.aside) for one in sought]
        found, view = self._preselected([way for some in ways for way in some])
        of_each = iter(found)
        return [np.unique(np.concatenate([_NOBODY, *islice(of_each, len(some))])) for some in ways], view

    def _found(self, sought: _Sought, slots: Slots, view: View, limit: int, run: Run) -> list[Candidate]:
        vectors = self._comparator(sought.person).compare(slots, view, run)
        return compare_minutiae(
            sought.person,
            vectors,
            view,
            self._calibrations,
            self._rarity,
            limit=limit,
            run=run,
            among=sought.among,
            aside=sought.aside,
        )

    def _preselected(self, ways: Sequence[Way]) -> tuple[list[Slots], View]:
        """The slots worth a vector comparison, for each way, and the records of these slots.

        Other threads may add and remove meanwhile. But a person with replaced captures moves to another row, and a
        scan may read the new row's block too early and the old row too late. So after a replacement the scan is
        repeated, with the lock held.
        """
        with self._lock:
            store, preselection, before = self._store, self._preselection, self._replacements
        found = preselection.search(ways, lambda: store.alive, self._each)
        with self._lock:
            if self._replacements != before:
                store = self._store  # in this thread: those of the pool may have much to do, and all wait for the lock
                found = self._preselection.search(ways, lambda: store.alive, map)
            return found, store.view()

    def _comparator(self, person: Person) -> VectorComparator:
        return VectorComparator(Probe.of(person), self._lines, self._dimensions)

    def _rebuild_if_wanted(self) -> None:
        if self.wants_rebuilding and not self.rebuilding:
            threading.Thread(target=self.rebuild, name="gallery-rebuild", daemon=True).start()

    def _rebuild(self, compact_from: float) -> None:
        with self._lock:
            view, trained_on = self._store.view(), len(self._store)
        coders = {
            name: train(vectors, CODES[name]) if len(vectors) >= TRAIN_LEAST else self._preselection.coders[name]
            for name, vectors in _sample(view).items()
        }
        fresh = Preselection(coders, self._lines, trained_on)
        done = _refill(fresh, view, 0)
        full = len(self._store.full)
        self._store.compact(compact_from)
        with self._lock:
            self._store.compact(compact_from, full)  # segments that became full meanwhile
            self._store.compact_open(compact_from)
            _refill(fresh, self._store.view(), done)
            self._preselection = fresh
        _log.info("gallery_rebuilt", extra={"people": trained_on})

    def _each(self, function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        """Map over items with all threads; a single item stays in the caller's."""
        items = list(items)
        return map(function, items) if len(items) < 2 else self._pool.map(function, items)


def _opened(work: Sequence[tuple[_Sought, Slots]], view: View, run: Run) -> View:
    """With the vectors of one probe and its readings, most of whom are compared with the same people."""
    positions = {one.position for sought, _ in work for one in sought.templates}
    fingers = any(position.is_finger for position in positions)
    slots = np.concatenate([_NOBODY, *(some for _, some in work)])
    return view.with_vectors(slots, run, faces=Position.FACE in positions, fingers=fingers)


def _refill(preselection: Preselection, view: View, start: int) -> int:
    """Append the people who are alive from slot `start` on; return the slot at which the next call should start."""
    end = 0
    for records in view.segments:
        slots = np.arange(end, end + len(records))
        end += len(records)
        skipped = max(start - int(slots[0]), 0) if len(slots) else 0
        slots, records = slots[skipped:], records[skipped:]
        gone = ~view.alive[slots]
        preselection.add(records.without(gone) if gone.any() else records, slots)
    return end


def _sample(view: View) -> dict[str, Vector]:
    """Vectors to train coders on, from all segments, RETRAIN_SAMPLE or fewer per modality."""
    rng = np.random.default_rng(len(view.alive))
    faces = [records.faces for records in view.segments]
    fingers = [records.fingers for records in view.segments]
    return {
        "face": unit(np.concatenate([one[_some(rng, len(one), faces)] for one in faces]).astype(np.float32)),
        "finger": unit(np.concatenate([one[_some(rng, len(one), fingers)] for one in fingers]).astype(np.float32)),
    }


def _some(rng: np.random.Generator, rows: int, parts: Sequence[Column]) -> NDArray[np.int64]:
    """The rows of one part that enter the sample, in order."""
    share = min(1.0, RETRAIN_SAMPLE / max(sum(map(len, parts)), 1))
    return np.sort(rng.choice(rows, int(rows * share), replace=False))

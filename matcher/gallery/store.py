"""Everyone's records under a small number each, the slot, which is given once and never again.

Records lie in segments. A full segment never changes until it is compacted, so it is written to disk only once, and it
may be read from there one page at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matcher.cores import Run
from matcher.gallery.growable import GrowableArray
from matcher.gallery.prefetch import prefetch_all, prefetch_vectors
from matcher.gallery.records import COLD, Records, columns
from matcher.gallery.sealed_file import SealedFile
from matcher.gallery.sealed_rows import SealedRows
from matcher.parameters import SEGMENT_PEOPLE, VECTORS_PER_TASK
from matcher.types import Template

Slots = NDArray[np.int64]
Proof = str | SealedFile
"""The SHA-256 of a plain file, or what opens a sealed one."""
Saved = tuple[Path, Proof]
"""A file of a snapshot."""
_OFFSETS = ("first", "faces_before", "minutiae_first")


class Segment:
    """Up to SEGMENT_PEOPLE people. saved: the files of a full one, once written, by name."""

    def __init__(self, records: Records) -> None:
        self.records = records
        self.saved: dict[str, Saved] | None = None
        rising = bool((np.diff(records.keys) > 0).all())  # as of people enrolled one after the other
        self._order = None if rising else np.argsort(records.keys, kind="stable")
        self._sorted = records.keys if self._order is None else records.keys[self._order]
        self.low, self.high = (int(self._sorted[0]), int(self._sorted[-1])) if len(records) else (0, -1)

    def rows_of(self, key: int) -> NDArray[np.int64]:
        """The rows of a key, alive or not."""
        start, stop = np.searchsorted(self._sorted, [key, key + 1])
        return np.arange(start, stop) if self._order is None else self._order[start:stop]


class OpenSegment:
    """The last segment, to which people are still added."""

    def __init__(self, start: Records) -> None:
        self._columns = {
            name: GrowableArray((rows := getattr(start, name)).dtype, rows.shape[1:], rows) for name in columns()
        }

    def __len__(self) -> int:
        return len(self._columns["keys"])

    @property
    def records(self) -> Records:
        """Everyone so far; people appended later do not show."""
        return Records(**{name: column.rows for name, column in self._columns.items()})

    def append(self, records: Records) -> None:
        for name, column in self._columns.items():
            rows: NDArray[Any] = getattr(records, name)
            column.append(rows[1:] + column.rows[-1] if name in _OFFSETS else rows)


@dataclass(frozen=True, slots=True)
class View:
    """Records by segment, as they were at one moment. alive: bool, by slot; removals show, additions do not.

    opened: parts of the people whose sealed vectors are in memory, by slot: rising slots, records, and the rows there.
    """

    segments: list[Records]
    alive: NDArray[np.bool_]
    opened: Sequence[tuple[Slots, Records, NDArray[np.int64]]] = ()

    def with_vectors(self, slots: Slots, run: Run, *, faces: bool, fingers: bool) -> View:
        """The same, with the vectors of these people in memory if they are sealed: for who compares them repeatedly.

        run: maps a function over parts with all threads it may use. faces, fingers: which are wanted.
        """
        if not any(isinstance(one.faces, SealedRows) for one in self.segments):
            return self
        slots = np.unique(slots)
        parts = [
            (some, records, of_part)
            for records, rows, which in self.located(slots)
            for some, of_part in zip(_in_parts(slots[which]), _in_parts(rows), strict=True)
        ]

        def opened(part: tuple[Slots, Records, NDArray[np.int64]]) -> tuple[Slots, Records, NDArray[np.int64]]:
            some, records, rows = part
            return some, *records.vectors_of(rows, faces=faces, fingers=fingers)

        return replace(self, opened=list(run(opened, parts)))

    def vectors_of(
        self, slots: Slots, *, faces: bool, fingers: bool
    ) -> Iterator[tuple[Records, NDArray[np.int64], NDArray[np.intp]]]:
        """Like `located`, of records whose vectors need not be opened. Where some are opened, all of `slots` are."""
        if not self.opened:
            parts = list(self.located(slots))
            for records, rows, _ in parts:
                prefetch_vectors(records, rows, faces=faces, fingers=fingers)
            for records, rows, which in parts:
                yield *records.vectors_of(rows, faces=faces, fingers=fingers), which
            return
        numbers = np.searchsorted([some[0] for some, _, _ in self.opened], slots, side="right") - 1
        for number in np.unique(numbers).tolist():
            which = np.flatnonzero(numbers == number)
            some, records, rows = self.opened[number]
            yield records, rows[np.searchsorted(some, slots[which])], which

    def located(self, slots: Slots) -> Iterator[tuple[Records, NDArray[np.int64], NDArray[np.intp]]]:
        """For each segment that holds some of the slots: its records, the rows there, and which of `slots` they are."""
        segments = slots // SEGMENT_PEOPLE
        for number in np.unique(segments).tolist():
            which = np.flatnonzero(segments == number)
            yield self.segments[number], slots[which] % SEGMENT_PEOPLE, which

    def key(self, slot: int) -> int:
        """The key of the person in a slot."""
        return int(self.segments[slot // SEGMENT_PEOPLE].keys[slot % SEGMENT_PEOPLE])

    def person(self, slot: int, models: Mapping[str, str]) -> tuple[int, tuple[Template, ...]]:
        """Key and templates of one person. models: by modality."""
        return self.key(slot), self.segments[slot // SEGMENT_PEOPLE].templates(slot % SEGMENT_PEOPLE, models)


class Store:
    """Slots 0 to n − 1. One writer at a time. dimensions: by modality."""

    def __init__(self, dimensions: Mapping[str, int]) -> None:
        self._empty = _empty_records(dimensions["face"], dimensions["finger"])
        self.full: list[Segment] = []
        self.open = OpenSegment(self._empty)
        self._recent: dict[int, int] = {}
        self._alive = GrowableArray(np.bool_)
        self._living = 0

    def restore(self, segments: list[Records], alive: NDArray[np.bool_]) -> None:
        """Take everyone as read from disk; all segments but the last are full."""
        for records in segments:
            if len(records) == SEGMENT_PEOPLE:
                self.full.append(Segment(records))
            else:
                self.open = OpenSegment(records)
        self._alive = GrowableArray(np.bool_, (), alive)
        self._living = int(np.count_nonzero(alive))
        base = len(self.full) * SEGMENT_PEOPLE
        self._recent = {key: base + row for row, key in enumerate(self.open.records.keys.tolist()) if alive[base + row]}

    def __len__(self) -> int:
        """The people who have not been removed."""
        return self._living

    @property
    def slots(self) -> int:
        """Slots given so far."""
        return len(self._alive)

    @property
    def alive(self) -> NDArray[np.bool_]:
        """The slots of people who have not been removed: bool, by slot."""
        return self._alive.rows

    def add(self, records: Records) -> Slots:
        """Append people and return their slots. People already here under one of the keys must be removed first."""
        start = self.slots
        while len(records):
            room = SEGMENT_PEOPLE - len(self.open)
            self._append(records[:room])
            records = records[room:]
        return np.arange(start, self.slots)

    def remove(self, key: int) -> bool:
        """Forget a person. False if there was none."""
        slot = self.slot_of(key)
        if slot is None:
            return False
        self._recent.pop(key, None)
        self._alive.rows[slot] = False
        self._living -= 1
        return True

    def slot_of(self, key: int) -> int | None:
        """The slot of a person who has not been removed, or None."""
        if key in self._recent:
            return self._recent[key]
        for number in range(len(self.full) - 1, -1, -1):
            segment = self.full[number]
            if segment.low <= key <= segment.high:
                for slot in (segment.rows_of(key) + number * SEGMENT_PEOPLE).tolist():
                    if self.alive[slot]:
                        return int(slot)
        return None

    def view(self) -> View:
        """Everyone as of now."""
        return View([segment.records for segment in self.full] + [self.open.records], self.alive)

    def compact(self, least: float, start: int = 0) -> None:
        """Drop the captures of removed people, in full segments from `start` on that have more than a share `least` of
        such people.
        """
        for number, segment in list(enumerate(self.full))[start:]:
            gone = ~self.alive[number * SEGMENT_PEOPLE : (number + 1) * SEGMENT_PEOPLE]
            if np.count_nonzero(gone & (segment.records.keys >= 0)) > least * SEGMENT_PEOPLE:
                prefetch_all(*(getattr(segment.records, name) for name in COLD))
                self.full[number] = Segment(segment.records.without(gone))

    def compact_open(self, least: float) -> None:
        """The same for the open segment, to which nothing may be appended meanwhile."""
        records, gone = self.open.records, ~self.alive[self.slots - len(self.open) :]
        if np.count_nonzero(gone & (records.keys >= 0)) > least * len(records):
            self.open = OpenSegment(records.without(gone))

    def _append(self, records: Records) -> None:
        start = self.slots
        self.open.append(records)
        self._alive.append(np.ones(len(records), np.bool_))
        self._living += len(records)
        self._recent.update(zip(records.keys.tolist(), range(start, self.slots), strict=True))
        if len(self.open) == SEGMENT_PEOPLE:
            self._seal()

    def _seal(self) -> None:
        self.full.append(Segment(self.open.records))
        self.open = OpenSegment(self._empty)
        self._recent = {}


def _in_parts(rows: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Of VECTORS_PER_TASK or more."""
    return np.array_split(rows, max(len(rows) // VECTORS_PER_TASK, 1))


def _empty_records(face: int, finger: int) -> Records:
    """No people. face, finger: length of the vectors."""
    offsets = np.zeros(1, np.int64)
    return Records(
        keys=np.zeros(0, np.int64),
        first=offsets,
        positions=np.zeros(0, np.uint8),
        faces_before=offsets,
        faces=np.zeros((0, face), np.int16),
        fingers=np.zeros((0, finger), np.int8),
        scales=np.zeros(0, np.float32),
        minutiae=np.zeros(0, np.uint8),
        minutiae_first=offsets,
    )

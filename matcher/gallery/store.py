"""Everyone's records under a small number each, the slot, given once and never again.

Records lie in segments; a full segment never changes until it is compacted, so it is kept in one set of files for good
and may be read from the disk a page at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matcher.gallery.growing import Growing
from matcher.gallery.paging import fetch_all
from matcher.gallery.records import COLD, Records, columns
from matcher.parameters import SEGMENT_PEOPLE
from matcher.types import Template

Slots = NDArray[np.int64]
Saved = tuple[Path, str]
"""A file of a snapshot, and its SHA-256."""
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
        """Where a key is, alive or not."""
        start, stop = np.searchsorted(self._sorted, [key, key + 1])
        return np.arange(start, stop) if self._order is None else self._order[start:stop]


class OpenSegment:
    """The last segment, still growing."""

    def __init__(self, start: Records) -> None:
        self._columns = {
            name: Growing((rows := getattr(start, name)).dtype, rows.shape[1:], rows) for name in columns()
        }

    def __len__(self) -> int:
        return len(self._columns["keys"])

    @property
    def records(self) -> Records:
        """Everybody so far; what is appended later does not show."""
        return Records(**{name: column.rows for name, column in self._columns.items()})

    def append(self, records: Records) -> None:
        for name, column in self._columns.items():
            rows: NDArray[Any] = getattr(records, name)
            column.append(rows[1:] + column.rows[-1] if name in _OFFSETS else rows)


@dataclass(frozen=True, slots=True)
class View:
    """Records by segment, as they were at one moment. alive: bool, by slot; removals show, additions do not."""

    segments: list[Records]
    alive: NDArray[np.bool_]

    def located(self, slots: NDArray[np.int64]) -> Iterator[tuple[Records, NDArray[np.int64], NDArray[np.intp]]]:
        """For each segment that holds some of the slots: its records, the rows there, and which of `slots` they are."""
        segments = slots // SEGMENT_PEOPLE
        for number in np.unique(segments).tolist():
            which = np.flatnonzero(segments == number)
            yield self.segments[number], slots[which] % SEGMENT_PEOPLE, which

    def key(self, slot: int) -> int:
        """Whose slot it is."""
        return int(self.segments[slot // SEGMENT_PEOPLE].keys[slot % SEGMENT_PEOPLE])

    def person(self, slot: int, models: Mapping[str, str]) -> tuple[int, tuple[Template, ...]]:
        """Key and templates of one. models: by modality."""
        return self.key(slot), self.segments[slot // SEGMENT_PEOPLE].templates(slot % SEGMENT_PEOPLE, models)


class Store:
    """Slots 0 to n − 1. One writer at a time. dimensions: by modality."""

    def __init__(self, dimensions: Mapping[str, int]) -> None:
        self._nobody = _nobody(dimensions["face"], dimensions["finger"])
        self.full: list[Segment] = []
        self.open = OpenSegment(self._nobody)
        self._recent: dict[int, int] = {}
        self._alive = Growing(np.bool_)
        self._living = 0

    def restore(self, segments: list[Records], alive: NDArray[np.bool_]) -> None:
        """Take everybody as read from disk; all segments but the last are full."""
        for records in segments:
            if len(records) == SEGMENT_PEOPLE:
                self.full.append(Segment(records))
            else:
                self.open = OpenSegment(records)
        self._alive = Growing(np.bool_, (), alive)
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
        """Which slots still stand for somebody."""
        return self._alive.rows

    def add(self, records: Records) -> NDArray[np.int64]:
        """Append people and return their slots. Whoever has one of the keys must have been removed."""
        start = self.slots
        while len(records):
            room = SEGMENT_PEOPLE - len(self.open)
            self._append(records[:room])
            records = records[room:]
        return np.arange(start, self.slots)

    def remove(self, key: int) -> bool:
        """Forget a person; whether there was one."""
        slot = self.slot_of(key)
        if slot is None:
            return False
        self._recent.pop(key, None)
        self._alive.rows[slot] = False
        self._living -= 1
        return True

    def slot_of(self, key: int) -> int | None:
        """The slot of a person who is here."""
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
        """Everybody as of now."""
        return View([segment.records for segment in self.full] + [self.open.records], self.alive)

    def compact(self, least: float, start: int = 0) -> None:
        """Drop the captures of the removed from full segments, from `start` on, of which more than `least` are gone."""
        for number, segment in list(enumerate(self.full))[start:]:
            gone = ~self.alive[number * SEGMENT_PEOPLE : (number + 1) * SEGMENT_PEOPLE]
            if np.count_nonzero(gone & (segment.records.keys >= 0)) > least * SEGMENT_PEOPLE:
                fetch_all(*(getattr(segment.records, name) for name in COLD))
                self.full[number] = Segment(segment.records.without(gone))

    def compact_open(self, least: float) -> None:
        """The same of the segment still growing, to which nothing may be appended meanwhile."""
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
        self.open = OpenSegment(self._nobody)
        self._recent = {}


def _nobody(face: int, finger: int) -> Records:
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

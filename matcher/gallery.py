"""Everyone enrolled, searched in three steps: a fused short list, exact cosines, minutiae of the most promising.

Every person is one row of `PersonSpace`, which FAISS keeps under a small number, the slot, used again after removal.
Arrays over slots then say at once who has a position in common with a probe.
"""

import threading
from collections.abc import Iterable, Mapping, Sequence

import faiss
import numpy as np

from matcher.calibrate import Calibration
from matcher.evidence import Person, cosine_ratios, judge
from matcher.fuse import PersonSpace, ranked, require_comparable
from matcher.parameters import CANDIDATES_RETURNED, CLOSE_COMPARISONS, CLOSE_FLOOR, CLOSE_LEAST, SHORT_LIST
from matcher.types import Candidate, Position, Template

_BULK = 4096
_BIT = {position: 1 << index for index, position in enumerate(Position)}


class Gallery:
    """People by key (int64, ≥ 0). Any thread may call; a search sees all additions or removals that returned before it.

    dimensions: of the vector of each modality. calibrations: by modality. threads: what one search may use in FAISS.
    """

    def __init__(
        self, dimensions: Mapping[str, int], calibrations: Mapping[str, Calibration], threads: int = 1
    ) -> None:
        self._calibrations = calibrations
        self._space = PersonSpace(dimensions, {name: found.line for name, found in calibrations.items()})
        self._threads = threads
        self._index = faiss.IndexIDMap2(faiss.IndexFlatIP(self._space.dimension))
        self._people: dict[int, Person] = {}
        self._slots: dict[int, int] = {}
        self._free: list[int] = []
        self._keys = np.zeros(0, np.int64)
        self._positions = np.zeros(0, np.uint16)
        self._lock = threading.RLock()

    def __len__(self) -> int:
        return len(self._people)

    def __contains__(self, key: int) -> bool:
        return key in self._people

    def people(self) -> list[tuple[int, tuple[Template, ...]]]:
        """Everyone's key and templates, as they are at this moment."""
        with self._lock:
            return [(key, person.templates) for key, person in self._people.items()]

    def add(self, key: int, templates: Sequence[Template]) -> None:
        """Enrol a person, or add captures to one already there. Raises TemplatesIncomparable for other models."""
        self.add_many([(key, templates)])

    def add_many(self, people: Iterable[tuple[int, Sequence[Template]]]) -> None:
        """`add` for many (key, templates), in bulk."""
        batch = []
        for key, templates in people:
            require_comparable(templates, self._calibrations)
            batch.append((key, templates))
            if len(batch) == _BULK:
                self._add(batch)
                batch = []
        if batch:
            self._add(batch)

    def remove(self, key: int) -> None:
        """Forget a person; unknown keys are no error. Gone from every later search."""
        with self._lock:
            if key not in self._people:
                return
            slot = self._slots.pop(key)
            self._index.remove_ids(faiss.IDSelectorBatch(np.array([slot], np.int64)))
            self._positions[slot] = 0
            self._free.append(slot)
            del self._people[key]

    def search(self, templates: Sequence[Template], limit: int = CANDIDATES_RETURNED) -> list[Candidate]:
        """The people most likely the probe's own, best first, equal evidence by key; at most `limit`.

        People without a position in common are not named, nor strangers whom the vectors already tell apart. Raises
        TemplatesIncomparable for templates of other models.
        """
        require_comparable(templates, self._calibrations)
        probe = Person(templates)
        with self._lock:
            people = self._short_list(probe)
        return ranked(judge(probe, self._promising(probe, people), self._calibrations), limit)

    def _add(self, batch: Sequence[tuple[int, Sequence[Template]]]) -> None:
        with self._lock:
            joined: dict[int, Person] = {}
            for key, new in batch:
                known = joined.get(key) or self._people.get(key)
                joined[key] = Person((*known.templates, *new) if known else new)
            for key in joined:
                self.remove(key)
            rows = np.stack([self._space.enrolled(person.captures) for person in joined.values()])
            slots = np.array([self._take_slot() for _ in joined], np.int64)
            self._index.add_with_ids(rows, slots)
            for slot, (key, person) in zip(slots.tolist(), joined.items(), strict=True):
                self._people[key], self._slots[key], self._keys[slot] = person, slot, key
                self._positions[slot] = _positions(person)

    def _take_slot(self) -> int:
        if not self._free:
            size = len(self._keys)
            larger = max(2 * size, 1024)
            self._keys = np.resize(self._keys, larger)
            self._positions = np.concatenate([self._positions, np.zeros(larger - size, np.uint16)])
            self._free = list(range(larger - 1, size - 1, -1))
        return self._free.pop()

    def _short_list(self, probe: Person) -> list[tuple[int, Person]]:
        """The people whose rows have the largest inner product with the probe's.

        Someone without a common position has inner product 0, above most strangers: such rows are kept out, or a
        gallery of many faces alone would fill every list for a probe of fingers.
        """
        comparable = (self._positions & _positions(probe)) != 0
        among = int(np.count_nonzero(comparable))
        if among == 0:
            return []
        faiss.omp_set_num_threads(self._threads)  # OpenMP keeps this number per calling thread
        row, count = self._space.probe(probe.captures)[None], min(SHORT_LIST, among)
        if among == len(self):
            _, slots = self._index.search(row, count)
        else:
            bits = np.packbits(comparable, bitorder="little")  # must outlive the selector, which does not copy it
            only = faiss.SearchParameters()
            only.sel = faiss.IDSelectorBitmap(len(bits), faiss.swig_ptr(bits))
            _, slots = self._index.search(row, count, params=only)
        keys = [int(self._keys[slot]) for slot in slots[0] if slot >= 0]  # -1: fewer were found than asked for
        return [(key, self._people[key]) for key in keys]

    def _promising(self, probe: Person, people: list[tuple[int, Person]]) -> list[tuple[int, Person]]:
        """Those whom the exact cosines leave open, best first, while the budget of minutiae comparisons lasts."""
        ratios = cosine_ratios(probe, [person for _, person in people], self._calibrations)
        order = np.argsort(-ratios, kind="stable")
        still_open = np.count_nonzero(ratios >= CLOSE_FLOOR)
        order = order[: max(still_open, CLOSE_LEAST)]
        cost = np.cumsum([_comparisons(probe, people[row][1]) for row in order])
        return [people[row] for row in order[cost <= CLOSE_COMPARISONS]]


def _positions(person: Person) -> np.uint16:
    return np.uint16(sum(_BIT[position] for position in person.captures))


def _comparisons(probe: Person, person: Person) -> int:
    return sum(
        len(captures) * len(person.captures[position])
        for position, captures in probe.captures.items()
        if position.is_finger and position in person.captures
    )

"""A registry of the service's own parts, in which enrolments go all the way from the body of a post to their outcome.

Its people are in the index and have rows in the database, but no captures and templates there: nothing reads those
again. So a case can name them, as it can those who enrol.
"""

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.evasion.captures import Unusable
from benchmarks.filled_registry import add_people, receive
from matcher import Candidate, Capture, Comparator, Extractor, Position, Readings, SearchIndex, Template
from matcher.gallery.records import Records
from service.bootstrap import Recognition, open_store, wire
from service.enrolment.domain.enrolments import PROCESSING_FAILED, WAITING, SentCapture
from service.enrolment.errors import CapturesRefused
from service.enrolment.ports import TEMPLATES
from service.settings import Settings

REFUSED = "refused"
"""Begins the outcome of an enrolment that is refused while the person is at the counter; codes of captures follow."""


class TimedIndex(SearchIndex):
    """The service's index, which notes the seconds of each search."""

    seconds: list[float]
    _preparing = 0.0

    def readings_of(self, *args: Any, **kwargs: Any) -> Readings:
        began = time.perf_counter()
        found = super().readings_of(*args, **kwargs)
        self._preparing = time.perf_counter() - began
        return found

    def search_many(self, *args: Any, **kwargs: Any) -> list[list[Candidate]]:
        """The readings made for a search are part of it, whoever has them made."""
        self._preparing, began = 0.0 if kwargs.get("readings") is None else self._preparing, time.perf_counter()
        found = super().search_many(*args, **kwargs)
        self.seconds.append(self._preparing + time.perf_counter() - began)
        return found

    def fill(self, people: Iterable[Records]) -> None:
        """Enrol people who are packed already, and train the codes on them."""
        for records in people:
            self._gallery.add_records(records)
        while self._gallery.rebuilding:
            time.sleep(0.1)
        self._gallery.rebuild()

    @property
    def hot_bytes(self) -> int:
        """What every search reads."""
        return self._gallery.bytes_held[0]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an enrolment. status: as the service has it, or REFUSED and why.

    case: whether one was opened. named: whom it names, by key, each with the hypothesis that explains it best. marks:
    codes of what the case finds suspect about the enrolment itself.
    """

    status: str
    enrolment_key: int | None = None
    person_key: int | None = None
    case: bool = False
    named: Mapping[int, str] = field(default_factory=dict)
    marks: tuple[str, ...] = ()


class Registry:
    """An empty registry in `home`, with an index to fill."""

    def __init__(self, home: Path, extractor: Extractor) -> None:
        settings = Settings(home=home, database_url="", snapshot_every=10**9)
        self.index = TimedIndex(extractor.format, settings.models, settings.threads)
        self.index.seconds = []
        self._extractor = extractor
        comparator = Comparator(extractor.format, settings.models)
        comparator.warm_up()
        self._app = wire(open_store(settings), Recognition(extractor, comparator, self.index))

    def add_people(self, count: int) -> None:
        """Rows of the people whom the index has as 1 to `count`. To be called first, and once."""
        add_people(self._app, count)

    def enrol(self, captures: Sequence[SentCapture]) -> Outcome:
        """Receive and process one enrolment."""
        try:
            name = receive(self._app, captures)
        except CapturesRefused as refused:
            return Outcome(" ".join([REFUSED, *sorted({one.reason for one in refused.refused})]))
        self._app.worker.process()
        with self._app.store.storage.read() as uow:
            found = uow.enrolments.by_id(name)
            assert found is not None
            if found.status in WAITING or found.reason == PROCESSING_FAILED:
                raise RuntimeError(f"processing enrolment {name} failed; the log states why")
            case = uow.cases.of_enrolment(found.key)
            if case is None:
                return Outcome(found.status.value, found.key, found.person_key)
            named = {one.person_key: one.hypothesis.value for one in uow.cases.candidates(case.key)}
            marks = tuple(dict.fromkeys(one.code for one in case.marks))
            return Outcome(found.status.value, found.key, found.person_key, True, named, marks)

    def take_back(self, outcome: Outcome) -> None:
        """Let nobody find the captures of this enrolment any more, as after a decision that takes them back."""
        if outcome.enrolment_key is None:
            return
        with self._app.store.storage.write() as uow:
            uow.changes.lock()
            uow.templates.drop_of_enrolment(outcome.enrolment_key)
            if outcome.person_key is not None:
                uow.changes.note(TEMPLATES, outcome.person_key)
            stored = [one.blob for one in uow.enrolments.captures(outcome.enrolment_key) if one.blob is not None]
            uow.commit()
        with self._app.store.storage.read() as uow:
            self._app.replica.catch_up(uow)
        for blob in stored:
            self._app.store.blobs.delete(blob)

    def preselected(self, captures: Sequence[SentCapture]) -> set[int]:
        """Keys of the people whose vectors a search with these captures compares; none where nothing is extracted."""
        found = self._extractor.extract([Capture(Position(one.position), one.content, one.dpi) for one in captures])
        probe = [one for one in found if isinstance(one, Template)]
        return self.index.preselected(probe) if probe else set()


def fill_kept(
    index: TimedIndex, people: Iterable[Records], settings: Mapping[str, object], folder: Path | None
) -> None:
    """Fill an index, or load what an earlier run filled in the same way. folder: where it is kept; None: nowhere.

    settings: all that the people depend on, as JSON. Raises Unusable where the folder holds other people.
    """
    stated = folder / "people.json" if folder else None
    if folder and stated and stated.exists():
        kept = json.loads(stated.read_text())
        if kept != settings:
            raise Unusable(
                f"{folder} holds people made with {kept}, not with {dict(settings)}; name another folder by --gallery"
            )
        if index.load(folder) is not None:
            return
    index.fill(people)
    if folder and stated:
        folder.mkdir(parents=True, exist_ok=True)
        index.save(folder, 0)
        stated.write_text(json.dumps(settings))

"""From received to an outcome: extract, then conclude, a batch at a time, in order."""

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain

import structlog

from matcher import Capture
from service.deduplication.domain.search import SearchPolicy
from service.deduplication.ports import Comparator, DeduplicationUnit
from service.deduplication.steps.queue import Lot, Pauses, begin, next_lot, put_back
from service.deduplication.steps.replica import Replica
from service.deduplication.steps.searched import Extracted, Searched
from service.deduplication.usecases.add_captures import record_added
from service.deduplication.usecases.conclude import record_batch, search_batch
from service.enrolment.domain.enrolments import CAPTURE_ALTERED, CAPTURE_MISSING, CaptureRecord, Enrolment
from service.enrolment.ports import Extractor
from service.enrolment.steps.captures import repeated, to_capture
from service.kit.actor import Actor
from service.kit.blobs import BlobRecord, Blobs
from service.kit.clock import Clock
from service.kit.errors import BlobAltered, BlobMissing, StorageUnavailable, TurnLost
from service.kit.unit import Storage

logger = structlog.get_logger(__name__)
BATCHES = 4
"""Taken at a time. The more, the longer a batch that is searched ahead has to be compared with those before it."""


@dataclass(frozen=True, slots=True)
class ProcessingLimits:
    """batch: enrolments taken together. attempts: how often one that fails is tried alone before it is given up."""

    batch: int
    attempts: int
    person_number_length: int


@dataclass(frozen=True, slots=True)
class Stored:
    """The captures of an enrolment by key, as they were stored; lost: why some no longer are.

    repeated: positions whose captures are the same bytes.
    """

    captures: Mapping[int, Capture]
    lost: Mapping[int, str]
    repeated: Sequence[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Processor:
    """What turns waiting enrolments into outcomes. One at a time per registry: see `service.worker`."""

    storage: Storage[DeduplicationUnit]
    extractor: Extractor
    comparator: Comparator
    replica: Replica
    blobs: Blobs
    clock: Clock
    policy: SearchPolicy
    limits: ProcessingLimits
    pauses: Pauses = field(default_factory=Pauses)

    def process_waiting(self, *, actor: Actor, stopping: Callable[[], bool] = lambda: False) -> int:
        """Bring the oldest waiting enrolments to their outcome, and return how many were tried.

        While one batch is recorded the next is extracted and searched; what the first changes is compared when the next
        is recorded. stopping: asked between batches whether to leave the rest waiting. A crash at any point leaves each
        enrolment either waiting or wholly done. What is the fault of enrolments is logged and theirs alone; raised is
        what keeps all from going on: StorageUnavailable, OSError, TurnLost.
        """
        lot, taken = self._begin(actor)
        batches = deque(_batches(lot.enrolments, self.limits.batch))
        with ThreadPoolExecutor(1, thread_name_prefix="ahead") as ahead:
            searching = deque(ahead.submit(self._search, batch, actor) for batch in batches)
            try:
                while searching and not stopping():
                    self._record(batches[0], searching[0].result(), actor)
                    searching.popleft()
                    self._ended(batches.popleft())
            except (OSError, StorageUnavailable) as error:
                logger.error("queue.held", enrolments=_ids(batches[0]), reason=f"{type(error).__name__}: {error}")
                self._leave(searching, batches, lot.alone)
                raise
            except TurnLost:
                self._cancel(searching)
                raise
            except Exception:
                self._blame(batches.popleft(), lot.alone)
            self._leave(searching, batches, lot.alone)
        with self.storage.read() as uow:
            self.replica.catch_up(uow)
        return taken

    def _begin(self, actor: Actor) -> tuple[Lot, int]:
        """Mark the next lot; and how many were taken, those given up as well."""
        most = BATCHES * self.limits.batch
        with self.storage.read() as uow:
            if not next_lot(uow, 1, self.pauses).enrolments:
                return Lot(), 0
        with self.storage.write() as uow:
            lot = next_lot(uow, most, self.pauses)
            begun = begin(uow, lot, self.limits.attempts, actor=actor, clock=self.clock)
            uow.commit()
        return begun, len(lot.enrolments)

    def _ended(self, batch: Sequence[Enrolment]) -> None:
        for one in batch:
            self.pauses.end(one)

    def _blame(self, batch: Sequence[Enrolment], alone: bool) -> None:
        """What made a batch fail is one of it: each goes alone from now on."""
        logger.exception("enrolment.failed" if alone else "batch.failed", enrolments=_ids(batch))
        if alone:
            self.pauses.begin(batch[0])

    def _leave(self, searching: deque[Future[Searched]], batches: Collection[Sequence[Enrolment]], alone: bool) -> None:
        """Leave what is not recorded waiting, as if it had not been begun with."""
        self._cancel(searching)
        left = list(chain.from_iterable(batches))
        if left:
            with self.storage.write() as uow:
                put_back(uow, left, alone)
                uow.commit()

    def _cancel(self, searching: deque[Future[Searched]]) -> None:
        for one in searching:
            one.cancel()

    def _search(self, batch: Sequence[Enrolment], actor: Actor) -> Searched:
        with self.storage.read() as uow:
            captures = uow.enrolments.captures_of([one.key for one in batch])
            names = [record.blob for some in captures.values() for record in some if record.blob is not None]
            rows = uow.blobs.of_names(names)
        stored = [self._read(one, captures.get(one.key, ()), rows) for one in batch]
        flat = [capture for each in stored for capture in each.captures.values()]
        results = iter(self.extractor.extract(flat))
        extracted = [
            Extracted(one.key, {key: next(results) for key in each.captures}, each.lost, each.repeated)
            for one, each in zip(batch, stored, strict=True)
        ]
        return search_batch(
            extracted,
            actor=actor,
            storage=self.storage,
            comparator=self.comparator,
            replica=self.replica,
            policy=self.policy,
        )

    def _read(self, enrolment: Enrolment, records: Sequence[CaptureRecord], rows: Mapping[str, BlobRecord]) -> Stored:
        """Where one capture of an enrolment is lost, none of the others is extracted: see `Extracted`."""
        captures: dict[int, Capture] = {}
        lost: dict[int, str] = {}
        for record in records:
            if record.blob is None:
                lost[record.key] = CAPTURE_MISSING
                continue
            try:
                captures[record.key] = to_capture(record, rows[record.blob], self.blobs)
            except (BlobMissing, BlobAltered) as error:
                lost[record.key] = CAPTURE_MISSING if isinstance(error, BlobMissing) else CAPTURE_ALTERED
                reason = f"{type(error).__name__}: {error}"
                logger.error("capture.lost", enrolment=str(enrolment.id), position=record.position, reason=reason)
        if lost:
            return Stored({}, lost, ())
        return Stored(captures, lost, repeated({one.position.value: one.content for one in captures.values()}))

    def _record(self, batch: Sequence[Enrolment], searched: Searched, actor: Actor) -> None:
        if batch[0].adds_to_key is not None:
            record_added(
                searched,
                actor=actor,
                storage=self.storage,
                comparator=self.comparator,
                replica=self.replica,
                clock=self.clock,
                policy=self.policy,
            )
            return
        record_batch(
            searched,
            actor=actor,
            storage=self.storage,
            comparator=self.comparator,
            replica=self.replica,
            clock=self.clock,
            policy=self.policy,
            number_length=self.limits.person_number_length,
        )


def _batches(enrolments: Sequence[Enrolment], size: int) -> Iterator[Sequence[Enrolment]]:
    """In order, up to `size` at a time; each whose captures are added to a person by itself.

    Its outcome changes a person who is there, whom those after it have to be compared with anew.
    """
    batch: list[Enrolment] = []
    for one in enrolments:
        alone = one.adds_to_key is not None
        if batch and (alone or len(batch) == size):
            yield batch
            batch = []
        if alone:
            yield [one]
        else:
            batch.append(one)
    if batch:
        yield batch


def _ids(enrolments: Iterable[Enrolment]) -> list[str]:
    return [str(one.id) for one in enrolments]

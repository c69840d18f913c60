"""From received to an outcome: extract, then conclude, a batch at a time, in order."""

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain

import structlog

from service.deduplication.domain import SearchPolicy
from service.deduplication.ports import Comparator, DeduplicationUnit
from service.deduplication.steps.replica import Replica
from service.deduplication.usecases.conclude import Extracted, Searched, record_batch, search_batch
from service.enrolment.domain.enrolments import PROCESSING_FAILED, Enrolment, EnrolmentStatus
from service.enrolment.ports import Extractor
from service.enrolment.steps.captures import to_capture
from service.kit.actor import Actor
from service.kit.blobs import Blobs
from service.kit.clock import Clock
from service.kit.errors import StorageUnavailable
from service.kit.unit import Storage

logger = structlog.get_logger(__name__)
BATCHES = 4
"""Taken at a time. The more, the longer a batch that is searched ahead has to be compared with those before it."""


@dataclass(frozen=True, slots=True)
class ProcessingLimits:
    """batch: enrolments taken together. attempts: how often one that fails is tried before it is given up."""

    batch: int
    attempts: int
    person_number_length: int


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

    def process_waiting(self, *, actor: Actor, stopping: Callable[[], bool] = lambda: False) -> int:
        """Bring the oldest waiting enrolments to their outcome, and return how many were tried.

        While one batch is recorded the next is extracted and searched; what the first changes is compared when the next
        is recorded. stopping: asked between batches whether to leave the rest waiting. A crash at any point leaves each
        enrolment either waiting or wholly done.
        """
        lot, taken = self._begin()
        batches = [lot[start : start + self.limits.batch] for start in range(0, len(lot), self.limits.batch)]
        with ThreadPoolExecutor(1, thread_name_prefix="ahead") as ahead:
            searching = deque(ahead.submit(self._search, batch, actor) for batch in batches)
            try:
                while searching and not stopping():
                    self._record(searching[0].result(), actor)
                    searching.popleft()
            except Exception as error:
                to_blame = 0 if isinstance(error, OSError | StorageUnavailable) else 1  # the machine, or this batch
                self._leave(searching, batches, to_blame)
                raise
            self._leave(searching, batches, 0)
        with self.storage.read() as uow:
            self.replica.catch_up(uow)
        return taken

    def _begin(self) -> tuple[list[Enrolment], int]:
        """Mark the next batches; how many were taken, those given up as well.

        One that failed before goes alone, so that it cannot take others with it.
        """
        with self.storage.read() as uow:
            if not uow.enrolments.waiting(1):
                return [], 0
        with self.storage.write() as uow:
            waiting = uow.enrolments.waiting(BATCHES * self.limits.batch)
            fresh = [one for one in waiting if one.attempts == 0]
            batch = fresh if waiting and waiting[0].attempts == 0 else waiting[:1]
            for enrolment in batch:
                enrolment.attempts += 1
                enrolment.status = EnrolmentStatus.PROCESSING
                if enrolment.attempts > self.limits.attempts:
                    logger.error("enrolment.given_up", enrolment=str(enrolment.id))
                    enrolment.finish(EnrolmentStatus.UNUSABLE, self.clock.now(), PROCESSING_FAILED)
            uow.commit()
        return [one for one in batch if one.status is EnrolmentStatus.PROCESSING], len(batch)

    def _leave(self, searching: deque[Future[Searched]], batches: Sequence[Sequence[Enrolment]], tried: int) -> None:
        """Leave what is not recorded waiting. The attempt counts for the first `tried` batches of it only."""
        for one in searching:
            one.cancel()
        left = batches[len(batches) - len(searching) + tried :]
        if left:
            with self.storage.write() as uow:
                for enrolment in chain.from_iterable(left):
                    uow.enrolments.by_key(enrolment.key).attempts -= 1
                uow.commit()

    def _search(self, batch: Sequence[Enrolment], actor: Actor) -> Searched:
        with self.storage.read() as uow:
            captures = uow.enrolments.captures_of([one.key for one in batch])
        flat = [record for one in batch for record in captures.get(one.key, ())]
        results = iter(self.extractor.extract([to_capture(record, self.blobs) for record in flat]))
        extracted = [
            Extracted(one.key, {record.key: next(results) for record in captures.get(one.key, ())}) for one in batch
        ]
        return search_batch(
            extracted,
            actor=actor,
            storage=self.storage,
            comparator=self.comparator,
            replica=self.replica,
            policy=self.policy,
        )

    def _record(self, searched: Searched, actor: Actor) -> None:
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

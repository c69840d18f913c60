"""From received to an outcome: extract, then conclude, a batch at a time, in order."""

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from service.deduplication.domain import SearchPolicy
from service.deduplication.ports import Comparator, DeduplicationUnit
from service.deduplication.steps.replica import Replica
from service.deduplication.usecases.conclude import Extracted, conclude
from service.enrolment.domain.enrolments import PROCESSING_FAILED, Enrolment, EnrolmentStatus
from service.enrolment.ports import Extractor
from service.enrolment.steps.captures import to_capture
from service.kit.actor import Actor
from service.kit.blobs import Blobs
from service.kit.clock import Clock
from service.kit.unit import Storage

logger = structlog.get_logger(__name__)


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

    def process_waiting(self, *, actor: Actor) -> int:
        """Bring the oldest waiting enrolments to their outcome, and return how many were tried.

        A crash at any point leaves each either waiting or wholly done.
        """
        batch = self._begin()
        try:
            extracted = self._extract(batch)
        except OSError:  # the disk's fault, not the enrolments': it does not count against them
            self._give_back(batch)
            raise
        if extracted:
            conclude(
                extracted,
                actor=actor,
                storage=self.storage,
                comparator=self.comparator,
                replica=self.replica,
                clock=self.clock,
                policy=self.policy,
                number_length=self.limits.person_number_length,
            )
        with self.storage.read() as uow:
            self.replica.catch_up(uow)
        return len(batch)

    def _begin(self) -> list[Enrolment]:
        """Mark the next batch. One that failed before goes alone, so that it cannot take others with it."""
        with self.storage.read() as uow:
            if not uow.enrolments.waiting(1):
                return []
        with self.storage.write() as uow:
            waiting = uow.enrolments.waiting(self.limits.batch)
            fresh = [one for one in waiting if one.attempts == 0]
            batch = fresh if waiting and waiting[0].attempts == 0 else waiting[:1]
            for enrolment in batch:
                enrolment.attempts += 1
                enrolment.status = EnrolmentStatus.PROCESSING
                if enrolment.attempts > self.limits.attempts:
                    logger.error("enrolment.given_up", enrolment=str(enrolment.id))
                    enrolment.finish(EnrolmentStatus.UNUSABLE, self.clock.now(), PROCESSING_FAILED)
            uow.commit()
        return [one for one in batch if one.status is EnrolmentStatus.PROCESSING]

    def _give_back(self, batch: Sequence[Enrolment]) -> None:
        with self.storage.write() as uow:
            for enrolment in batch:
                uow.enrolments.by_key(enrolment.key).attempts -= 1
            uow.commit()

    def _extract(self, batch: Sequence[Enrolment]) -> list[Extracted]:
        with self.storage.read() as uow:
            captures = uow.enrolments.captures_of([one.key for one in batch])
        flat = [record for one in batch for record in captures.get(one.key, ())]
        results = iter(self.extractor.extract([to_capture(record, self.blobs) for record in flat]))
        return [
            Extracted(one.key, {record.key: next(results) for record in captures.get(one.key, ())}) for one in batch
        ]

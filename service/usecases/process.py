"""From received to an outcome: extract, search, decide, record; one transaction an enrolment, in order."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from matcher import CaptureError, Template
from service.domain.decision import Band, Policy, decide
from service.domain.enrolments import WAITING, CaptureRecord, Enrolment, EnrolmentStatus
from service.domain.errors import NoSuchEnrolment, NotGivenUp
from service.domain.identifiers import new_uuid
from service.domain.people import Person
from service.ports import Blobs, Clock, Engine, Storage, UnitOfWork
from service.usecases import households
from service.usecases.captures import problem_code, search, to_capture
from service.usecases.cases import open_case
from service.usecases.gallery import Follower, to_record
from service.usecases.settle import settle

logger = logging.getLogger(__name__)
NO_USABLE_CAPTURE = "no_usable_capture"
PROCESSING_FAILED = "processing_failed"


@dataclass(frozen=True, slots=True)
class Rules:
    """How a registry searches and decides. The two rates are false-positive identification rates, of one search."""

    fpir_review: float
    fpir_duplicate: float
    candidates: int
    person_number_length: int
    batch: int
    attempts: int

    def policy(self, people: int) -> Policy:
        return Policy.for_gallery(people, self.fpir_review, self.fpir_duplicate)


Found = Sequence[tuple[CaptureRecord, Template | CaptureError]]


def try_again(enrolment_id: UUID, *, storage: Storage) -> None:
    """Let an enrolment that was given up be processed again. Raises NoSuchEnrolment, NotGivenUp."""
    with storage.write() as uow:
        enrolment = uow.enrolments.by_id(enrolment_id)
        if enrolment is None:
            raise NoSuchEnrolment(f"there is no enrolment {enrolment_id}")
        if enrolment.reason != PROCESSING_FAILED:
            raise NotGivenUp(f"enrolment {enrolment_id} is {enrolment.status}")
        enrolment.status, enrolment.attempts = EnrolmentStatus.RECEIVED, 0
        enrolment.reason = enrolment.finished_at = None
        uow.commit()


@dataclass(frozen=True, slots=True)
class Processor:
    """What turns waiting enrolments into outcomes. One at a time a registry: see `service.worker`."""

    storage: Storage
    engine: Engine
    follower: Follower
    blobs: Blobs
    clock: Clock
    rules: Rules

    def process_waiting(self) -> int:
        """Bring the oldest waiting enrolments to their outcome, and say how many were tried.

        Those after the first of a batch are searched against the ones before. A crash at any point leaves each either
        waiting or wholly done.
        """
        batch = self._begin()
        try:
            found = self._extract(batch)
        except OSError:  # the disk's fault, not the enrolments': it does not count against them
            self._give_back(batch)
            raise
        for enrolment in batch:
            self._conclude(enrolment.key, found[enrolment.key])
        with self.storage.read() as uow:
            self.follower.catch_up(uow)
        return len(batch)

    def _begin(self) -> list[Enrolment]:
        """Mark the next batch. One that failed before goes alone, so that it cannot take others with it."""
        with self.storage.write() as uow:
            waiting = uow.enrolments.waiting(self.rules.batch)
            fresh = [one for one in waiting if one.attempts == 0]
            batch = fresh if waiting and waiting[0].attempts == 0 else waiting[:1]
            for enrolment in batch:
                enrolment.attempts += 1
                enrolment.status = EnrolmentStatus.PROCESSING
                if enrolment.attempts > self.rules.attempts:
                    logger.error("enrolment.given_up", extra={"enrolment": str(enrolment.id)})
                    enrolment.finish(EnrolmentStatus.UNUSABLE, self.clock.now(), PROCESSING_FAILED)
            uow.commit()
        return [one for one in batch if one.status is EnrolmentStatus.PROCESSING]

    def _give_back(self, batch: Sequence[Enrolment]) -> None:
        with self.storage.write() as uow:
            for enrolment in batch:
                uow.enrolments.by_key(enrolment.key).attempts -= 1
            uow.commit()

    def _extract(self, batch: Sequence[Enrolment]) -> dict[int, Found]:
        with self.storage.read() as uow:
            records = {one.key: uow.enrolments.captures(one.key) for one in batch}
        flat = [record for captures in records.values() for record in captures]
        results = iter(self.engine.extract([to_capture(record, self.blobs) for record in flat]))
        return {key: [(record, next(results)) for record in captures] for key, captures in records.items()}

    def _conclude(self, enrolment_key: int, found: Found) -> None:
        with self.storage.write() as uow:
            uow.gallery.lock()
            self.follower.catch_up(uow)
            enrolment = uow.enrolments.by_key(enrolment_key)
            if enrolment.status not in WAITING:
                return
            templates = self._note_quality(uow, found)
            if found and not templates:
                enrolment.finish(EnrolmentStatus.UNUSABLE, self.clock.now(), NO_USABLE_CAPTURE)
            else:
                self._register(uow, enrolment, templates)
            uow.commit()
        logger.info("enrolment.done", extra={"enrolment": str(enrolment.id), "status": enrolment.status.value})

    def _note_quality(self, uow: UnitOfWork, found: Found) -> list[tuple[CaptureRecord, Template]]:
        templates = []
        for record, result in found:
            kept = uow.enrolments.capture(record.key)
            if isinstance(result, CaptureError):
                kept.problem, kept.detail = problem_code(result), str(result)
            else:
                kept.quality, kept.reasons = result.quality.score, list(result.quality.reasons)
                templates.append((kept, result))
        return templates

    def _register(
        self, uow: UnitOfWork, enrolment: Enrolment, templates: Sequence[tuple[CaptureRecord, Template]]
    ) -> None:
        """The newcomer becomes a person, at once numbered if nobody resembles them, else with a case to settle."""
        suspects = search([template for _, template in templates], self.engine, self.rules.candidates)
        people = len(self.engine)
        policy = self.rules.policy(people)
        band, shown = decide(suspects, policy)

        now = self.clock.now()
        person = Person(new_uuid(), enrolment.demographics, now)
        uow.people.add(person)
        uow.flush()
        uow.people.add_templates(person.key, [to_record(one, record.key) for record, one in templates])
        uow.gallery.changed(person.key)
        enrolment.person_key = person.key
        enrolment.finish(EnrolmentStatus.IN_REVIEW, now)
        households.join(uow, enrolment, person, now)
        if band is not Band.UNIQUE:
            open_case(uow, person.key, shown, policy, people, now, enrolment.key)
        settle(uow, person, now, self.rules.person_number_length)

"""Which enrolments are begun with next, and what becomes of them when that fails.

New ones go in batches. One that was begun and did not end, because its process was killed or its batch failed, goes
alone, so that it cannot take others with it; only then an attempt is counted, so that a power cut costs a batch none.
What fails alone is tried again after ever longer, and keeps nothing from the rest meanwhile.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog

from service.audit.domain.actions import Action
from service.audit.domain.entries import Target
from service.deduplication.ports import DeduplicationUnit
from service.enrolment.domain.enrolments import PROCESSING_FAILED, Enrolment, EnrolmentStatus
from service.kit.actor import Actor
from service.kit.clock import Clock

logger = structlog.get_logger(__name__)
BEGUN_SEEN = 100
"""Of those begun, at most so many are looked at."""
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 60.0
"""Seconds before one that failed alone is tried again: doubled each time."""


@dataclass(frozen=True, slots=True)
class Lot:
    """What is taken together. alone: one that was begun before."""

    enrolments: Sequence[Enrolment] = ()
    alone: bool = False


@dataclass(slots=True)
class Pauses:
    """Until when those that failed alone are left; a process that starts knows of none. Times are monotonic."""

    until: dict[int, float] = field(default_factory=dict)

    def over(self, one: Enrolment) -> bool:
        return time.monotonic() >= self.until.get(one.key, 0)

    def begin(self, one: Enrolment) -> None:
        self.until[one.key] = time.monotonic() + min(FIRST_PAUSE * 2.0**one.attempts, LONGEST_PAUSE)

    def end(self, one: Enrolment) -> None:
        self.until.pop(one.key, None)


def next_lot(uow: DeduplicationUnit, most: int, pauses: Pauses) -> Lot:
    """Of those begun the one tried least, where its pause is over; otherwise up to `most` new ones."""
    due = next((one for one in uow.enrolments.begun(BEGUN_SEEN) if pauses.over(one)), None)
    return Lot(uow.enrolments.received(most)) if due is None else Lot([due], alone=True)


def begin(uow: DeduplicationUnit, lot: Lot, attempts: int, *, actor: Actor, clock: Clock) -> Lot:
    """Mark a lot as begun; what is left of it once one tried `attempts` times is given up."""
    for one in lot.enrolments:
        one.status = EnrolmentStatus.PROCESSING
        one.attempts += lot.alone
        if one.attempts > attempts:
            logger.error("enrolment.given_up", enrolment=str(one.id), attempts=attempts)
            one.finish(EnrolmentStatus.UNUSABLE, clock.now(), PROCESSING_FAILED)
            target, details = Target("enrolment", str(one.id)), {"after": {"status": one.status}}
            uow.audit.note(actor, Action.ENROLMENT_CONCLUDE, target, details=details, reason=one.reason)
    return Lot([one for one in lot.enrolments if one.status is EnrolmentStatus.PROCESSING], lot.alone)


def put_back(uow: DeduplicationUnit, enrolments: Sequence[Enrolment], alone: bool) -> None:
    """Leave some waiting as if they had not been begun with.

    One may have its outcome though recording it failed: where the connection was lost before the answer came. So what
    may still be committing is waited for, and an outcome stays.
    """
    uow.changes.lock()
    for one in uow.enrolments.by_keys([each.key for each in enrolments]).values():
        if one.status is not EnrolmentStatus.PROCESSING:
            continue
        if alone:
            one.attempts -= 1
        else:
            one.status = EnrolmentStatus.RECEIVED

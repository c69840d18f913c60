"""Queries on enrolments and their captures."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service.domain.enrolments import WAITING, CaptureRecord, Enrolment, EnrolmentStatus
from service.storage.tables import capture, enrolment


class SqlEnrolments:
    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, one: Enrolment) -> None:
        self._session.add(one)

    def add_capture(self, one: CaptureRecord) -> None:
        self._session.add(one)

    def by_id(self, enrolment_id: UUID) -> Enrolment | None:
        return self._session.scalar(select(Enrolment).where(enrolment.c.id == enrolment_id))

    def by_key(self, key: int) -> Enrolment:
        return self._session.get_one(Enrolment, key)

    def captures(self, enrolment_key: int) -> list[CaptureRecord]:
        rows = select(CaptureRecord).where(capture.c.enrolment_key == enrolment_key).order_by(capture.c.key)
        return list(self._session.scalars(rows))

    def capture(self, key: int) -> CaptureRecord:
        return self._session.get_one(CaptureRecord, key)

    def waiting(self, limit: int) -> list[Enrolment]:
        rows = select(Enrolment).where(enrolment.c.status.in_(WAITING)).order_by(enrolment.c.key).limit(limit)
        return list(self._session.scalars(rows))

    def in_review_of(self, person_keys: Sequence[int]) -> list[Enrolment]:
        rows = select(Enrolment).where(
            enrolment.c.person_key.in_(person_keys), enrolment.c.status == EnrolmentStatus.IN_REVIEW
        )
        return list(self._session.scalars(rows))

    def count_by_status(self) -> Mapping[EnrolmentStatus, int]:
        rows = select(enrolment.c.status, func.count()).group_by(enrolment.c.status)
        return {row[0]: row[1] for row in self._session.execute(rows)}

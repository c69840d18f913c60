"""Queries on cases."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service.domain.cases import Case, CaseCandidate, CaseStatus
from service.storage.tables import case, case_candidate


class SqlCases:
    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, one: Case) -> None:
        self._session.add(one)

    def add_candidate(self, one: CaseCandidate) -> None:
        self._session.add(one)

    def by_id(self, case_id: UUID) -> Case | None:
        return self._session.scalar(select(Case).where(case.c.id == case_id))

    def of_enrolment(self, enrolment_key: int) -> Case | None:
        return self._session.scalar(select(Case).where(case.c.enrolment_key == enrolment_key))

    def candidates(self, case_key: int) -> list[CaseCandidate]:
        rows = select(CaseCandidate).where(case_candidate.c.case_key == case_key).order_by(case_candidate.c.rank)
        return list(self._session.scalars(rows))

    def open_of(self, person_keys: Sequence[int]) -> list[Case]:
        rows = select(Case).where(case.c.person_key.in_(person_keys), case.c.status == CaseStatus.OPEN)
        return list(self._session.scalars(rows))

    def page(self, status: CaseStatus | None, after: UUID | None, limit: int) -> list[Case]:
        """The oldest first, those after the case `after`."""
        rows = select(Case).order_by(case.c.key).limit(limit)
        if status is not None:
            rows = rows.where(case.c.status == status)
        if after is not None:
            rows = rows.where(case.c.key > select(case.c.key).where(case.c.id == after).scalar_subquery())
        return list(self._session.scalars(rows))

    def count_open(self) -> int:
        return self._session.scalar(select(func.count()).where(case.c.status == CaseStatus.OPEN)) or 0

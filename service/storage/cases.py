"""Queries on cases."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import Session

from service.domain.cases import Case, CaseCandidate, CaseStatus, Origin, Verdict
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

    def holding_back(self, person_keys: Sequence[int]) -> list[Case]:
        return self._open_of(Origin.ENROLMENT, person_keys)

    def open_of_gallery(self, person_keys: Sequence[int]) -> list[Case]:
        return self._open_of(Origin.GALLERY, person_keys)

    def _open_of(self, origin: Origin, person_keys: Sequence[int]) -> list[Case]:
        """Whose newcomer is one of these."""
        rows = select(Case).where(case.c.person_key.in_(person_keys), case.c.status == CaseStatus.OPEN, _is_of(origin))
        return list(self._session.scalars(rows))

    def between(self, some: Sequence[int], others: Sequence[int]) -> bool:
        def about(newcomers: Sequence[int], candidates: Sequence[int]) -> ColumnElement[bool]:
            return exists().where(
                case.c.person_key.in_(newcomers),
                case_candidate.c.case_key == case.c.key,
                case_candidate.c.person_key.in_(candidates),
                or_(case.c.verdict.is_(None), case.c.verdict != Verdict.SAME_PERSON),
            )

        return bool(self._session.scalar(select(or_(about(some, others), about(others, some)))))

    def page(self, status: CaseStatus | None, origin: Origin | None, after: UUID | None, limit: int) -> list[Case]:
        """The oldest first, those after the case `after`."""
        rows = select(Case).order_by(case.c.key).limit(limit)
        if status is not None:
            rows = rows.where(case.c.status == status)
        if origin is not None:
            rows = rows.where(_is_of(origin))
        if after is not None:
            rows = rows.where(case.c.key > select(case.c.key).where(case.c.id == after).scalar_subquery())
        return list(self._session.scalars(rows))

    def count_open(self) -> Mapping[Origin, int]:
        of_open = select(func.count()).where(case.c.status == CaseStatus.OPEN)
        return {origin: self._session.scalar(of_open.where(_is_of(origin))) or 0 for origin in Origin}

    def count_raised(self, since: datetime) -> int:
        rows = select(func.count()).where(_is_of(Origin.GALLERY), case.c.opened_at >= since)
        return self._session.scalar(rows) or 0


def _is_of(origin: Origin) -> ColumnElement[bool]:
    missing = case.c.enrolment_key.is_(None)
    return missing if origin is Origin.GALLERY else ~missing

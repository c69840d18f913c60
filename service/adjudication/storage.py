"""The tables of cases, and their repository."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnElement,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Uuid,
    exists,
    func,
    or_,
    select,
)
from sqlalchemy.orm import Session

from service.adjudication.domain.cases import Case, CaseCandidate, CaseStatus, Decision, Origin
from service.adjudication.domain.evidence import Band, FieldEvidence, Hypothesis, PositionEvidence
from service.adjudication.domain.marks import Mark
from service.adjudication.ports import CaseQuery
from service.enrolment.storage import enrolment
from service.kit.sealing import KeyClass
from service.kit.sql.columns import AsJson, Instant, Key, key, mapper, metadata, to, word
from service.kit.sql.sealed import ATTRIBUTE, Field, Sealed, seal, sealed

case = Table(
    "review_case",
    metadata,
    key(),
    Column("id", Uuid, nullable=False, unique=True),
    Column("enrolment_key", Key, ForeignKey("enrolment.key"), unique=True),
    to("person"),
    Column("band", word(Band), nullable=False),
    Column("review_at", Float, nullable=False),
    Column("duplicate_at", Float, nullable=False),
    Column("gallery_size", Integer, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("status", word(CaseStatus), nullable=False),
    Column("decision", word(Decision)),
    sealed(),
    Column("decided_by", String(220)),
    Column("decided_at", Instant),
    Column("survivor_key", Key, ForeignKey("person.key")),
    Column("marks", AsJson(tuple[Mark, ...]), nullable=False),
    Index("ix_review_case_status_key", "status", "key"),
    sqlite_autoincrement=True,
)

case_candidate = Table(
    "case_candidate",
    metadata,
    key(),
    Column("case_key", Key, ForeignKey("review_case.key"), nullable=False, index=True),
    to("person"),
    Column("rank", Integer, nullable=False),
    Column("log10_lr", Float, nullable=False),
    Column("rarity", Float, nullable=False),
    Column("hypothesis", word(Hypothesis), nullable=False),
    Column("band", word(Band), nullable=False),
    Column("evidence", AsJson(Mapping[str, PositionEvidence]), nullable=False),
    Column("demographics", AsJson(Mapping[str, FieldEvidence])),
    sqlite_autoincrement=True,
)

mapper.map_imperatively(Case, case, properties={ATTRIBUTE: case.c.sealed})
seal(Case, Sealed("review_case", KeyClass.NOTE, {"reason": Field(str | None, None)}))
mapper.map_imperatively(CaseCandidate, case_candidate)


class SqlCases:
    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, one: Case) -> None:
        self._session.add(one)

    def add_candidates(self, some: Sequence[CaseCandidate]) -> None:
        self._session.add_all(some)

    def by_id(self, case_id: UUID) -> Case | None:
        return self._session.scalar(select(Case).where(case.c.id == case_id))

    def of_enrolment(self, enrolment_key: int) -> Case | None:
        return self._session.scalar(select(Case).where(case.c.enrolment_key == enrolment_key))

    def candidates(self, case_key: int) -> Sequence[CaseCandidate]:
        return self.candidates_of([case_key]).get(case_key, ())

    def candidates_of(self, case_keys: Collection[int]) -> Mapping[int, Sequence[CaseCandidate]]:
        rows = select(CaseCandidate).where(case_candidate.c.case_key.in_(case_keys)).order_by(case_candidate.c.rank)
        found: defaultdict[int, list[CaseCandidate]] = defaultdict(list)
        for one in self._session.scalars(rows):
            found[one.case_key].append(one)
        return found

    def holding_back(self, person_keys: Sequence[int]) -> Sequence[Case]:
        return self._open_of(Origin.ENROLMENT, person_keys)

    def open_of_gallery(self, person_keys: Sequence[int]) -> Sequence[Case]:
        return self._open_of(Origin.GALLERY, person_keys)

    def _open_of(self, origin: Origin, person_keys: Sequence[int]) -> Sequence[Case]:
        """Whose subject is one of these."""
        rows = select(Case).where(case.c.person_key.in_(person_keys), case.c.status == CaseStatus.OPEN, _is_of(origin))
        return self._session.scalars(rows).all()

    def between(self, some: Sequence[int], others: Sequence[int]) -> bool:
        def about(subjects: Sequence[int], candidates: Sequence[int]) -> ColumnElement[bool]:
            return exists().where(
                case.c.person_key.in_(subjects),
                case_candidate.c.case_key == case.c.key,
                case_candidate.c.person_key.in_(candidates),
                or_(case.c.decision.is_(None), case.c.decision != Decision.SAME_PERSON),
            )

        return bool(self._session.scalar(select(or_(about(some, others), about(others, some)))))

    def page(self, query: CaseQuery) -> Sequence[Case]:
        rows = select(Case).order_by(case.c.key).limit(query.limit)
        if query.status is not None:
            rows = rows.where(case.c.status == query.status)
        if query.origin is not None:
            rows = rows.where(_is_of(query.origin))
        if query.sites is not None:
            of_subject = enrolment.c.person_key == case.c.person_key
            rows = rows.where(exists().where(of_subject, enrolment.c.site.in_(query.sites)))
        if query.after is not None:
            rows = rows.where(case.c.key > select(case.c.key).where(case.c.id == query.after).scalar_subquery())
        return self._session.scalars(rows).all()

    def count_open(self) -> Mapping[Origin, int]:
        of_open = select(func.count()).where(case.c.status == CaseStatus.OPEN)
        return {origin: self._session.scalar(of_open.where(_is_of(origin))) or 0 for origin in Origin}


def _is_of(origin: Origin) -> ColumnElement[bool]:
    missing = case.c.enrolment_key.is_(None)
    return missing if origin is Origin.GALLERY else ~missing

"""The table of findings, and its repository."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from sqlalchemy import (
    Column,
    Float,
    Index,
    Integer,
    String,
    Table,
    Uuid,
    func,
    select,
)
from sqlalchemy.orm import Session

from service.kit.sealing import KeyClass
from service.kit.sql.columns import AsJson, Instant, key, mapper, metadata, word
from service.kit.sql.sealed import ATTRIBUTE, Field, Sealed, seal, sealed
from service.oversight.domain.findings import Finding, FindingStatus, Identity, Kind, Pattern
from service.oversight.ports import FindingQuery
from service.oversight.storage.chunks import chunks

finding = Table(
    "finding",
    metadata,
    key(),
    Column("id", Uuid, nullable=False, unique=True),
    Column("pattern", word(Pattern), nullable=False),
    Column("kind", word(Kind), nullable=False),
    Column("name", String(220), nullable=False),
    Column("site", String(200), nullable=False),
    Column("scope", String(60), nullable=False),
    Column("count", Integer, nullable=False),
    Column("of", Integer, nullable=False),
    Column("expected", Float, nullable=False),
    Column("since", Instant, nullable=False),
    Column("until", Instant, nullable=False),
    Column("measured", Float),
    Column("usual", Float),
    Column("enrolments", AsJson(tuple[UUID, ...]), nullable=False),
    Column("found_at", Instant, nullable=False),
    Column("status", word(FindingStatus), nullable=False),
    Column("closed_by", String(220)),
    Column("closed_at", Instant),
    sealed(),
    Index("ix_finding_status_pattern", "status", "pattern"),
    Index("ix_finding_name_pattern", "name", "pattern"),
    sqlite_autoincrement=True,
)

mapper.map_imperatively(Finding, finding, properties={ATTRIBUTE: finding.c.sealed})
seal(Finding, Sealed("finding", KeyClass.NOTE, {"reason": Field(str | None, None)}))


class SqlFindings:
    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, one: Finding) -> None:
        self._session.add(one)

    def by_id(self, finding_id: UUID) -> Finding | None:
        return self._session.scalar(select(Finding).where(finding.c.id == finding_id))

    def page(self, query: FindingQuery) -> Sequence[Finding]:
        rows = select(Finding).order_by(finding.c.key).limit(query.limit)
        if query.status is not None:
            rows = rows.where(finding.c.status == query.status)
        if query.pattern is not None:
            rows = rows.where(finding.c.pattern == query.pattern)
        if query.sites is not None:
            rows = rows.where(finding.c.site.in_(query.sites))
        if query.after is not None:
            last = select(finding.c.key).where(finding.c.id == query.after).scalar_subquery()
            rows = rows.where(finding.c.key > last)
        return self._session.scalars(rows).all()

    def open_now(self) -> Mapping[Identity, Finding]:
        rows = self._session.scalars(select(Finding).where(finding.c.status == FindingStatus.OPEN))
        return {one.identity: one for one in rows}

    def last_closed(self, identities: Collection[Identity]) -> Mapping[Identity, Finding]:
        closed: dict[Identity, Finding] = {}
        names = sorted({one.subject.name for one in identities})
        for some in chunks(names):
            rows = select(Finding).where(finding.c.status == FindingStatus.CLOSED, finding.c.name.in_(some))
            closed |= {one.identity: one for one in self._session.scalars(rows.order_by(finding.c.key))}
        return {one: closed[one] for one in identities if one in closed}

    def count_open(self) -> Mapping[Pattern, int]:
        rows = select(finding.c.pattern, func.count()).where(finding.c.status == FindingStatus.OPEN)
        counts = {row[0]: row[1] for row in self._session.execute(rows.group_by(finding.c.pattern))}
        return {pattern: counts.get(pattern, 0) for pattern in Pattern}

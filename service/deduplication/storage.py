"""The tables of walks and of what searches found, and their repositories."""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, Integer, String, Table, Uuid, select
from sqlalchemy.orm import Session

from service.adjudication.domain.evidence import Band, Hypothesis, PositionEvidence
from service.deduplication.domain.search import BestFound, Walk, WalkPair, WalkStatus
from service.deduplication.ports import PairRow
from service.enrolment.storage import enrolment
from service.kit.sql.columns import AsJson, Instant, Key, key, mapper, metadata, to, word
from service.kit.sql.unit import row_of
from service.registry.storage.people import person

_CHUNK = 1000

walk = Table(
    "walk",
    metadata,
    key(),
    Column("id", Uuid, nullable=False, unique=True),
    Column("settings", AsJson(Mapping[str, str]), nullable=False),
    Column("opens_cases", Boolean, nullable=False),
    Column("begun_by", String(220), nullable=False),
    Column("begun_at", Instant, nullable=False),
    Column("status", word(WalkStatus), nullable=False),
    Column("after_key", Key, nullable=False),
    Column("people", Integer, nullable=False),
    Column("pairs", Integer, nullable=False),
    Column("cases", Integer, nullable=False),
    Column("finished_at", Instant),
    sqlite_autoincrement=True,
)

walk_pair = Table(
    "walk_pair",
    metadata,
    key(),
    to("walk", index=False),
    to("person"),
    Column("other_key", Key, ForeignKey("person.key"), nullable=False, index=True),
    Column("band", word(Band), nullable=False),
    Column("log10_lr", Float, nullable=False),
    Column("rarity", Float, nullable=False),
    Column("hypothesis", word(Hypothesis), nullable=False),
    Column("evidence", AsJson(Mapping[str, PositionEvidence]), nullable=False),
    Index("ix_walk_pair_walk_key_other_key", "walk_key", "other_key"),
    sqlite_autoincrement=True,
)

best_found = Table(
    "best_found",
    metadata,
    key(),
    to("enrolment", unique=True, index=False),
    Column("people", Integer, nullable=False),
    to("person", nullable=True),
    Column("rarity", Float),
    sqlite_autoincrement=True,
)

mapper.map_imperatively(Walk, walk)
mapper.map_imperatively(WalkPair, walk_pair)
mapper.map_imperatively(BestFound, best_found)


class SqlWalks:
    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, one: Walk) -> None:
        self._session.add(one)

    def by_key(self, key: int) -> Walk:
        return row_of(self._session, Walk, key)

    def running(self) -> Walk | None:
        return self._latest(WalkStatus.RUNNING)

    def last_finished(self) -> Walk | None:
        return self._latest(WalkStatus.FINISHED)

    def add_pairs(self, some: Sequence[WalkPair]) -> None:
        self._session.add_all(some)

    def reaching_beyond(self, walk_key: int, key: int) -> Iterable[tuple[int, int]]:
        pairs = select(walk_pair.c.person_key, walk_pair.c.other_key)
        rows = self._session.execute(pairs.where(walk_pair.c.walk_key == walk_key, walk_pair.c.other_key > key))
        return ((row.person_key, row.other_key) for row in rows)

    def rows(self, walk_key: int) -> Iterable[PairRow]:
        one, other = person.alias("one"), person.alias("other")
        rows = (
            select(walk_pair, one.c.number, other.c.number.label("other_number"))
            .join_from(walk_pair, one, one.c.key == walk_pair.c.person_key)
            .join(other, other.c.key == walk_pair.c.other_key)
            .where(walk_pair.c.walk_key == walk_key)
            .order_by(walk_pair.c.key)
            .execution_options(yield_per=_CHUNK)
        )
        for row in self._session.execute(rows):
            yield PairRow(
                person_key=row.person_key,
                person_number=row.number,
                other_key=row.other_key,
                other_number=row.other_number,
                band=row.band,
                rarity=row.rarity,
                log10_lr=row.log10_lr,
                hypothesis=row.hypothesis,
                evidence=row.evidence,
            )

    def _latest(self, status: WalkStatus) -> Walk | None:
        rows = select(Walk).where(walk.c.status == status).order_by(walk.c.key.desc()).limit(1)
        return self._session.scalar(rows)


class SqlSearches:
    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, some: Sequence[BestFound]) -> None:
        self._session.add_all(some)

    def best_after(self, key: int, limit: int) -> Sequence[tuple[BestFound, int | None]]:
        rows = (
            select(BestFound, enrolment.c.person_key)
            .join(enrolment, enrolment.c.key == best_found.c.enrolment_key)
            .where(best_found.c.key > key)
            .order_by(best_found.c.key)
            .limit(limit)
        )
        return [(best, person_key) for best, person_key in self._session.execute(rows)]

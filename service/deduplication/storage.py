"""The tables of walks, of what searches found and of the keys of what people state, and their repositories."""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Uuid,
    delete,
    event,
    func,
    insert,
    inspect,
    select,
)
from sqlalchemy.orm import Session, UOWTransaction

from service.adjudication.domain.evidence import Band, Hypothesis, PositionEvidence
from service.deduplication.domain.blocking import Combination, kept_keys, searched_keys
from service.deduplication.domain.search import BestFound, Walk, WalkPair, WalkStatus
from service.deduplication.domain.stated import Stated
from service.deduplication.ports import PairRow
from service.deduplication.steps.stated import stated_of
from service.enrolment.storage import enrolment
from service.kit.blind import TOKEN_BYTES, Blind
from service.kit.sql.columns import AsJson, Instant, Key, key, mapper, metadata, to, word
from service.kit.sql.sealed import ATTRIBUTE
from service.kit.sql.unit import row_of
from service.registry.domain.people import SEARCHED, Person
from service.registry.storage.people import person

_CHUNK = 1000
PURPOSE = "demographic"
"""Of the blind tokens."""

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

demographic_key = Table(
    "demographic_key",
    metadata,
    key(),
    to("person"),
    Column("token", LargeBinary(TOKEN_BYTES), nullable=False, index=True),
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


class SqlDemographicKeys:
    """Keys as blind tokens. Whoever adds a person or changes what they state: their keys follow with the same flush."""

    def __init__(self, session: Session, blind: Blind, some: Sequence[Combination]) -> None:
        self._session, self._blind, self._some = session, blind, some
        event.listen(session, "after_flush", self._follow)

    def sharing(self, who: Stated, limit: int) -> Sequence[int]:
        tokens = self._blind.tokens(PURPOSE, sorted(searched_keys(who, self._some)))
        rows = (
            select(demographic_key.c.person_key)
            .where(demographic_key.c.token.in_(tokens))
            .group_by(demographic_key.c.person_key)
            .order_by(func.count().desc(), demographic_key.c.person_key)
            .limit(limit)
        )
        return self._session.scalars(rows).all()

    def renew(self, people: Sequence[Person]) -> None:
        theirs = demographic_key.c.person_key.in_([one.key for one in people])
        self._session.execute(delete(demographic_key).where(theirs))
        stated = [(one.key, stated_of(one.demographics)) for one in people]
        keys = [(key, text) for key, who in stated for text in sorted(kept_keys(who, self._some))]
        if not keys:
            return
        tokens = self._blind.tokens(PURPOSE, [text for _, text in keys])
        rows = [{"person_key": key, "token": token} for (key, _), token in zip(keys, tokens, strict=True)]
        self._session.execute(insert(demographic_key), rows)

    def people(self) -> int:
        rows = select(func.count()).select_from(person).where(person.c.status.in_(SEARCHED))
        return self._session.scalar(rows) or 0

    def _follow(self, session: Session, _: UOWTransaction) -> None:
        touched = [one for one in (*session.new, *session.dirty) if isinstance(one, Person)]
        changed = [one for one in touched if inspect(one).attrs[ATTRIBUTE].history.has_changes()]
        if changed:
            self.renew(changed)

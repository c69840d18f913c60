"""The tables of changes, and what the tables of versions have in common."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnElement,
    Date,
    ForeignKey,
    Index,
    String,
    Table,
    Uuid,
    and_,
    or_,
    select,
    text,
)
from sqlalchemy.orm import Session

from service.kit.sealing import KeyClass
from service.kit.sql.columns import Instant, Key, key, mapper, metadata, word
from service.kit.sql.sealed import ATTRIBUTE, Field, Sealed, seal, sealed
from service.kit.sql.unit import row_of
from service.registry.domain.changes import Change, ChangeAbout, ChangeKind, Reason, Version
from service.registry.ports import AsOf

registry_change = Table(
    "registry_change",
    metadata,
    key(),
    Column("id", Uuid, nullable=False, unique=True),
    Column("kind", word(ChangeKind), nullable=False),
    Column("effective", Date, nullable=False),
    Column("recorded_at", Instant, nullable=False, index=True),
    Column("by", String(300), nullable=False),
    Column("role", String(40), nullable=False),
    Column("site", String(200)),
    Column("reason", word(Reason)),
    Column("undoes_key", Key, ForeignKey("registry_change.key"), index=True),
    sealed(),
    sqlite_autoincrement=True,
)

change_about = Table(
    "change_about",
    metadata,
    key(),
    Column("change_key", Key, ForeignKey("registry_change.key"), nullable=False, index=True),
    Column("household_key", Key, ForeignKey("household.key"), index=True),
    Column("person_key", Key, ForeignKey("person.key"), index=True),
    sqlite_autoincrement=True,
)

_SEALED = ("words", "document", "order_hash")
"""The hash too: it would confirm a guess of a child's name."""
mapper.map_imperatively(Change, registry_change, properties={ATTRIBUTE: registry_change.c.sealed})
seal(
    Change,
    Sealed(
        "registry_change", KeyClass.NOTE, {one: Field(str | None, None) for one in ("words", "document", "order_hash")}
    ),
)
mapper.map_imperatively(ChangeAbout, change_about)

_VERSIONED: list[tuple[type[Version], Table]] = []


def version_columns() -> Sequence[Column[object]]:
    """What every table of versions has."""
    change = "registry_change.key"
    return (
        Column("valid_from", Date, nullable=False),
        Column("valid_to", Date),
        Column("recorded_by", Key, ForeignKey(change), nullable=False, index=True),
        Column("superseded_by", Key, ForeignKey(change)),
    )


def map_versions(kind: type[Version], table: Table, **more: object) -> None:
    """Map a class of versions, and have undoing a change reach it."""
    superseded = text("superseded_by IS NOT NULL")
    Index(
        f"ix_{table.name}_superseded_by",
        table.c.superseded_by,
        sqlite_where=superseded,
        postgresql_where=superseded,
    )
    mapper.map_imperatively(kind, table, **more)
    _VERSIONED.append((kind, table))


def at(table: Table, asked: AsOf | None) -> ColumnElement[bool]:
    """Versions of this table that were true on a day, as was known then. None: that are true now and have no end."""
    if asked is None:
        return and_(table.c.superseded_by.is_(None), table.c.valid_to.is_(None))
    known: ColumnElement[bool] = table.c.superseded_by.is_(None)
    if asked.known is not None:
        known = and_(
            table.c.recorded_by <= asked.known,
            or_(table.c.superseded_by.is_(None), table.c.superseded_by > asked.known),
        )
    if asked.day is None:
        return and_(known, table.c.valid_to.is_(None))
    return and_(known, table.c.valid_from <= asked.day, or_(table.c.valid_to.is_(None), table.c.valid_to > asked.day))


class SqlHistory:
    """Changes, and the versions they recorded and superseded."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._touched: set[tuple[int, int | None, int | None]] = set()

    def add(self, *changes: Change) -> None:
        self._session.add_all(changes)

    def by_id(self, change_id: UUID) -> Change | None:
        return self._session.scalar(select(Change).where(registry_change.c.id == change_id))

    def by_key(self, key: int) -> Change:
        return row_of(self._session, Change, key)

    def by_keys(self, keys: Collection[int]) -> Mapping[int, Change]:
        rows = self._session.scalars(select(Change).where(registry_change.c.key.in_(keys)))
        return {one.key: one for one in rows}

    def last_recorded(self) -> datetime | None:
        return self._session.scalar(
            select(registry_change.c.recorded_at).order_by(registry_change.c.key.desc()).limit(1)
        )

    def known_at(self, instant: datetime) -> int:
        newest = select(registry_change.c.key).where(registry_change.c.recorded_at <= instant)
        return (
            self._session.scalar(
                newest.order_by(registry_change.c.recorded_at.desc(), registry_change.c.key.desc()).limit(1)
            )
            or 0
        )

    def undone_by(self, keys: Collection[int]) -> Mapping[int, Sequence[Change]]:
        rows = select(Change).where(registry_change.c.undoes_key.in_(keys)).order_by(registry_change.c.key)
        found: defaultdict[int, list[Change]] = defaultdict(list)
        for one in self._session.scalars(rows):
            assert one.undoes_key is not None
            found[one.undoes_key].append(one)
        return found

    def write(self, *versions: Version) -> None:
        """Add versions, and note whom and what their changes touched."""
        self._session.add_all(versions)
        self.touch((one.recorded_by, *one.subject) for one in versions)

    def touch(self, subjects: Iterable[tuple[int, int | None, int | None]]) -> None:
        new = [one for one in dict.fromkeys(subjects) if one not in self._touched]
        self._touched.update(new)
        self._session.add_all(ChangeAbout(*one) for one in new)

    def supersede(self, versions: Iterable[Version], by: int) -> None:
        """Before anything else is written: the database allows one home at a time after each statement."""
        for one in versions:
            one.superseded_by = by
        self._session.flush()

    def recorded(self, change_key: int) -> Sequence[Version]:
        """Versions that a change wrote."""
        return [
            one
            for kind, table in _VERSIONED
            for one in self._session.scalars(
                select(kind).where(table.c.recorded_by == change_key).order_by(table.c.key)
            )
        ]

    def superseded(self, change_key: int) -> Sequence[Version]:
        """Versions that a change replaced."""
        return [
            one
            for kind, table in _VERSIONED
            for one in self._session.scalars(
                select(kind).where(table.c.superseded_by == change_key).order_by(table.c.key)
            )
        ]

    def about(self, change_keys: Collection[int]) -> Mapping[int, Sequence[ChangeAbout]]:
        rows = select(ChangeAbout).where(change_about.c.change_key.in_(change_keys)).order_by(change_about.c.key)
        found: defaultdict[int, list[ChangeAbout]] = defaultdict(list)
        for one in self._session.scalars(rows):
            found[one.change_key].append(one)
        return found

    def of_households(self, keys: Collection[int], after: int, limit: int) -> Sequence[Change]:
        return self._page(change_about.c.household_key.in_(keys), after, limit)

    def of_people(self, keys: Collection[int], after: int, limit: int) -> Sequence[Change]:
        return self._page(change_about.c.person_key.in_(keys), after, limit)

    def _page(self, where: ColumnElement[bool], after: int, limit: int) -> Sequence[Change]:
        touched = select(change_about.c.change_key).where(where)
        rows = select(Change).where(registry_change.c.key.in_(touched), registry_change.c.key > after)
        return self._session.scalars(rows.order_by(registry_change.c.key).limit(limit)).all()

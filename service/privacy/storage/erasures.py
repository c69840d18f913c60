"""The table of erasures, and its repository."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, Column, Index, String, Table, Text, Uuid, insert, select, true, update
from sqlalchemy.orm import Session

from service.audit.domain.actions import Action
from service.audit.domain.entries import Entry
from service.audit.storage.tables import concern, entry
from service.kit.sql.columns import AsJson, Instant, Key, key, mapper, metadata, to, word
from service.privacy.domain.erasures import Destroyed, Erasure, Ground

erasure = Table(
    "erasure",
    metadata,
    key(),
    Column("id", Uuid, nullable=False, unique=True),
    Column("person_id", Uuid),
    Column("number", String(20)),
    Column("at", Instant, nullable=False),
    Column("by", String(300), nullable=False),
    Column("role", String(40), nullable=False),
    Column("ground", word(Ground), nullable=False),
    Column("reference", String(100)),
    Column("sequence", Key, nullable=False),
    Column("destroyed", AsJson(Destroyed), nullable=False),
    Column("files_at", Instant),
    Column("listed_at", Instant),
    Column("snapshots_at", Instant),
    Column("cleaned_at", Instant),
    Column("statement", Text),
    Column("signature", String(128)),
    Column("public_key", String(64)),
    # Few wait, and every process asks for them again and again.
    Index("ix_erasure_signature", "signature"),
    sqlite_autoincrement=True,
)

# What each was asked for by: numbers, and the UUIDs of enrolments.
erasure_name = Table(
    "erasure_name",
    metadata,
    Column("name", String(40), primary_key=True),
    to("erasure"),
)

# One row: whether the database's own files are to be written anew.
cleaning = Table(
    "cleaning",
    metadata,
    Column("only_row", Boolean, CheckConstraint("only_row"), primary_key=True, server_default=true()),
    Column("wanted_at", Instant),
)

mapper.map_imperatively(Erasure, erasure)


class SqlErasures:
    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, one: Erasure) -> None:
        self._session.add(one)
        self._session.flush()
        known = set(self._session.scalars(select(erasure_name.c.name).where(erasure_name.c.name.in_(one.names))))
        rows = [{"name": name, "erasure_key": one.key} for name in one.names if name not in known]
        if rows:
            self._session.execute(insert(erasure_name), rows)

    def by_id(self, erasure_id: UUID) -> Erasure | None:
        return self._session.scalar(select(Erasure).where(erasure.c.id == erasure_id))

    def of_name(self, name: str) -> Erasure | None:
        of_it = erasure_name.c.erasure_key == erasure.c.key
        return self._session.scalar(select(Erasure).join(erasure_name, of_it).where(erasure_name.c.name == name))

    def waiting(self) -> Sequence[Erasure]:
        return self._session.scalars(select(Erasure).where(erasure.c.signature.is_(None)).order_by(erasure.c.key)).all()

    def ids(self) -> Collection[UUID]:
        return set(self._session.scalars(select(erasure.c.id)))

    def want_rewriting(self, at: datetime) -> None:
        self._session.execute(update(cleaning).values(wanted_at=at))

    def rewriting_wanted(self) -> datetime | None:
        return self._session.scalar(select(cleaning.c.wanted_at))

    def note_rewritten(self, wanted: datetime) -> None:
        self._session.execute(update(cleaning).where(cleaning.c.wanted_at == wanted).values(wanted_at=None))

    def entry_of(self, one: Erasure) -> Entry | None:
        rows = select(entry).where(entry.c.action == Action.PERSON_ERASE.value)
        if one.person_id is None:
            rows = rows.where(
                entry.c.target_kind == "enrolment", entry.c.target_id.in_(list(map(str, one.destroyed.enrolments)))
            )
        else:
            same = (concern.c.lane == entry.c.lane) & (concern.c.number == entry.c.number)
            rows = rows.join(concern, same).where(concern.c.person == one.person_id)
        row = self._session.execute(rows.order_by(entry.c.at.desc()).limit(1)).first()
        return None if row is None else Entry(**row._mapping)

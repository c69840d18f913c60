"""The table of consent, and its repository."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import Column, ForeignKey, String, Table, Uuid, select
from sqlalchemy.orm import Session

from service.kit.sealing import KeyClass
from service.kit.sql.columns import Instant, Key, key, mapper, metadata, to, word
from service.kit.sql.sealed import ATTRIBUTE, Field, Sealed, seal, sealed
from service.registry.domain.consents import ConsentAct, ConsentRecord

consent = Table(
    "consent",
    metadata,
    key(),
    Column("id", Uuid, nullable=False, unique=True),
    to("person"),
    Column("purpose", String(40), nullable=False),
    Column("programme", String(40)),
    Column("act", word(ConsentAct), nullable=False),
    Column("at", Instant, nullable=False),
    Column("by", String(300), nullable=False),
    Column("role", String(40), nullable=False),
    Column("site", String(200)),
    Column("text_version", String(200)),
    Column("guardian_key", Key, ForeignKey("person.key"), index=True),
    sealed(),
    sqlite_autoincrement=True,
)

_SEALED = ("guardian_name", "paper", "words")
mapper.map_imperatively(ConsentRecord, consent, properties={ATTRIBUTE: consent.c.sealed})
seal(ConsentRecord, Sealed("consent", KeyClass.PERSON, {one: Field(str | None, None) for one in _SEALED}))


class SqlConsents:
    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, one: ConsentRecord) -> None:
        self._session.add(one)

    def by_id(self, consent_id: UUID) -> ConsentRecord | None:
        return self._session.scalar(select(ConsentRecord).where(consent.c.id == consent_id))

    def of_people(self, keys: Collection[int]) -> Sequence[ConsentRecord]:
        rows = select(ConsentRecord).where(consent.c.person_key.in_(keys)).order_by(consent.c.key)
        return self._session.scalars(rows).all()

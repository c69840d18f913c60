"""The table of household cards, and its repository."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Column, Date, String, Table, Uuid, select
from sqlalchemy.orm import Session

from service.kit.sealing import KeyClass
from service.kit.sql.columns import Instant, key, mapper, metadata, to, word
from service.kit.sql.sealed import ATTRIBUTE, Field, Sealed, seal, sealed
from service.registry.domain.cards import Card, CardReason

card = Table(
    "card",
    metadata,
    key(),
    Column("id", Uuid, nullable=False, unique=True),
    Column("serial", String(8), nullable=False, unique=True),
    to("household"),
    to("person", nullable=True),
    Column("issued_on", Date, nullable=False),
    Column("issued_by", String(300), nullable=False),
    Column("reason", word(CardReason), nullable=False),
    Column("revoked_at", Instant),
    Column("revoked_by", String(300)),
    sealed(),
    sqlite_autoincrement=True,
)

mapper.map_imperatively(Card, card, properties={ATTRIBUTE: card.c.sealed})
_PRINTED = {"name": Field(tuple[str, ...] | None, None), "payload": Field(str | None, None)}
seal(Card, Sealed("card", KeyClass.PERSON, _PRINTED))


class SqlCards:
    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, one: Card) -> None:
        self._session.add(one)

    def by_id(self, card_id: UUID) -> Card | None:
        return self._session.scalar(select(Card).where(card.c.id == card_id))

    def any(self) -> bool:
        return self._session.scalar(select(card.c.key).limit(1)) is not None

    def by_serial(self, serial: str) -> Card | None:
        return self._session.scalar(select(Card).where(card.c.serial == serial))

    def of_households(self, keys: Sequence[int]) -> Sequence[Card]:
        rows = select(Card).where(card.c.household_key.in_(keys))
        return self._session.scalars(rows.order_by(card.c.key)).all()

    def revoked(self) -> Sequence[str]:
        rows = select(card.c.serial).where(card.c.revoked_at.is_not(None))
        return self._session.scalars(rows.order_by(card.c.serial)).all()

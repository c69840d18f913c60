"""The table of facts, and its repository."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Date,
    ForeignKey,
    Index,
    LargeBinary,
    Table,
    Uuid,
    or_,
    select,
    text,
)
from sqlalchemy.orm import Session

from service.kit.sealing import KeyClass
from service.kit.sql.columns import Key, key, metadata, to, word
from service.kit.sql.sealed import ATTRIBUTE, Field, Sealed, seal, sealed
from service.registry.domain.fact_values import Value
from service.registry.domain.facts import KINDS, VALUES, Fact, FactKind, Source, Verification
from service.registry.ports import AsOf
from service.registry.storage.versions import at, map_versions, version_columns

_HOLDS = text("holds AND superseded_by IS NULL AND valid_to IS NULL")
fact = Table(
    "fact",
    metadata,
    key(),
    Column("id", Uuid, nullable=False, index=True),
    to("household", nullable=True),
    to("person", nullable=True),
    Column("other_key", Key, ForeignKey("person.key"), index=True),
    Column("kind", word(FactKind), nullable=False),
    Column("source", word(Source), nullable=False),
    Column("verification", word(Verification), nullable=False),
    Column("checked_on", Date),
    Column("token", LargeBinary(16), index=True),
    Column("holds", Boolean, nullable=False),
    sealed(),
    *version_columns(),
    Index("uq_fact_token", "token", unique=True, sqlite_where=_HOLDS, postgresql_where=_HOLDS),
    sqlite_autoincrement=True,
)


class _ValueField(Field):
    """A value with its kind, by which it is read again."""

    def __init__(self) -> None:
        super().__init__(Value | None, None)
        self._adapters: dict[FactKind, TypeAdapter[Any]] = {kind: TypeAdapter(one) for kind, one in VALUES.items()}

    def dump(self, value: Any) -> Any:
        if value is None:
            return None
        kind = KINDS[type(value)]
        return [kind, self._adapters[kind].dump_python(value, mode="json")]

    def load(self, value: Any) -> Any:
        return None if value is None else self._adapters[FactKind(value[0])].validate_python(value[1])


map_versions(Fact, fact, properties={ATTRIBUTE: fact.c.sealed})
seal(
    Fact,
    Sealed("fact", KeyClass.PERSON, {"value": _ValueField(), "source_name": Field(str | None, None)}),
)


class SqlFacts:
    def __init__(self, session: Session) -> None:
        self._session = session

    def of_people(self, keys: Collection[int], asked: AsOf | None = None) -> Sequence[Fact]:
        return self._those(fact.c.person_key.in_(keys), at(fact, asked))

    def of_households(self, keys: Collection[int], asked: AsOf | None = None) -> Sequence[Fact]:
        return self._those(fact.c.household_key.in_(keys), at(fact, asked))

    def of_others(self, keys: Collection[int], asked: AsOf | None = None) -> Sequence[Fact]:
        return self._those(fact.c.other_key.in_(keys), at(fact, asked))

    def standing(self, ids: Collection[UUID]) -> Mapping[UUID, Fact]:
        return {one.id: one for one in self._those(fact.c.id.in_(ids), at(fact, None))}

    def touched(self, change_key: int) -> Sequence[Fact]:
        return self._those(or_(fact.c.recorded_by == change_key, fact.c.superseded_by == change_key))

    def claims(self, tokens: Collection[bytes]) -> Sequence[Fact]:
        return self._those(fact.c.token.in_(tokens), at(fact, None)) if tokens else ()

    def _those(self, *where: ColumnElement[bool]) -> Sequence[Fact]:
        return self._session.scalars(select(Fact).where(*where).order_by(fact.c.key)).all()

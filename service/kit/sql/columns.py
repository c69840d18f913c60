"""Column types, the same on SQLite and PostgreSQL, and the one metadata that all contexts' tables are of."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import JSON, BigInteger, Column, DateTime, Dialect, Enum, ForeignKey, Integer, MetaData, TypeDecorator
from sqlalchemy.orm import registry

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMES)
mapper = registry(metadata=metadata)
"""Maps domain classes from outside, so that the domain stays plain Python."""
Key = BigInteger().with_variant(Integer(), "sqlite")  # SQLite numbers rows by itself only in an INTEGER key


def key() -> Column[int]:
    return Column("key", Key, primary_key=True)


def to(table: str, *, nullable: bool = False, index: bool = True, **more: Any) -> Column[int]:
    """A reference to a row of another table."""
    return Column(f"{table}_key", Key, ForeignKey(f"{table}.key"), nullable=nullable, index=index, **more)


class Instant(TypeDecorator[datetime]):
    """A moment. Goes in with any zone, comes out in UTC; SQLite forgets the zone, so it is put back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class AsJson(TypeDecorator[Any]):
    """A dataclass, or a container of them, as JSON."""

    impl = JSON(none_as_null=True)
    cache_ok = True

    def __init__(self, kind: Any) -> None:
        super().__init__()
        self.kind = kind
        self._adapter: TypeAdapter[Any] = TypeAdapter(kind)

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else self._adapter.dump_python(value, mode="json")

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else self._adapter.validate_python(value)


def word(kind: type[StrEnum]) -> Enum:
    """An enumeration kept as its value in plain text, so that adding a word needs no migration."""
    return Enum(kind, native_enum=False, length=32, values_callable=lambda members: [one.value for one in members])

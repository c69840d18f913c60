"""The tables of keys. A data key of an owner is wrapped under the key of its class and month, that one under a
key-encryption key, which no table holds.
"""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
    Uuid,
    text,
)

from service.kit.sql.columns import Instant, Key, key, metadata

_CURRENT = text("current")
"""At most one is."""

key_encryption_key = Table(
    "key_encryption_key",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("check", LargeBinary, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("current", Boolean, nullable=False),
    Index("ix_key_encryption_key_current", "current", unique=True, sqlite_where=_CURRENT, postgresql_where=_CURRENT),
)
period_key = Table(
    "period_key",
    metadata,
    key(),
    Column("kind", String(20), nullable=False),
    Column("period", String(7), nullable=False),
    Column("wrapped_by", String(32), ForeignKey("key_encryption_key.id"), nullable=False, index=True),
    Column("wrapped", LargeBinary, nullable=False),
    UniqueConstraint("kind", "period"),
    sqlite_autoincrement=True,
)
data_key = Table(
    "data_key",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("owner", String(100), nullable=False, index=True),
    Column("kind", String(20), nullable=False),
    Column("period_key_key", Key, ForeignKey("period_key.key"), nullable=False, index=True),
    Column("wrapped", LargeBinary, nullable=False),
)

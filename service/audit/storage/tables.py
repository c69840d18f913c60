"""The audit's tables, and the triggers that keep the database itself from changing what is there."""

from sqlalchemy import Column, Index, Integer, LargeBinary, String, Table, Text, Uuid, text

from service.kit.sql.columns import Instant, Key, metadata

LANES = 4
"""Chains. A transaction on PostgreSQL takes one that no other is committing to."""

# A row per chain: the transaction that holds its lock may add to it.
lane = Table(
    "audit_lane",
    metadata,
    Column("lane", Integer, primary_key=True, autoincrement=False),
    Column("number", Key, nullable=False),
    Column("hash", String(64), nullable=False),
)

entry = Table(
    "audit_entry",
    metadata,
    Column("lane", Integer, primary_key=True, autoincrement=False),
    Column("number", Key, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("action", String(40), nullable=False),
    Column("actor", String(300), nullable=False),
    Column("role", String(40), nullable=False),
    Column("site", String(300)),
    Column("channel", String(40), nullable=False),
    Column("request_id", String(100), nullable=False),
    Column("address", String(100)),
    Column("target_kind", String(40)),
    Column("target_id", String(300)),
    Column("people", Text, nullable=False),
    Column("details", Text, nullable=False),
    Column("reason", String(300)),
    Column("payload", LargeBinary),
    Column("hash", String(64), nullable=False),
    Index("ix_audit_entry_at", "at"),
    # Only enrolments are looked for: an index on all would be written at a random place for each entry.
    Index(
        "ix_audit_entry_enrolment",
        "target_id",
        sqlite_where=text("target_kind = 'enrolment'"),
        postgresql_where=text("target_kind = 'enrolment'"),
    ),
)

# Whom an entry concerns, to find it by; `entry.people` states the same under the hash.
concern = Table(
    "audit_concern",
    metadata,
    Column("person", Uuid, primary_key=True),
    Column("lane", Integer, primary_key=True, autoincrement=False),
    Column("number", Key, primary_key=True, autoincrement=False),
    Index("ix_audit_concern_lane_number", "lane", "number"),
    sqlite_with_rowid=False,
)

checkpoint = Table(
    "audit_checkpoint",
    metadata,
    Column("number", Key, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("statement", Text, nullable=False),
    Column("signature", String(128), nullable=False),
    Column("public_key", String(64), nullable=False),
)

# How far the feed's target has taken each lane.
sent = Table(
    "audit_sent",
    metadata,
    Column("lane", Integer, primary_key=True, autoincrement=False),
    Column("number", Key, nullable=False),
)

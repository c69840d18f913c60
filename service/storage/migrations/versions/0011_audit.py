"""The audit: entries in chains, whom they concern, checkpoints; triggers that refuse to change or remove them.

A later migration that rebuilds one of these tables on SQLite drops its triggers: make them again with `guard`.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
LANES = 4
APPENDED = ("audit_entry", "audit_concern", "audit_checkpoint")
"""Tables whose rows are only ever added."""
REFUSED = "the audit is only ever added to"


def upgrade() -> None:
    lanes = op.create_table(
        "audit_lane",
        sa.Column("lane", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", KEY, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("lane", name=op.f("pk_audit_lane")),
    )
    op.bulk_insert(lanes, [{"lane": one, "number": 0, "hash": "0" * 64} for one in range(1, LANES + 1)])
    _entries()
    op.create_table(
        "audit_checkpoint",
        sa.Column("number", KEY, autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("signature", sa.String(128), nullable=False),
        sa.Column("public_key", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit_checkpoint")),
    )
    op.create_table(
        "audit_sent",
        sa.Column("lane", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", KEY, nullable=False),
        sa.PrimaryKeyConstraint("lane", name=op.f("pk_audit_sent")),
    )
    guard()


def _entries() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("lane", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", KEY, autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("actor", sa.String(300), nullable=False),
        sa.Column("role", sa.String(40), nullable=False),
        sa.Column("site", sa.String(300), nullable=True),
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("request_id", sa.String(100), nullable=False),
        sa.Column("address", sa.String(100), nullable=True),
        sa.Column("target_kind", sa.String(40), nullable=True),
        sa.Column("target_id", sa.String(300), nullable=True),
        sa.Column("people", sa.Text(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("reason", sa.String(300), nullable=True),
        sa.Column("payload", sa.LargeBinary(), nullable=True),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("lane", "number", name=op.f("pk_audit_entry")),
    )
    op.create_index("ix_audit_entry_at", "audit_entry", ["at"])
    of_enrolments = sa.text("target_kind = 'enrolment'")
    op.create_index(
        "ix_audit_entry_enrolment",
        "audit_entry",
        ["target_id"],
        sqlite_where=of_enrolments,
        postgresql_where=of_enrolments,
    )
    op.create_table(
        "audit_concern",
        sa.Column("person", sa.Uuid(), nullable=False),
        sa.Column("lane", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", KEY, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("person", "lane", "number", name=op.f("pk_audit_concern")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_audit_concern_lane_number", "audit_concern", ["lane", "number"])


def guard() -> None:
    """Have the database refuse to change or remove what is there, and to take a lane back."""
    if op.get_bind().dialect.name == "sqlite":
        _guard_sqlite()
    else:
        _guard_postgresql()


def _guard_sqlite() -> None:
    for table in APPENDED:
        for event in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END"
            )
    op.execute(
        f"CREATE TRIGGER audit_lane_no_delete BEFORE DELETE ON audit_lane BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END"
    )
    op.execute(
        "CREATE TRIGGER audit_lane_no_return BEFORE UPDATE ON audit_lane WHEN NEW.number <= OLD.number "
        f"OR NEW.lane <> OLD.lane BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END"
    )


def _guard_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{REFUSED}' USING ERRCODE = 'restrict_violation'; END $$"
    )
    for table in (*APPENDED, "audit_lane"):
        op.execute(f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} EXECUTE FUNCTION audit_refuse()")
        events = "DELETE" if table == "audit_lane" else "UPDATE OR DELETE"
        op.execute(
            f"CREATE TRIGGER {table}_no_change BEFORE {events} ON {table} FOR EACH ROW EXECUTE FUNCTION audit_refuse()"
        )
    op.execute(
        "CREATE TRIGGER audit_lane_no_return BEFORE UPDATE ON audit_lane FOR EACH ROW "
        "WHEN (NEW.number <= OLD.number OR NEW.lane <> OLD.lane) EXECUTE FUNCTION audit_refuse()"
    )

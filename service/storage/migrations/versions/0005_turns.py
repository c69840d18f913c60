"""Turns of the one worker, the store's ID, events of households, and an index for what ended unusable."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "turn",
        sa.Column("lock", sa.String(length=20), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("trouble", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("lock", name=op.f("pk_turn")),
    )
    op.create_table(
        "store",
        sa.Column("only_row", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("store_id", sa.String(length=32), nullable=False),
        sa.CheckConstraint("only_row", name=op.f("ck_store_only_row")),
        sa.PrimaryKeyConstraint("only_row", name=op.f("pk_store")),
    )
    op.create_index("ix_enrolment_status_reason", "enrolment", ["status", "reason"])
    op.create_table(
        "household_event",
        sa.Column("key", KEY, nullable=False),
        sa.Column("household_key", KEY, nullable=False),
        sa.Column("person_key", KEY, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["household_key"], ["household.key"], name=op.f("fk_household_event_household_key_household")
        ),
        sa.ForeignKeyConstraint(["person_key"], ["person.key"], name=op.f("fk_household_event_person_key_person")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_household_event")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_household_event_household_key"), "household_event", ["household_key"])

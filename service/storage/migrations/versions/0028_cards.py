"""Household cards."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "card",
        sa.Column("key", KEY, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("serial", sa.String(length=8), nullable=False),
        sa.Column("household_key", KEY, nullable=False),
        sa.Column("person_key", KEY, nullable=True),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("issued_by", sa.String(length=300), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_by", sa.String(length=300), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["household_key"], ["household.key"], name=op.f("fk_card_household_key_household")),
        sa.ForeignKeyConstraint(["person_key"], ["person.key"], name=op.f("fk_card_person_key_person")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_card")),
        sa.UniqueConstraint("id", name=op.f("uq_card_id")),
        sa.UniqueConstraint("serial", name=op.f("uq_card_serial")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_card_household_key"), "card", ["household_key"])
    op.create_index(op.f("ix_card_person_key"), "card", ["person_key"])

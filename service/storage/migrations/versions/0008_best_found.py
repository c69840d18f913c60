"""Searches keep their strongest candidate, from which the rate of false alarms is measured."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "best_found",
        sa.Column("key", KEY, nullable=False),
        sa.Column("enrolment_key", KEY, nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("person_key", KEY, nullable=True),
        sa.Column("rarity", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(
            ["enrolment_key"], ["enrolment.key"], name=op.f("fk_best_found_enrolment_key_enrolment")
        ),
        sa.ForeignKeyConstraint(["person_key"], ["person.key"], name=op.f("fk_best_found_person_key_person")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_best_found")),
        sa.UniqueConstraint("enrolment_key", name=op.f("uq_best_found_enrolment_key")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_best_found_person_key"), "best_found", ["person_key"])

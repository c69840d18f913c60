"""Enrolments that add captures to a person who is there."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    with op.batch_alter_table("enrolment", table_kwargs={"sqlite_autoincrement": True}) as batch_op:
        batch_op.add_column(sa.Column("adds_to_key", KEY, nullable=True))
        batch_op.create_foreign_key(op.f("fk_enrolment_adds_to_key_person"), "person", ["adds_to_key"], ["key"])
        batch_op.create_index(op.f("ix_enrolment_adds_to_key"), ["adds_to_key"])

"""Rows of other systems' tables that were taken in, by keyed hashes."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "imported_row",
        sa.Column("token", sa.LargeBinary(length=16), nullable=False),
        sa.Column("content", sa.LargeBinary(length=16), nullable=False),
        sa.Column("person_key", KEY, nullable=False),
        sa.ForeignKeyConstraint(["person_key"], ["person.key"], name=op.f("fk_imported_row_person_key_person")),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_imported_row")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_imported_row_person_key"), "imported_row", ["person_key"])

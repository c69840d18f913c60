"""Keyed tokens by which people are found. `jisr registry reindex` makes those of who was enrolled before."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "search_token",
        sa.Column("token", sa.LargeBinary(length=16), nullable=False),
        sa.Column("person_key", KEY, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["person_key"], ["person.key"], name=op.f("fk_search_token_person_key_person")),
        sa.PrimaryKeyConstraint("token", "person_key", name=op.f("pk_search_token")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_search_token_person_key"), "search_token", ["person_key"])

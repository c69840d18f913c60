"""Facts of households and people, each from a source, in two times."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
HOLDS = sa.text("holds AND superseded_by IS NULL AND valid_to IS NULL")
SUPERSEDED = sa.text("superseded_by IS NOT NULL")
REFERENCES = {
    "household_key": "household",
    "person_key": "person",
    "other_key": "person",
    "recorded_by": "registry_change",
    "superseded_by": "registry_change",
}


def upgrade() -> None:
    op.create_table(
        "fact",
        sa.Column("key", KEY, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("household_key", KEY, nullable=True),
        sa.Column("person_key", KEY, nullable=True),
        sa.Column("other_key", KEY, nullable=True),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("verification", sa.String(length=32), nullable=False),
        sa.Column("checked_on", sa.Date(), nullable=True),
        sa.Column("token", sa.LargeBinary(length=16), nullable=True),
        sa.Column("holds", sa.Boolean(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("recorded_by", KEY, nullable=False),
        sa.Column("superseded_by", KEY, nullable=True),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.key"], name=op.f(f"fk_fact_{column}_{table}"))
            for column, table in REFERENCES.items()
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_fact")),
        sqlite_autoincrement=True,
    )
    for column in ("id", "household_key", "person_key", "other_key", "token", "recorded_by"):
        op.create_index(op.f(f"ix_fact_{column}"), "fact", [column])
    op.create_index(
        "ix_fact_superseded_by", "fact", ["superseded_by"], sqlite_where=SUPERSEDED, postgresql_where=SUPERSEDED
    )
    op.create_index("uq_fact_token", "fact", ["token"], unique=True, sqlite_where=HOLDS, postgresql_where=HOLDS)

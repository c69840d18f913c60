"""Keys: of classes and months, and of owners, all wrapped."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "key_encryption_key",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("check", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_key_encryption_key")),
    )
    op.create_index(
        "ix_key_encryption_key_current",
        "key_encryption_key",
        ["current"],
        unique=True,
        sqlite_where=sa.text("current"),
        postgresql_where=sa.text("current"),
    )
    op.create_table(
        "period_key",
        sa.Column("key", KEY, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("period", sa.String(length=7), nullable=False),
        sa.Column("wrapped_by", sa.String(length=32), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["wrapped_by"], ["key_encryption_key.id"], name=op.f("fk_period_key_wrapped_by_key_encryption_key")
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_period_key")),
        sa.UniqueConstraint("kind", "period", name=op.f("uq_period_key_kind_period")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_period_key_wrapped_by"), "period_key", ["wrapped_by"])
    op.create_table(
        "data_key",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("period_key_key", KEY, nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["period_key_key"], ["period_key.key"], name=op.f("fk_data_key_period_key_key_period_key")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_key")),
    )
    op.create_index(op.f("ix_data_key_owner"), "data_key", ["owner"])
    op.create_index(op.f("ix_data_key_period_key_key"), "data_key", ["period_key_key"])

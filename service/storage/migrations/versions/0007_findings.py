"""Findings about patterns; captures keep their ridge period, and enrolments are found by when they were received."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("capture", sa.Column("ridge_period_px", sa.Float(), nullable=True))
    op.create_index("ix_enrolment_received_at", "enrolment", ["received_at"])
    op.create_table(
        "finding",
        sa.Column("key", KEY, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("pattern", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=220), nullable=False),
        sa.Column("site", sa.String(length=200), nullable=False),
        sa.Column("scope", sa.String(length=60), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("of", sa.Integer(), nullable=False),
        sa.Column("expected", sa.Float(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("measured", sa.Float(), nullable=True),
        sa.Column("usual", sa.Float(), nullable=True),
        sa.Column("enrolments", sa.JSON(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("closed_by", sa.String(length=220), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_finding")),
        sa.UniqueConstraint("id", name=op.f("uq_finding_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_finding_status_pattern", "finding", ["status", "pattern"])
    op.create_index("ix_finding_name_pattern", "finding", ["name", "pattern"])

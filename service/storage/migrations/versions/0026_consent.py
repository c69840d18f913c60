"""Consent of people, per purpose and programme."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "consent",
        sa.Column("key", KEY, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_key", KEY, nullable=False),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("programme", sa.String(length=40), nullable=True),
        sa.Column("act", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=300), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("site", sa.String(length=200), nullable=True),
        sa.Column("text_version", sa.String(length=200), nullable=True),
        sa.Column("guardian_key", KEY, nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["person_key"], ["person.key"], name=op.f("fk_consent_person_key_person")),
        sa.ForeignKeyConstraint(["guardian_key"], ["person.key"], name=op.f("fk_consent_guardian_key_person")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_consent")),
        sa.UniqueConstraint("id", name=op.f("uq_consent_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_consent_person_key"), "consent", ["person_key"])
    op.create_index(op.f("ix_consent_guardian_key"), "consent", ["guardian_key"])

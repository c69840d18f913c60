"""Erasures, and captures whose bytes are kept no longer."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NUMBERED = {"sqlite_autoincrement": True}


def upgrade() -> None:
    for table in ("capture", "slap"):
        with op.batch_alter_table(table, table_kwargs=NUMBERED) as batch_op:
            batch_op.alter_column("blob", existing_type=sa.String(length=200), nullable=True)
    op.create_table(
        "erasure",
        sa.Column("key", KEY, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("number", sa.String(length=20), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=300), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("ground", sa.String(length=32), nullable=False),
        sa.Column("reference", sa.String(length=100), nullable=True),
        sa.Column("sequence", KEY, nullable=False),
        sa.Column("destroyed", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("files_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("listed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("snapshots_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cleaned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("statement", sa.Text(), nullable=True),
        sa.Column("signature", sa.String(length=128), nullable=True),
        sa.Column("public_key", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_erasure")),
        sa.UniqueConstraint("id", name=op.f("uq_erasure_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_erasure_signature", "erasure", ["signature"])
    op.create_table(
        "erasure_name",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("erasure_key", KEY, nullable=False),
        sa.ForeignKeyConstraint(["erasure_key"], ["erasure.key"], name=op.f("fk_erasure_name_erasure_key_erasure")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_erasure_name")),
    )
    cleaning = op.create_table(
        "cleaning",
        sa.Column("only_row", sa.Boolean(), sa.CheckConstraint("only_row"), server_default=sa.true(), nullable=False),
        sa.Column("wanted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("only_row", name=op.f("pk_cleaning")),
    )
    # Versions before overwrote nothing that they deleted: where people are, the files are written anew the first night.
    is_used = op.get_bind().scalar(sa.text("SELECT 1 FROM person LIMIT 1")) is not None
    op.bulk_insert(cleaning, [{"only_row": True, "wanted_at": datetime.now(UTC) if is_used else None}])
    op.create_index(op.f("ix_erasure_name_erasure_key"), "erasure_name", ["erasure_key"])

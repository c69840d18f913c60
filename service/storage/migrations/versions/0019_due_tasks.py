"""Days on which tasks are to be opened, and how far births were read for them."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "task_due",
        sa.Column("person_key", KEY, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("ref", sa.String(length=80), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["person_key"], ["person.key"], name=op.f("fk_task_due_person_key_person")),
        sa.PrimaryKeyConstraint("person_key", "kind", "ref", name=op.f("pk_task_due")),
    )
    op.create_index(op.f("ix_task_due_on"), "task_due", ["on"])
    op.create_table(
        "birth_reading",
        sa.Column("only_row", sa.Boolean(), sa.CheckConstraint("only_row"), server_default=sa.true(), nullable=False),
        sa.Column("after_key", KEY, nullable=False),
        sa.Column("ages", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("only_row", name=op.f("pk_birth_reading")),
    )

"""Tasks: what waits for a person to see to."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
UNCLOSED = "state IN ('open', 'assigned') AND household_key"


def upgrade() -> None:
    op.create_table(
        "task",
        sa.Column("key", KEY, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("household_key", KEY, nullable=True),
        sa.Column("person_key", KEY, nullable=True),
        sa.Column("ref", sa.String(length=80), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due", sa.Date(), nullable=True),
        sa.Column("details", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("owner", sa.String(length=220), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("outcome", sa.String(length=32), nullable=True),
        sa.Column("closed_by", sa.String(length=220), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["household_key"], ["household.key"], name=op.f("fk_task_household_key_household")),
        sa.ForeignKeyConstraint(["person_key"], ["person.key"], name=op.f("fk_task_person_key_person")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_task")),
        sa.UniqueConstraint("id", name=op.f("uq_task_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_task_state_kind", "task", ["state", "kind"])
    op.create_index(op.f("ix_task_household_key"), "task", ["household_key"])
    op.create_index(op.f("ix_task_person_key"), "task", ["person_key"])
    for name, column, of_home in (("household", "household_key", "NOT NULL"), ("person", "person_key", "NULL")):
        where = sa.text(f"{UNCLOSED} IS {of_home}")
        op.create_index(
            f"uq_task_of_{name}",
            "task",
            [column, "kind", "ref"],
            unique=True,
            sqlite_where=where,
            postgresql_where=where,
        )

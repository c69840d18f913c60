"""Candidates and pairs keep how rare their evidence is and what explains it; cases keep their marks."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

NUMBERED = {"sqlite_autoincrement": True}


def upgrade() -> None:
    for table in ("case_candidate", "walk_pair"):
        rated = sa.table(table, sa.column("rarity"), sa.column("log10_lr"))
        with op.batch_alter_table(table, table_kwargs=NUMBERED) as batch_op:
            batch_op.add_column(sa.Column("rarity", sa.Float(), nullable=True))
            batch_op.add_column(
                sa.Column("hypothesis", sa.String(length=32), nullable=False, server_default="as_stated")
            )
        op.execute(sa.update(rated).values(rarity=rated.c.log10_lr))
        with op.batch_alter_table(table, table_kwargs=NUMBERED) as batch_op:
            batch_op.alter_column("rarity", existing_type=sa.Float(), nullable=False)
            batch_op.alter_column("hypothesis", existing_type=sa.String(length=32), server_default=None)
    with op.batch_alter_table("review_case", table_kwargs=NUMBERED) as batch_op:
        batch_op.add_column(sa.Column("marks", sa.JSON(), nullable=False, server_default="[]"))
    with op.batch_alter_table("review_case", table_kwargs=NUMBERED) as batch_op:
        batch_op.alter_column("marks", existing_type=sa.JSON(), server_default=None)

"""Captures are sealed: those stored before are marked, and sealed at the next start."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

NUMBERED = {"sqlite_autoincrement": True}


def upgrade() -> None:
    with op.batch_alter_table("blob", table_kwargs=NUMBERED) as batch_op:
        batch_op.add_column(sa.Column("sealed", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("blob", table_kwargs=NUMBERED) as batch_op:
        batch_op.alter_column("sealed", existing_type=sa.Boolean(), server_default=None)
    op.create_index(op.f("ix_blob_sealed"), "blob", ["sealed"])
    op.create_index(op.f("ix_capture_blob"), "capture", ["blob"])
    op.create_index(op.f("ix_slap_blob"), "slap", ["blob"])

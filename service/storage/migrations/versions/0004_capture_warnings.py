"""Each capture keeps what was odd about it when it was received."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

NUMBERED = {"sqlite_autoincrement": True}


def upgrade() -> None:
    with op.batch_alter_table("capture", table_kwargs=NUMBERED) as batch_op:
        batch_op.add_column(sa.Column("warnings", sa.JSON(), nullable=False, server_default="[]"))
    with op.batch_alter_table("capture", table_kwargs=NUMBERED) as batch_op:
        batch_op.alter_column("warnings", existing_type=sa.JSON(), server_default=None)

"""Sessions have IDs, by which operators end theirs."""

import uuid

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"

NUMBERED = {"sqlite_autoincrement": True}


def upgrade() -> None:
    with op.batch_alter_table("operator_session", table_kwargs=NUMBERED) as batch_op:
        batch_op.add_column(sa.Column("id", sa.Uuid(), nullable=True))
    connection = op.get_bind()
    session = sa.table("operator_session", sa.column("key", sa.BigInteger()), sa.column("id", sa.Uuid()))
    for key in connection.scalars(sa.select(session.c.key)).all():
        connection.execute(sa.update(session).where(session.c.key == key).values(id=uuid.uuid4()))
    with op.batch_alter_table("operator_session", table_kwargs=NUMBERED) as batch_op:
        batch_op.alter_column("id", existing_type=sa.Uuid(), nullable=False)
        batch_op.create_unique_constraint(op.f("uq_operator_session_id"), ["id"])

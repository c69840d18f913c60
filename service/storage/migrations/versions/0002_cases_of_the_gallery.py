"""A case may have no enrolment: a search of everybody against everybody else raised it."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    with op.batch_alter_table("review_case", table_kwargs={"sqlite_autoincrement": True}) as batch_op:
        batch_op.alter_column("enrolment_key", existing_type=KEY, nullable=True)

"""What the statements of two people weigh, beside the evidence of their captures."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    op.add_column("case_candidate", sa.Column("demographics", sa.JSON(none_as_null=True), nullable=True))

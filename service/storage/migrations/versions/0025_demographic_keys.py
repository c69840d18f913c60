"""Keys under which people are found by what they state."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "demographic_key",
        sa.Column("key", KEY, nullable=False),
        sa.Column("person_key", KEY, nullable=False),
        sa.Column("token", sa.LargeBinary(length=16), nullable=False),
        sa.ForeignKeyConstraint(["person_key"], ["person.key"], name=op.f("fk_demographic_key_person_key_person")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_demographic_key")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_demographic_key_person_key"), "demographic_key", ["person_key"])
    op.create_index(op.f("ix_demographic_key_token"), "demographic_key", ["token"])

"""The role admin is administrator; tokens have a site, a device, an end, their last use and the secret before."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.execute("UPDATE token SET role = 'administrator' WHERE role = 'admin'")
    op.add_column("token", sa.Column("site", sa.String(length=200), nullable=True))
    op.add_column("token", sa.Column("device", sa.String(length=200), nullable=True))
    op.add_column("token", sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("token", sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("token", sa.Column("previous_sha256", sa.String(length=64), nullable=True))
    op.add_column("token", sa.Column("previous_until", sa.DateTime(timezone=True), nullable=True))
    op.create_index(op.f("ix_token_previous_sha256"), "token", ["previous_sha256"])
    op.create_index("ix_enrolment_site_key", "enrolment", ["site", "key"])

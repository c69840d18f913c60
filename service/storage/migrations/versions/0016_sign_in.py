"""Operators have an ID, a sealed second factor, an identity at an issuer, passkeys and areas; tickets count once."""

import uuid

import sqlalchemy as sa
from alembic import context, op

from service.kit.sealing import DataKey, KeyClass, new_key

revision = "0016"
down_revision = "0015"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NUMBERED = {"sqlite_autoincrement": True}


def upgrade() -> None:
    _operators()
    op.add_column("token", sa.Column("area", sa.String(length=200), nullable=True))
    op.create_table(
        "site_area",
        sa.Column("site", sa.String(length=200), nullable=False),
        sa.Column("area", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("site", name=op.f("pk_site_area")),
    )
    op.create_table(
        "used_ticket",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_used_ticket")),
    )
    op.create_index(op.f("ix_used_ticket_until"), "used_ticket", ["until"])
    op.create_table(
        "passkey",
        sa.Column("key", KEY, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("operator_key", KEY, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["operator_key"], ["operator.key"], name=op.f("fk_passkey_operator_key_operator")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_passkey")),
        sa.UniqueConstraint("id", name=op.f("uq_passkey_id")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_passkey_credential_id")),
        **NUMBERED,
    )
    op.create_index(op.f("ix_passkey_operator_key"), "passkey", ["operator_key"])


def _operators() -> None:
    with op.batch_alter_table("operator", table_kwargs=NUMBERED) as batch_op:
        batch_op.add_column(sa.Column("id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("area", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("totp_sealed", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("oidc_issuer", sa.String(length=300), nullable=True))
        batch_op.add_column(sa.Column("oidc_subject", sa.String(length=255), nullable=True))
    columns = (sa.column("totp_secret", sa.String()), sa.column("totp_sealed", sa.LargeBinary()))
    operator = sa.table("operator", sa.column("key", KEY), sa.column("id", sa.Uuid()), *columns)
    connection = op.get_bind()
    for row in connection.execute(sa.select(operator.c.key, operator.c.totp_secret)).all():
        operator_id, sealed = uuid.uuid4(), None
        if row.totp_secret is not None:
            sealed = _new_key(connection, operator_id).seal(row.totp_secret.encode(), f"operator/{operator_id}/totp")
        values = {"id": operator_id, "totp_sealed": sealed}
        connection.execute(sa.update(operator).where(operator.c.key == row.key).values(values))
    with op.batch_alter_table("operator", table_kwargs=NUMBERED) as batch_op:
        batch_op.alter_column("id", existing_type=sa.Uuid(), nullable=False)
        batch_op.drop_column("totp_secret")
        batch_op.create_unique_constraint(op.f("uq_operator_id"), ["id"])
        batch_op.create_unique_constraint(op.f("uq_operator_oidc_issuer_oidc_subject"), ["oidc_issuer", "oidc_subject"])
    if connection.dialect.name == "postgresql":  # into new files: a dropped column's bytes stay in the former
        op.execute("ALTER TABLE operator ALTER COLUMN totp_sealed TYPE bytea USING totp_sealed || ''::bytea")


def _new_key(connection: sa.Connection, operator_id: uuid.UUID) -> DataKey:
    vault = context.config.attributes["vault"]
    vault.bind_first(connection)
    made = new_key(f"operator/{operator_id}", KeyClass.OPERATOR)
    vault.make(connection, KeyClass.OPERATOR, [made])
    return made

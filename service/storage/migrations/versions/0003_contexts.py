"""Contexts: a change feed of topics, a row for every blob, walks of all against all, and the field's words."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NUMBERED = {"sqlite_autoincrement": True}


def upgrade() -> None:
    _change_feed()
    _blobs()
    with op.batch_alter_table("enrolment", table_kwargs=NUMBERED) as batch_op:
        batch_op.alter_column("content_hash", existing_type=sa.String(length=64), type_=sa.String(length=80))
        batch_op.add_column(sa.Column("sent_by", sa.String(length=220), nullable=False, server_default="unknown"))
    with op.batch_alter_table("enrolment", table_kwargs=NUMBERED) as batch_op:
        batch_op.alter_column("sent_by", existing_type=sa.String(length=220), server_default=None)
    with op.batch_alter_table("household", table_kwargs=NUMBERED) as batch_op:
        batch_op.drop_constraint(op.f("uq_household_registry_id"), type_="unique")
        batch_op.alter_column("registry_id", existing_type=sa.String(length=20), new_column_name="household_id")
    with op.batch_alter_table("household", table_kwargs=NUMBERED) as batch_op:
        batch_op.create_unique_constraint(op.f("uq_household_household_id"), ["household_id"])
    with op.batch_alter_table("review_case", table_kwargs=NUMBERED) as batch_op:
        batch_op.alter_column("verdict", existing_type=sa.String(length=32), new_column_name="decision")
        batch_op.alter_column("decided_by", existing_type=sa.String(length=200), type_=sa.String(length=220))
    op.execute("UPDATE review_case SET decided_by = 'token:' || decided_by WHERE decided_by IS NOT NULL")
    _walks()


def _change_feed() -> None:
    op.create_table(
        "feed_state",
        sa.Column("key", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sequence", KEY, nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_feed_state")),
    )
    op.execute("INSERT INTO feed_state (key, sequence) SELECT key, sequence FROM gallery_state")
    op.drop_table("gallery_state")
    op.create_table(
        "change",
        sa.Column("sequence", KEY, autoincrement=False, nullable=False),
        sa.Column("topic", sa.String(length=32), nullable=False),
        sa.Column("subject_key", KEY, nullable=False),
        sa.Column("history_id", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_change")),
        sa.UniqueConstraint("history_id", name=op.f("uq_change_history_id")),
    )
    op.create_index("ix_change_topic_sequence", "change", ["topic", "sequence"])
    op.execute(
        "INSERT INTO change (sequence, topic, subject_key, history_id) "
        "SELECT sequence, 'templates', person_key, mark FROM gallery_change"
    )
    op.drop_table("gallery_change")


def _blobs() -> None:
    op.create_table(
        "blob",
        sa.Column("key", KEY, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(length=100), nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_blob")),
        sa.UniqueConstraint("name", name=op.f("uq_blob_name")),
        **NUMBERED,
    )
    op.create_index(op.f("ix_blob_owner"), "blob", ["owner"])
    op.execute(
        "INSERT INTO blob (name, sha256, size, owner, stored_at) "
        "SELECT capture.blob, capture.sha256, capture.size, "
        "'enrolment/' || substr(capture.blob, 1, 36), enrolment.received_at "
        "FROM capture JOIN enrolment ON enrolment.key = capture.enrolment_key ORDER BY capture.key"
    )
    with op.batch_alter_table("capture", table_kwargs=NUMBERED) as batch_op:
        batch_op.drop_column("sha256")
        batch_op.drop_column("size")
        batch_op.create_foreign_key(op.f("fk_capture_blob_blob"), "blob", ["blob"], ["name"])
    op.create_table(
        "slap",
        sa.Column("key", KEY, nullable=False),
        sa.Column("enrolment_key", KEY, nullable=False),
        sa.Column("slap", sa.String(length=40), nullable=False),
        sa.Column("blob", sa.String(length=200), nullable=False),
        sa.Column("dpi", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["enrolment_key"], ["enrolment.key"], name=op.f("fk_slap_enrolment_key_enrolment")),
        sa.ForeignKeyConstraint(["blob"], ["blob.name"], name=op.f("fk_slap_blob_blob")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_slap")),
        **NUMBERED,
    )
    op.create_index(op.f("ix_slap_enrolment_key"), "slap", ["enrolment_key"])


def _walks() -> None:
    op.create_table(
        "walk",
        sa.Column("key", KEY, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("opens_cases", sa.Boolean(), nullable=False),
        sa.Column("begun_by", sa.String(length=220), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("after_key", KEY, nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("pairs", sa.Integer(), nullable=False),
        sa.Column("cases", sa.Integer(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_walk")),
        sa.UniqueConstraint("id", name=op.f("uq_walk_id")),
        **NUMBERED,
    )
    op.create_table(
        "walk_pair",
        sa.Column("key", KEY, nullable=False),
        sa.Column("walk_key", KEY, nullable=False),
        sa.Column("person_key", KEY, nullable=False),
        sa.Column("other_key", KEY, nullable=False),
        sa.Column("band", sa.String(length=32), nullable=False),
        sa.Column("log10_lr", sa.Float(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["walk_key"], ["walk.key"], name=op.f("fk_walk_pair_walk_key_walk")),
        sa.ForeignKeyConstraint(["person_key"], ["person.key"], name=op.f("fk_walk_pair_person_key_person")),
        sa.ForeignKeyConstraint(["other_key"], ["person.key"], name=op.f("fk_walk_pair_other_key_person")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_walk_pair")),
        **NUMBERED,
    )
    op.create_index(op.f("ix_walk_pair_person_key"), "walk_pair", ["person_key"])
    op.create_index(op.f("ix_walk_pair_other_key"), "walk_pair", ["other_key"])
    op.create_index("ix_walk_pair_walk_key_other_key", "walk_pair", ["walk_key", "other_key"])

"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "gallery_state",
        sa.Column("key", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sequence", KEY, nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_gallery_state")),
    )
    op.create_table(
        "household",
        sa.Column("key", KEY, nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=True),
        sa.Column("registry_id", sa.String(length=20), nullable=True),
        sa.Column("survivor_key", KEY, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["survivor_key"], ["household.key"], name=op.f("fk_household_survivor_key_household")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_household")),
        sa.UniqueConstraint("client_id", name=op.f("uq_household_client_id")),
        sa.UniqueConstraint("registry_id", name=op.f("uq_household_registry_id")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "person",
        sa.Column("key", KEY, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=True),
        sa.Column("survivor_key", KEY, nullable=True),
        sa.Column("demographics", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["survivor_key"], ["person.key"], name=op.f("fk_person_survivor_key_person")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_person")),
        sa.UniqueConstraint("id", name=op.f("uq_person_id")),
        sa.UniqueConstraint("number", name=op.f("uq_person_number")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_person_survivor_key"), ["survivor_key"], unique=False)

    op.create_table(
        "token",
        sa.Column("key", KEY, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_token")),
        sa.UniqueConstraint("name", name=op.f("uq_token_name")),
        sa.UniqueConstraint("sha256", name=op.f("uq_token_sha256")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "enrolment",
        sa.Column("key", KEY, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("site", sa.String(length=200), nullable=False),
        sa.Column("device", sa.String(length=200), nullable=False),
        sa.Column("captured_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("consent", sa.JSON(), nullable=False),
        sa.Column("demographics", sa.JSON(), nullable=False),
        sa.Column("exceptions", sa.JSON(), nullable=False),
        sa.Column("claim", sa.JSON(), nullable=True),
        sa.Column("household_key", KEY, nullable=True),
        sa.Column("person_key", KEY, nullable=True),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["household_key"], ["household.key"], name=op.f("fk_enrolment_household_key_household")
        ),
        sa.ForeignKeyConstraint(["person_key"], ["person.key"], name=op.f("fk_enrolment_person_key_person")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_enrolment")),
        sa.UniqueConstraint("id", name=op.f("uq_enrolment_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("enrolment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_enrolment_household_key"), ["household_key"], unique=False)
        batch_op.create_index(batch_op.f("ix_enrolment_person_key"), ["person_key"], unique=False)
        batch_op.create_index("ix_enrolment_status_key", ["status", "key"], unique=False)

    op.create_table(
        "gallery_change",
        sa.Column("sequence", KEY, autoincrement=False, nullable=False),
        sa.Column("person_key", KEY, nullable=False),
        sa.Column("mark", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(["person_key"], ["person.key"], name=op.f("fk_gallery_change_person_key_person")),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_gallery_change")),
        sa.UniqueConstraint("mark", name=op.f("uq_gallery_change_mark")),
    )
    op.create_table(
        "membership",
        sa.Column("key", KEY, nullable=False),
        sa.Column("household_key", KEY, nullable=False),
        sa.Column("person_key", KEY, nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["household_key"], ["household.key"], name=op.f("fk_membership_household_key_household")
        ),
        sa.ForeignKeyConstraint(["person_key"], ["person.key"], name=op.f("fk_membership_person_key_person")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_membership")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_membership_household_key"), ["household_key"], unique=False)
        batch_op.create_index(
            "uq_membership_current",
            ["person_key"],
            unique=True,
            sqlite_where=sa.text("until IS NULL"),
            postgresql_where=sa.text("until IS NULL"),
        )

    op.create_table(
        "capture",
        sa.Column("key", KEY, nullable=False),
        sa.Column("enrolment_key", KEY, nullable=False),
        sa.Column("position", sa.String(length=40), nullable=False),
        sa.Column("blob", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("dpi", sa.Float(), nullable=True),
        sa.Column("quality", sa.Integer(), nullable=True),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("problem", sa.String(length=60), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("liveness", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["enrolment_key"], ["enrolment.key"], name=op.f("fk_capture_enrolment_key_enrolment")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_capture")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("capture", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_capture_enrolment_key"), ["enrolment_key"], unique=False)

    op.create_table(
        "review_case",
        sa.Column("key", KEY, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("enrolment_key", KEY, nullable=False),
        sa.Column("person_key", KEY, nullable=False),
        sa.Column("band", sa.String(length=32), nullable=False),
        sa.Column("review_at", sa.Float(), nullable=False),
        sa.Column("duplicate_at", sa.Float(), nullable=False),
        sa.Column("gallery_size", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("verdict", sa.String(length=32), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.String(length=200), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("survivor_key", KEY, nullable=True),
        sa.ForeignKeyConstraint(
            ["enrolment_key"], ["enrolment.key"], name=op.f("fk_review_case_enrolment_key_enrolment")
        ),
        sa.ForeignKeyConstraint(["person_key"], ["person.key"], name=op.f("fk_review_case_person_key_person")),
        sa.ForeignKeyConstraint(["survivor_key"], ["person.key"], name=op.f("fk_review_case_survivor_key_person")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_review_case")),
        sa.UniqueConstraint("enrolment_key", name=op.f("uq_review_case_enrolment_key")),
        sa.UniqueConstraint("id", name=op.f("uq_review_case_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("review_case", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_review_case_person_key"), ["person_key"], unique=False)
        batch_op.create_index("ix_review_case_status_key", ["status", "key"], unique=False)

    op.create_table(
        "case_candidate",
        sa.Column("key", KEY, nullable=False),
        sa.Column("case_key", KEY, nullable=False),
        sa.Column("person_key", KEY, nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("log10_lr", sa.Float(), nullable=False),
        sa.Column("band", sa.String(length=32), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["case_key"], ["review_case.key"], name=op.f("fk_case_candidate_case_key_review_case")),
        sa.ForeignKeyConstraint(["person_key"], ["person.key"], name=op.f("fk_case_candidate_person_key_person")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_case_candidate")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("case_candidate", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_case_candidate_case_key"), ["case_key"], unique=False)
        batch_op.create_index(batch_op.f("ix_case_candidate_person_key"), ["person_key"], unique=False)

    op.create_table(
        "template",
        sa.Column("key", KEY, nullable=False),
        sa.Column("person_key", KEY, nullable=False),
        sa.Column("capture_key", KEY, nullable=False),
        sa.Column("position", sa.String(length=40), nullable=False),
        sa.Column("model", sa.String(length=80), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["capture_key"], ["capture.key"], name=op.f("fk_template_capture_key_capture")),
        sa.ForeignKeyConstraint(["person_key"], ["person.key"], name=op.f("fk_template_person_key_person")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_template")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("template", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_template_capture_key"), ["capture_key"], unique=False)
        batch_op.create_index(batch_op.f("ix_template_person_key"), ["person_key"], unique=False)
    op.execute("INSERT INTO gallery_state (key, sequence) VALUES (1, 0)")

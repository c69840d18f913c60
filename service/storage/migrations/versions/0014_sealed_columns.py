"""Names, consent, exceptions, templates and reasons are sealed, within the one transaction of the migration."""

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from alembic import context, op

from service.kit.sealing import DataKey, KeyClass, new_key
from service.kit.sql.sealed import place_of, text_of

revision = "0014"
down_revision = "0013"

NUMBERED = {"sqlite_autoincrement": True}
PAGE = 1000
SEALED = {
    "person": ("id", KeyClass.PERSON, ("demographics",)),
    "enrolment": ("id", KeyClass.PERSON, ("consent", "demographics", "exceptions")),
    "review_case": ("id", KeyClass.NOTE, ("reason",)),
    "finding": ("id", KeyClass.NOTE, ("reason",)),
}


def upgrade() -> None:
    for table in SEALED:
        with op.batch_alter_table(table, table_kwargs=NUMBERED) as batch_op:
            batch_op.add_column(sa.Column("sealed", sa.LargeBinary(), nullable=True))
            if table == "enrolment":
                batch_op.add_column(sa.Column("birth_year", sa.Integer(), nullable=True))
                batch_op.add_column(sa.Column("missing", sa.JSON(), nullable=False, server_default="[]"))
    connection = op.get_bind()
    for table, (_, kind, fields) in SEALED.items():
        _seal_rows(connection, table, kind, fields)
    _seal_templates(connection)
    for table, (_, _, fields) in SEALED.items():
        with op.batch_alter_table(table, table_kwargs=NUMBERED) as batch_op:
            for field in fields:
                batch_op.drop_column(field)
            if table == "enrolment":
                batch_op.alter_column("missing", existing_type=sa.JSON(), server_default=None)
    if connection.dialect.name == "postgresql":
        for table in SEALED:
            _write_anew(table, "sealed")
        _write_anew("template", "content")


def _seal_rows(connection: sa.Connection, name: str, kind: KeyClass, fields: Sequence[str]) -> None:
    columns = [sa.column(one, sa.Text() if one == "reason" else sa.JSON()) for one in fields]
    table = sa.table(name, sa.column("key"), sa.column("id", sa.Uuid()), sa.column("sealed"), *columns)
    if name == "enrolment":
        table.append_column(sa.column("birth_year"))
        table.append_column(sa.column("missing", sa.JSON()))
    rows = sa.select(table.c.key, table.c.id, *columns)
    for page in _pages(connection, rows, table.c.key):
        with_text = [row for row in page if any(row._mapping[one] is not None for one in fields)]
        keys = _new_keys(connection, kind, [f"{name}/{row.id}" for row in with_text])
        for row in with_text:
            values = {one: row._mapping[one] for one in fields}
            key = keys[f"{name}/{row.id}"]
            changes: dict[str, Any] = {"sealed": key.seal(text_of(values), place_of(key.owner))}
            if name == "enrolment":
                changes |= {
                    "birth_year": _year(values["demographics"]),
                    "missing": [one["position"] for one in values["exceptions"]],
                }
            connection.execute(sa.update(table).where(table.c.key == row.key).values(changes))


def _seal_templates(connection: sa.Connection) -> None:
    template = sa.table("template", *map(sa.column, ("key", "capture_key", "position", "model", "content")))
    capture = sa.table("capture", sa.column("key"), sa.column("enrolment_key"))
    enrolment = sa.table("enrolment", sa.column("key"), sa.column("id", sa.Uuid()))
    rows = (
        sa.select(template, enrolment.c.id)
        .join_from(template, capture, capture.c.key == template.c.capture_key)
        .join(enrolment, enrolment.c.key == capture.c.enrolment_key)
    )
    for page in _pages(connection, rows, template.c.key):
        keys = _new_keys(connection, KeyClass.TEMPLATE, [f"enrolment/{row.id}" for row in page])
        for row in page:
            place = f"template/{row.capture_key}/{row.position}/{row.model}"
            content = keys[f"enrolment/{row.id}"].seal(bytes(row.content), place)
            connection.execute(sa.update(template).where(template.c.key == row.key).values(content=content))


def _write_anew(table: str, column: str) -> None:
    """Have PostgreSQL write the table into new files: what was plain stays in no dead row, no dropped column.

    An update leaves the former row until it is vacuumed, and a dropped column its bytes for ever. A change of type
    copies what is visible alone (postgresql.org/docs/current/sql-altertable.html, "Notes").
    """
    op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} TYPE bytea USING {column} || ''::bytea")


def _pages(connection: sa.Connection, rows: Any, key: Any) -> Iterator[Sequence[Any]]:
    after = 0
    while page := connection.execute(rows.where(key > after).order_by(key).limit(PAGE)).all():
        yield page
        after = page[-1].key


def _new_keys(connection: sa.Connection, kind: KeyClass, owners: Sequence[str]) -> dict[str, DataKey]:
    vault = context.config.attributes["vault"]
    vault.bind_first(connection)
    made = {owner: new_key(owner, kind) for owner in owners}
    vault.make(connection, kind, list(made.values()))
    return made


def _year(demographics: dict[str, Any]) -> int | None:
    born = demographics.get("birth_date")
    return int(born[:4]) if born else demographics.get("birth_year")

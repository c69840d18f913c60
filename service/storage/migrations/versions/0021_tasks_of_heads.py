"""What was noted of households without a head, or with two, becomes tasks."""

from datetime import datetime
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"

KINDS = {"head_missing": "head_missing", "second_head": "two_heads"}


def upgrade() -> None:
    connection = op.get_bind()
    event = sa.table(
        "household_event",
        *(sa.column(name) for name in ("key", "household_key", "person_key", "kind")),
        sa.column("at", sa.DateTime(timezone=True)),
    )
    newest: dict[tuple[int, str], tuple[int, datetime]] = {}
    for row in connection.execute(sa.select(event).order_by(event.c.key)):
        newest[row.household_key, KINDS[row.kind]] = row.person_key, row.at
    tasks = [_task(home, kind, *whom) for (home, kind), whom in newest.items()]
    if tasks:
        connection.execute(sa.insert(_TASK), tasks)
    op.drop_table("household_event")


_TASK = sa.table(
    "task",
    sa.column("id", sa.Uuid()),
    sa.column("details", sa.JSON()),
    sa.column("opened_at", sa.DateTime(timezone=True)),
    *(sa.column(name) for name in ("kind", "household_key", "person_key", "ref", "state")),
)


def _task(home: int, kind: str, person: int, at: datetime) -> dict[str, Any]:
    about = {"household_key": home, "person_key": person if kind == "two_heads" else None, "ref": ""}
    return {"id": uuid4(), "kind": kind, **about, "opened_at": at, "details": {}, "state": "open"}

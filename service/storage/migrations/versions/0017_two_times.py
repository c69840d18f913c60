"""Changes, and memberships with two times: when they were true, and when that was recorded."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NUMBERED = {"sqlite_autoincrement": True}
PAGE = 1000
ONE_HOME = "a person lives in one household at a time"
OVERLAPS = """
    SELECT 1 FROM membership AS other
    WHERE other.person_key = NEW.person_key AND other.key IS NOT NEW.key
    AND other.superseded_by IS NULL AND other.resides
    AND other.valid_from < COALESCE(other.valid_to, '9999-12-31')
    AND other.valid_from < COALESCE(NEW.valid_to, '9999-12-31')
    AND NEW.valid_from < COALESCE(other.valid_to, '9999-12-31')
"""
"""A stay of no day at all overlaps nothing."""


def upgrade() -> None:
    _changes()
    _versions("household_state", _to("household"), _word("status"), sa.Column("into_key", KEY, nullable=True))
    _versions("person_state", _to("person"), _word("status"))
    _versions("payee", _to("household"), _to("person"), _word("rank"))
    op.create_index("ix_household_state_into_key", "household_state", ["into_key"])
    op.create_index(
        "uq_payee_principal",
        "payee",
        ["household_key"],
        unique=True,
        **_where("rank = 'principal' AND superseded_by IS NULL AND valid_to IS NULL"),
    )
    op.create_index("ix_household_survivor_key", "household", ["survivor_key"])
    _memberships()
    _one_home()


def _changes() -> None:
    op.create_table(
        "registry_change",
        sa.Column("key", KEY, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        _word("kind"),
        sa.Column("effective", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=300), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("site", sa.String(length=200), nullable=True),
        sa.Column("reason", sa.String(length=32), nullable=True),
        sa.Column("undoes_key", KEY, nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["undoes_key"], ["registry_change.key"], name=op.f("fk_registry_change_undoes_key_registry_change")
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_registry_change")),
        sa.UniqueConstraint("id", name=op.f("uq_registry_change_id")),
        **NUMBERED,
    )
    for column in ("recorded_at", "undoes_key"):
        op.create_index(f"ix_registry_change_{column}", "registry_change", [column])
    op.create_table(
        "change_about",
        sa.Column("key", KEY, nullable=False),
        sa.Column("change_key", KEY, nullable=False),
        sa.Column("household_key", KEY, nullable=True),
        sa.Column("person_key", KEY, nullable=True),
        *(_reference("change_about", column, table) for column, table in _ABOUT.items()),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_change_about")),
        **NUMBERED,
    )
    for column in _ABOUT:
        op.create_index(f"ix_change_about_{column}", "change_about", [column])


_ABOUT = {"change_key": "registry_change", "household_key": "household", "person_key": "person"}


def _versions(name: str, *columns: sa.Column[Any]) -> None:
    """A table of versions; its columns that end in `_key` refer to other tables."""
    refers = {one.name: "household" if one.name == "into_key" else one.name[:-4] for one in columns if _refers(one)}
    refers |= {"recorded_by": "registry_change", "superseded_by": "registry_change"}
    op.create_table(
        name,
        sa.Column("key", KEY, nullable=False),
        *columns,
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("recorded_by", KEY, nullable=False),
        sa.Column("superseded_by", KEY, nullable=True),
        *(_reference(name, column, table) for column, table in refers.items()),
        sa.PrimaryKeyConstraint("key", name=op.f(f"pk_{name}")),
        **NUMBERED,
    )
    for column in (*(one.name for one in columns if _refers(one) and one.name != "into_key"), "recorded_by"):
        op.create_index(f"ix_{name}_{column}", name, [column])
    op.create_index(f"ix_{name}_superseded_by", name, ["superseded_by"], **_where("superseded_by IS NOT NULL"))


def _refers(column: sa.Column[Any]) -> bool:
    return column.name.endswith("_key")


def _reference(name: str, column: str, table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{table}.key"], name=op.f(f"fk_{name}_{column}_{table}"))


def _to(table: str) -> sa.Column[int]:
    return sa.Column(f"{table}_key", KEY, nullable=False)


def _word(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=32), nullable=False)


def _where(text: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(text), "postgresql_where": sa.text(text)}


def _memberships() -> None:
    """Each former membership is known from when it was recorded, and its end from when that was."""
    connection = op.get_bind()
    op.drop_index("uq_membership_current", "membership")
    op.drop_index("ix_membership_household_key", "membership")
    op.rename_table("membership", "former_membership")
    if connection.dialect.name == "postgresql":
        op.execute("ALTER SEQUENCE membership_key_seq RENAME TO former_membership_key_seq")
        op.execute("ALTER TABLE former_membership RENAME CONSTRAINT pk_membership TO pk_former_membership")
        for table in ("household", "person"):
            name = f"membership_{table}_key_{table}"
            op.execute(f"ALTER TABLE former_membership RENAME CONSTRAINT fk_{name} TO fk_former_{name}")
    _versions(
        "membership", _to("household"), _to("person"), _word("role"), sa.Column("resides", sa.Boolean(), nullable=False)
    )
    begun: dict[int, int] = {}
    for page in _events(connection):
        _record(connection, page, begun)
    op.drop_table("former_membership")
    _record_merged(connection)
    if connection.dialect.name == "postgresql":
        for name in ("registry_change", "membership"):
            op.execute(f"SELECT setval('{name}_key_seq', (SELECT COALESCE(MAX(key), 0) + 1 FROM {name}), false)")  # noqa: S608 names of ours


def _events(connection: sa.Connection) -> Iterator[Sequence[sa.Row[Any]]]:
    """Beginnings and ends of stays in the order in which they were recorded."""
    former = sa.table(
        "former_membership",
        *(sa.column(name) for name in ("key", "household_key", "person_key", "role")),
        sa.column("since", sa.DateTime(timezone=True)),
        sa.column("until", sa.DateTime(timezone=True)),
    )
    columns = (former.c.key, former.c.household_key, former.c.person_key, former.c.role, former.c.since, former.c.until)
    begun = sa.select(*columns, former.c.since.label("at"), sa.literal(0).label("ends"))
    ended = sa.select(*columns, former.c.until.label("at"), sa.literal(1).label("ends")).where(
        former.c.until.is_not(None)
    )
    both = begun.union_all(ended).subquery()
    rows = sa.select(both).order_by(both.c.at, both.c.key, both.c.ends)
    found = connection.execute(rows.execution_options(yield_per=PAGE))
    yield from [list(page) for page in found.partitions(PAGE)]


def _record(connection: sa.Connection, page: Sequence[sa.Row[Any]], begun: dict[int, int]) -> None:
    """begun: the keys of the new rows of stays that have no end yet, by former key."""
    change, about, membership = (_table(one) for one in ("registry_change", "change_about", "membership"))
    first, stay = _next(connection, change), _next(connection, membership)
    changes, abouts, stays, superseded = [], [], [], []
    for place, row in enumerate(page):
        number, key = first + place, stay + place
        at = row.at if row.at.tzinfo else row.at.replace(tzinfo=UTC)
        changes.append(_change(number, "people_merged" if row.ends else "enrolled", at))
        whom = {"household_key": row.household_key, "person_key": row.person_key}
        abouts.append({"change_key": number, **whom})
        if row.ends:
            superseded.append({"was": begun.pop(row.key), "by": number})
        else:
            begun[row.key] = key
        valid = {"valid_from": row.since.date(), "valid_to": row.until.date() if row.ends else None}
        stays.append({"key": key, **whom, "role": row.role, "resides": True, "recorded_by": number, **valid})
    connection.execute(sa.insert(change), changes)
    connection.execute(sa.insert(about), abouts)
    connection.execute(sa.insert(membership), stays)
    if superseded:
        replaced = sa.update(membership).where(membership.c.key == sa.bindparam("was"))
        connection.execute(replaced.values(superseded_by=sa.bindparam("by")), superseded)


def _record_merged(connection: sa.Connection) -> None:
    """Households that are aliases, from today on for all that is known."""
    change, about, state = (_table(one) for one in ("registry_change", "change_about", "household_state"))
    household = sa.table("household", sa.column("key"), sa.column("survivor_key"))
    rows = sa.select(household).where(household.c.survivor_key.is_not(None)).order_by(household.c.key)
    number, now = _next(connection, change), datetime.now(UTC)
    for row in connection.execute(rows).all():
        connection.execute(sa.insert(change), [_change(number, "households_merged", now)])
        for key in (row.key, row.survivor_key):
            connection.execute(sa.insert(about), [{"change_key": number, "household_key": key, "person_key": None}])
        merged = {"household_key": row.key, "into_key": row.survivor_key, "status": "merged"}
        connection.execute(sa.insert(state), [{**merged, "valid_from": now.date(), "recorded_by": number}])
        number += 1


def _change(key: int, kind: str, at: datetime) -> dict[str, Any]:
    made = {"key": key, "id": uuid4(), "kind": kind, "effective": at.date(), "recorded_at": at}
    return {**made, "by": "system:upgrade", "role": "system"}


def _next(connection: sa.Connection, table: sa.TableClause) -> int:
    return (connection.scalar(sa.select(sa.func.max(table.c.key))) or 0) + 1


def _table(name: str) -> sa.TableClause:
    types: dict[str, Any] = {"id": sa.Uuid(), "recorded_at": sa.DateTime(timezone=True)}
    types |= dict.fromkeys(("effective", "valid_from", "valid_to"), sa.Date())
    return sa.table(name, *(sa.column(one, types.get(one)) for one in _COLUMNS[name]))


_STAY = "key household_key person_key role resides valid_from valid_to recorded_by superseded_by"
_COLUMNS = {
    "registry_change": ["key", "id", "kind", "effective", "recorded_at", "by", "role"],
    "change_about": ["change_key", "household_key", "person_key"],
    "membership": _STAY.split(),
    "household_state": ["household_key", "status", "into_key", "valid_from", "recorded_by"],
}


def _one_home() -> None:
    """PostgreSQL excludes overlaps; a range of one key stands for equality, which needs no extension."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "ALTER TABLE membership ADD CONSTRAINT ex_membership_one_home EXCLUDE USING gist "
            "(int8range(person_key, person_key, '[]') WITH &&, daterange(valid_from, valid_to) WITH &&) "
            "WHERE (superseded_by IS NULL AND resides)"
        )
        return
    for event in ("INSERT", "UPDATE"):
        op.execute(
            f"CREATE TRIGGER membership_one_home_{event.lower()} BEFORE {event} ON membership "
            f"WHEN NEW.superseded_by IS NULL AND NEW.resides AND EXISTS ({OVERLAPS}) "
            f"BEGIN SELECT RAISE(ABORT, '{ONE_HOME}'); END"
        )

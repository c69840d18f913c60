"""Following merges, of people and of households."""

from collections.abc import Iterable, Mapping

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from service.kit.sql.unit import Row


def survivors(session: Session, kind: type[Row], table: Table, keys: Iterable[int]) -> Mapping[int, Row]:
    """Where the merges of each of these rows lead, by key, in one query however long the chains are."""
    start = select(table.c.key.label("asked"), table.c.key, table.c.survivor_key)
    chain = start.where(table.c.key.in_(list(keys))).cte("chain", recursive=True)
    step = select(chain.c.asked, table.c.key, table.c.survivor_key).where(table.c.key == chain.c.survivor_key)
    chain = chain.union_all(step)
    rows = select(chain.c.asked, kind).join(table, table.c.key == chain.c.key)
    found = session.execute(rows.where(chain.c.survivor_key.is_(None)))
    return {row[0]: row[1] for row in found}

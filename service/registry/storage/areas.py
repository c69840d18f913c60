"""The table of areas, and its repository."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Column, Date, ForeignKey, String, Table, select
from sqlalchemy.orm import Session

from service.kit.sql.columns import AsJson, key, mapper, metadata, word
from service.registry.domain.areas import Area, AreaLevel
from service.registry.ports import AreaQuery

area = Table(
    "area",
    metadata,
    key(),
    Column("code", String(40), nullable=False, unique=True),
    Column("level", word(AreaLevel), nullable=False),
    Column("parent", String(40), ForeignKey("area.code"), index=True),
    Column("names", AsJson(dict[str, str]), nullable=False),
    Column("closed_on", Date),
    sqlite_autoincrement=True,
)

mapper.map_imperatively(Area, area)


class SqlAreas:
    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, one: Area) -> None:
        self._session.add(one)

    def all(self) -> Sequence[Area]:
        return self._session.scalars(select(Area).order_by(area.c.code)).all()

    def by_codes(self, codes: Collection[str]) -> Mapping[str, Area]:
        rows = self._session.scalars(select(Area).where(area.c.code.in_(codes)))
        return {one.code: one for one in rows}

    def page(self, query: AreaQuery) -> Sequence[Area]:
        rows = select(Area).order_by(area.c.code).limit(query.limit)
        if query.level is not None:
            rows = rows.where(area.c.level == query.level)
        if query.parent is not None:
            rows = rows.where(area.c.parent == query.parent)
        if not query.closed:
            rows = rows.where(area.c.closed_on.is_(None))
        if query.after is not None:
            rows = rows.where(area.c.code > query.after)
        return self._session.scalars(rows).all()

"""The table of rows that were imported, and its repository."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Column, LargeBinary, Table, insert, select
from sqlalchemy.orm import Session

from service.kit.blind import TOKEN_BYTES
from service.kit.sql.columns import metadata, to
from service.registry.domain.imports import ImportedRow

imported_row = Table(
    "imported_row",
    metadata,
    Column("token", LargeBinary(TOKEN_BYTES), primary_key=True),
    Column("content", LargeBinary(TOKEN_BYTES), nullable=False),
    to("person"),
    sqlite_with_rowid=False,
)


class SqlImports:
    def __init__(self, session: Session) -> None:
        self._session = session

    def by_tokens(self, tokens: Collection[bytes]) -> Mapping[bytes, ImportedRow]:
        rows = select(imported_row).where(imported_row.c.token.in_(tokens))
        found = self._session.execute(rows)
        return {row.token: ImportedRow(row.token, row.content, row.person_key) for row in found}

    def add(self, some: Sequence[ImportedRow]) -> None:
        rows = [{"token": one.token, "content": one.content, "person_key": one.person_key} for one in some]
        if rows:
            self._session.execute(insert(imported_row), rows)

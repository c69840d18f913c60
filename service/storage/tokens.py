"""Queries on tokens."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.domain.access import Token
from service.storage.tables import token


class SqlTokens:
    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, one: Token) -> None:
        self._session.add(one)

    def by_hash(self, sha256: str) -> Token | None:
        return self._session.scalar(select(Token).where(token.c.sha256 == sha256))

    def by_name(self, name: str) -> Token | None:
        return self._session.scalar(select(Token).where(token.c.name == name))

    def all(self) -> list[Token]:
        return list(self._session.scalars(select(Token).order_by(token.c.key)))

"""The table of tokens, and its repository."""

from datetime import datetime

from sqlalchemy import Column, String, Table, or_, select, update
from sqlalchemy.orm import Session

from service.access.domain import AccessRole, Token
from service.kit.sql.columns import Instant, key, mapper, metadata, word

token = Table(
    "token",
    metadata,
    key(),
    Column("name", String(200), nullable=False, unique=True),
    Column("role", word(AccessRole), nullable=False),
    Column("sha256", String(64), nullable=False, unique=True),
    Column("created_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    Column("site", String(200)),
    Column("device", String(200)),
    Column("expires_at", Instant),
    Column("last_used_at", Instant),
    Column("previous_sha256", String(64), index=True),
    Column("previous_until", Instant),
    sqlite_autoincrement=True,
)
mapper.map_imperatively(Token, token)


class SqlTokens:
    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, one: Token) -> None:
        self._session.add(one)

    def by_hash(self, sha256: str) -> Token | None:
        found = or_(token.c.sha256 == sha256, token.c.previous_sha256 == sha256)
        return self._session.scalar(select(Token).where(found))

    def by_name(self, name: str) -> Token | None:
        return self._session.scalar(select(Token).where(token.c.name == name))

    def note_use(self, name: str, at: datetime, after: datetime) -> None:
        long_ago = or_(token.c.last_used_at.is_(None), token.c.last_used_at < after)
        self._session.execute(update(token).where(token.c.name == name, long_ago).values(last_used_at=at))

    def all(self) -> list[Token]:
        return list(self._session.scalars(select(Token).order_by(token.c.key)))

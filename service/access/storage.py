"""The tables of tokens, operators and their sessions, and their repositories."""

from datetime import datetime

from sqlalchemy import BigInteger, Column, Integer, String, Table, or_, select, update
from sqlalchemy.orm import Session as Database

from service.access.domain import AccessRole, Token
from service.access.domain.operators import Operator, Session
from service.kit.sql.columns import Instant, key, mapper, metadata, to, word
from service.kit.sql.unit import row_of

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
operator = Table(
    "operator",
    metadata,
    key(),
    Column("name", String(200), nullable=False, unique=True),
    Column("role", word(AccessRole), nullable=False),
    Column("site", String(200)),
    Column("created_at", Instant, nullable=False),
    Column("password_hash", String(200)),
    Column("totp_secret", String(64)),
    Column("totp_step", BigInteger, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("locked_until", Instant),
    Column("code_sha256", String(64)),
    Column("code_until", Instant),
    Column("disabled_at", Instant),
    sqlite_autoincrement=True,
)

session = Table(
    "operator_session",
    metadata,
    key(),
    to("operator"),
    Column("sha256", String(64), nullable=False, unique=True),
    Column("created_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("closed_at", Instant),
    sqlite_autoincrement=True,
)

mapper.map_imperatively(Token, token)
mapper.map_imperatively(Operator, operator)
mapper.map_imperatively(Session, session)


class SqlTokens:
    def __init__(self, database: Database) -> None:
        self._session = database

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


class SqlOperators:
    def __init__(self, database: Database) -> None:
        self._session = database

    def add(self, one: Operator) -> None:
        self._session.add(one)

    def by_key(self, key: int) -> Operator:
        return row_of(self._session, Operator, key)

    def by_name(self, name: str) -> Operator | None:
        return self._session.scalar(select(Operator).where(operator.c.name == name))

    def for_change(self, name: str) -> Operator | None:
        return self._session.scalar(select(Operator).where(operator.c.name == name).with_for_update())

    def all(self) -> list[Operator]:
        return list(self._session.scalars(select(Operator).order_by(operator.c.key)))


class SqlSessions:
    def __init__(self, database: Database) -> None:
        self._session = database

    def add(self, one: Session) -> None:
        self._session.add(one)

    def by_hash(self, sha256: str) -> Session | None:
        return self._session.scalar(select(Session).where(session.c.sha256 == sha256))

    def close_all(self, operator_key: int, at: datetime) -> None:
        still_open = (session.c.operator_key == operator_key, session.c.closed_at.is_(None))
        self._session.execute(update(session).where(*still_open).values(closed_at=at))

    def note_use(self, sha256: str, at: datetime, after: datetime) -> None:
        self._session.execute(
            update(session).where(session.c.sha256 == sha256, session.c.seen_at < after).values(seen_at=at)
        )

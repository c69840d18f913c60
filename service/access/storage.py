"""The tables of tokens, operators and their sessions, and their repositories."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
    Uuid,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session as Database

from service.access.domain import AccessRole, Token
from service.access.domain.areas import PARTS, SiteArea
from service.access.domain.operators import Operator, Session
from service.access.domain.passkeys import Passkey
from service.kit.sealing import KeyClass
from service.kit.sql.columns import Instant, key, mapper, metadata, to, word
from service.kit.sql.data_keys import SqlDataKeys
from service.kit.sql.sealed import KEYS
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
    Column("area", String(200)),
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
    Column("totp_step", BigInteger, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("locked_until", Instant),
    Column("code_sha256", String(64)),
    Column("code_until", Instant),
    Column("disabled_at", Instant),
    Column("id", Uuid, nullable=False, unique=True),
    Column("area", String(200)),
    Column("totp_sealed", LargeBinary),
    Column("oidc_issuer", String(300)),
    Column("oidc_subject", String(255)),
    UniqueConstraint("oidc_issuer", "oidc_subject"),
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
    Column("id", Uuid, nullable=False, unique=True),
    sqlite_autoincrement=True,
)
passkey = Table(
    "passkey",
    metadata,
    key(),
    Column("id", Uuid, nullable=False, unique=True),
    to("operator"),
    Column("name", String(200), nullable=False),
    Column("credential_id", LargeBinary, nullable=False, unique=True),
    Column("public_key", LargeBinary, nullable=False),
    Column("sign_count", BigInteger, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("last_used_at", Instant),
    Column("revoked_at", Instant),
    sqlite_autoincrement=True,
)
used_ticket = Table(
    "used_ticket", metadata, Column("id", Uuid, primary_key=True), Column("until", Instant, nullable=False, index=True)
)
site_area = Table(
    "site_area", metadata, Column("site", String(200), primary_key=True), Column("area", String(200), nullable=False)
)

mapper.map_imperatively(Token, token)
mapper.map_imperatively(Operator, operator)
mapper.map_imperatively(Session, session)
mapper.map_imperatively(Passkey, passkey)


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

    def by_id_for_change(self, operator_id: UUID) -> Operator | None:
        return self._session.scalar(select(Operator).where(operator.c.id == operator_id).with_for_update())

    def by_identity(self, issuer: str, subject: str) -> Operator | None:
        same = (operator.c.oidc_issuer == issuer, operator.c.oidc_subject == subject)
        return self._session.scalar(select(Operator).where(*same).with_for_update())

    def totp_secret(self, one: Operator) -> str | None:
        return None if one.totp_sealed is None else self._keys.open(one.totp_sealed, _totp_place(one.id)).decode()

    def keep_totp_secret(self, one: Operator, secret: str) -> None:
        one.totp_sealed = self._sealed(one.id, secret)

    def all(self) -> list[Operator]:
        return list(self._session.scalars(select(Operator).order_by(operator.c.key)))

    @property
    def _keys(self) -> SqlDataKeys:
        keys = self._session.info[KEYS]
        assert isinstance(keys, SqlDataKeys)
        return keys

    def _sealed(self, operator_id: UUID, secret: str) -> bytes:
        owner = self._keys.of_owner(f"operator/{operator_id}", KeyClass.OPERATOR)
        return owner.seal(secret.encode(), _totp_place(operator_id))


def _totp_place(operator_id: UUID) -> str:
    return f"operator/{operator_id}/totp"


class SqlSessions:
    def __init__(self, database: Database) -> None:
        self._session = database

    def add(self, one: Session) -> None:
        self._session.add(one)

    def by_hash(self, sha256: str) -> Session | None:
        return self._session.scalar(select(Session).where(session.c.sha256 == sha256))

    def by_hash_afresh(self, sha256: str) -> Session | None:
        rows = select(Session).where(session.c.sha256 == sha256).execution_options(populate_existing=True)
        return self._session.scalar(rows)

    def open_of(self, operator_key: int) -> list[Session]:
        mine = (session.c.operator_key == operator_key, session.c.closed_at.is_(None))
        return list(self._session.scalars(select(Session).where(*mine).order_by(session.c.key)))

    def close_all(self, operator_key: int, at: datetime, but: int | None = None) -> None:
        still_open = (session.c.operator_key == operator_key, session.c.closed_at.is_(None))
        others = update(session).where(*still_open, session.c.key != (but or 0))
        self._session.execute(others.values(closed_at=at))

    def note_use(self, sha256: str, at: datetime, after: datetime) -> None:
        self._session.execute(
            update(session).where(session.c.sha256 == sha256, session.c.seen_at < after).values(seen_at=at)
        )


class SqlPasskeys:
    def __init__(self, database: Database) -> None:
        self._session = database

    def add(self, one: Passkey) -> None:
        self._session.add(one)

    def of_operator(self, operator_key: int) -> list[Passkey]:
        mine = (passkey.c.operator_key == operator_key, passkey.c.revoked_at.is_(None))
        return list(self._session.scalars(select(Passkey).where(*mine).order_by(passkey.c.key)))

    def for_change(self, credential_id: bytes) -> Passkey | None:
        this = (passkey.c.credential_id == credential_id, passkey.c.revoked_at.is_(None))
        return self._session.scalar(select(Passkey).where(*this).with_for_update())

    def revoke_all(self, operator_key: int, at: datetime) -> None:
        mine = (passkey.c.operator_key == operator_key, passkey.c.revoked_at.is_(None))
        self._session.execute(update(passkey).where(*mine).values(revoked_at=at))


class SqlSiteAreas:
    def __init__(self, database: Database) -> None:
        self._session = database

    def within(self, area: str) -> Collection[str]:
        below = area + PARTS
        deeper = func.substr(site_area.c.area, 1, len(below)) == below
        return self._session.scalars(select(site_area.c.site).where(or_(site_area.c.area == area, deeper))).all()

    def of(self, site: str) -> str | None:
        return self._session.scalar(select(site_area.c.area).where(site_area.c.site == site))

    def put(self, site: str, area: str | None) -> None:
        self._session.execute(delete(site_area).where(site_area.c.site == site))
        if area is not None:
            self._session.execute(insert(site_area).values(site=site, area=area))

    def all(self) -> list[SiteArea]:
        rows = self._session.execute(select(site_area).order_by(site_area.c.area, site_area.c.site))
        return [SiteArea(row.site, row.area) for row in rows]


class SqlUsedTickets:
    def __init__(self, database: Database) -> None:
        self._session = database

    def add(self, ticket_id: UUID, until: datetime, now: datetime) -> None:
        self._session.execute(delete(used_ticket).where(used_ticket.c.until < now))
        self._session.execute(insert(used_ticket).values(id=ticket_id, until=until))

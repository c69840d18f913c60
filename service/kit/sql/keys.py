"""The vault: binds a registry to its key-encryption key, opens and makes data keys, and rotates."""

import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock
from uuid import UUID

from sqlalchemy import (
    Connection,
    Engine,
    delete,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert as postgresql_insert

from service.kit.errors import KeysUnusable, SealBroken, StorageUnavailable
from service.kit.keys import KeyEncryption, Progress
from service.kit.sealing import (
    DataKey,
    KeyClass,
    encrypt,
    key_of,
    new_secret,
    open_with,
    unwrapper,
)
from service.kit.sql.database import WRITES
from service.kit.sql.key_tables import data_key, key_encryption_key, period_key

KEPT = 20_000
"""Data keys kept open in memory, about 300 bytes each: those of the people met last."""
KEPT_SECONDS = 30.0
"""How long each is kept before the database is asked anew: another process may have destroyed it."""
BINDING = 0x4A4B4249
"""The advisory lock of who makes the first key: "JKBI"."""
_CHUNK = 1000
_CHECK = b"jisr"


@dataclass(frozen=True, slots=True)
class KeyCounts:
    """current: ID of the key-encryption key. former: those that a rotation has not finished with."""

    current: str
    former: Sequence[str]
    period_keys: int
    data_keys: int


class Vault:
    """Opens and makes data keys. Safe to share between threads."""

    def __init__(self, engine: Engine, encryption: KeyEncryption) -> None:
        self._engine, self._encryption = engine, encryption
        self._secrets: OrderedDict[UUID, tuple[float, bytes]] = OrderedDict()  # oldest first
        self._lock = Lock()
        self.search_key: UUID | None = None
        """Of blind tokens, once it is known; it is never destroyed."""

    def bind(self) -> None:
        """At start: make the first key-encryption key, or see that the one given is this registry's.

        Raises KeysUnusable.
        """
        with self._engine.connect() as connection:
            known = self._known(connection)
        if not known:
            with self._writing() as connection:
                self.bind_first(connection)

    def bind_first(self, connection: Connection) -> None:
        """In a transaction that may write. Nothing where a key is bound already: of several processes one makes it."""
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": BINDING})
        if not self._known(connection):
            key_id = (self._encryption.ids() or [self._encryption.make()])[0]
            self._add_current(connection, key_id)

    def open(self, sealed: bytes, place: str) -> bytes:
        """Raises SealBroken."""
        return open_with(self.secret_of(key_of(sealed)), sealed, place)

    def secret_of(self, key_id: UUID, connection: Connection | None = None) -> bytes:
        """Raises SealBroken where the key was destroyed."""
        if (secret := self._kept(key_id)) is not None:
            return secret
        self.fetch([key_id], connection)
        if (secret := self._kept(key_id)) is None:
            raise SealBroken("the key of these bytes is not there: it was destroyed")
        return secret

    def fetch(self, key_ids: Collection[UUID], connection: Connection | None = None) -> None:
        """Open many keys at once, for `secret_of` to find."""
        missing = [one for one in dict.fromkeys(key_ids) if self._kept(one) is None]
        if missing and connection is None:
            with self._engine.connect() as own:
                self._fetch(missing, own)
        elif missing and connection is not None:
            self._fetch(missing, connection)

    def make(self, connection: Connection, kind: KeyClass, some: Sequence[DataKey]) -> None:
        """Keep new keys of one class, wrapped under the key of this month."""
        if not some:
            return
        period, secret = self._period(connection, kind)
        rows = [
            {
                "id": one.id,
                "owner": one.owner,
                "kind": kind,
                "period_key_key": period,
                "wrapped": encrypt(secret, one.secret, _data_place(one.id, one.owner, kind)),
            }
            for one in some
        ]
        connection.execute(insert(data_key), rows)

    def forget(self, key_ids: Collection[UUID]) -> None:
        with self._lock:
            for one in key_ids:
                self._secrets.pop(one, None)

    def counts(self) -> KeyCounts:
        with self._engine.connect() as connection:
            rows = connection.execute(select(key_encryption_key).order_by(key_encryption_key.c.made_at)).all()
            return KeyCounts(
                next((row.id for row in rows if row.current), ""),
                [row.id for row in rows if not row.current],
                connection.scalar(select(func.count()).select_from(period_key)) or 0,
                connection.scalar(select(func.count()).select_from(data_key)) or 0,
            )

    def rotate(self, progress: Progress = lambda done, total: None) -> str:
        """Make a new key-encryption key, wrap every period key under it, and forget the former.

        Services may run meanwhile. Stopped at any moment, it goes on where it was when called again.
        """
        current = self._begin_rotation()
        with self._engine.connect() as connection:
            waiting = connection.scalars(select(period_key.c.key).where(period_key.c.wrapped_by != current)).all()
        for done, number in enumerate(waiting):
            progress(done, len(waiting))
            with self._writing() as connection:
                self._wrap_again(connection, number, current)
        progress(len(waiting), len(waiting))
        with self._writing() as connection:  # the reference of a period key made meanwhile would refuse it
            connection.execute(delete(key_encryption_key).where(~key_encryption_key.c.current))
        self._encryption.keep_only(current)
        return current

    def _begin_rotation(self) -> str:
        """The ID of the key to wrap under: a new one, unless an earlier rotation was stopped."""
        with self._engine.connect() as connection:
            known = self._known(connection)
        current = next(one for one, is_current in known.items() if is_current)
        if len(known) > 1:
            return current
        newest = self._encryption.ids()[0]
        if newest == current:
            newest = self._encryption.make()
        with self._writing() as connection:
            connection.execute(update(key_encryption_key).values(current=False))
            self._add_current(connection, newest)
        return newest

    def _wrap_again(self, connection: Connection, number: int, current: str) -> None:
        row = connection.execute(select(period_key).where(period_key.c.key == number).with_for_update()).one()
        place = _period_place(row.kind, row.period)
        secret = self._encryption.unwrap(row.wrapped_by, row.wrapped, place)
        values = {"wrapped_by": current, "wrapped": self._encryption.wrap(current, secret, place)}
        connection.execute(update(period_key).where(period_key.c.key == number).values(values))

    def _known(self, connection: Connection) -> dict[str, bool]:
        """The IDs of the keys that the database knows, each whether it is current. Raises KeysUnusable."""
        rows = connection.execute(select(key_encryption_key)).all()
        held = self._encryption.ids()
        for row in rows:
            if row.current and not held:
                raise KeysUnusable(
                    f"the key-encryption key {row.id} of this registry is not there: restore the file that "
                    "JISR_KEY_FILE names from its copy, or set JISR_KEY; without it nothing sealed can be read"
                )
            self._encryption.unwrap(row.id, row.check, _check_place(row.id))
        return {row.id: row.current for row in rows}

    def _add_current(self, connection: Connection, key_id: str) -> None:
        check = self._encryption.wrap(key_id, _CHECK, _check_place(key_id))
        values = {"id": key_id, "check": check, "made_at": datetime.now(UTC), "current": True}
        connection.execute(insert(key_encryption_key).values(values))

    def _period(self, connection: Connection, kind: KeyClass) -> tuple[int, bytes]:
        """The key of a class and of this month, made where there is none."""
        period = datetime.now(UTC).strftime("%Y-%m")
        rows = select(period_key).where(period_key.c.kind == kind, period_key.c.period == period)
        row = connection.execute(rows).one_or_none()
        if row is None:
            self._make_period(connection, kind, period)
            row = connection.execute(rows).one()
        return row.key, self._encryption.unwrap(row.wrapped_by, row.wrapped, _period_place(kind, period))

    def _make_period(self, connection: Connection, kind: KeyClass, period: str) -> None:
        """Under the key that is current until this transaction ends: a rotation waits for it."""
        current = select(key_encryption_key.c.id).where(key_encryption_key.c.current).with_for_update(read=True)
        key_id = connection.scalar(current) or connection.scalar(current)  # a rotation may have ended meanwhile
        if key_id is None:
            raise StorageUnavailable("the database knows no current key-encryption key")
        wrapped = self._encryption.wrap(key_id, new_secret(), _period_place(kind, period))
        values = {"kind": kind, "period": period, "wrapped_by": key_id, "wrapped": wrapped}
        if connection.dialect.name == "postgresql":  # another process may make it at the same time
            connection.execute(postgresql_insert(period_key).values(values).on_conflict_do_nothing())
        else:
            connection.execute(insert(period_key).values(values))

    def _fetch(self, key_ids: Sequence[UUID], connection: Connection) -> None:
        columns = (period_key.c.wrapped_by, period_key.c.period, period_key.c.wrapped.label("period_wrapped"))
        rows = select(data_key, *columns).join(period_key, period_key.c.key == data_key.c.period_key_key)
        periods: dict[bytes, Callable[[bytes, bytes], bytes]] = {}
        for start in range(0, len(key_ids), _CHUNK):
            some = rows.where(data_key.c.id.in_(key_ids[start : start + _CHUNK]))
            for row in connection.execute(some):
                if row.period_wrapped not in periods:
                    place = _period_place(row.kind, row.period)
                    secret = self._encryption.unwrap(row.wrapped_by, row.period_wrapped, place)
                    periods[row.period_wrapped] = unwrapper(secret)
                place_of_data = _data_place(row.id, row.owner, row.kind)
                self.keep(row.id, periods[row.period_wrapped](row.wrapped, place_of_data))

    def keep(self, key_id: UUID, secret: bytes) -> None:
        with self._lock:
            self._secrets.pop(key_id, None)
            self._secrets[key_id] = (time.monotonic(), secret)
            if len(self._secrets) > KEPT:
                self._secrets.popitem(last=False)

    def _expire(self) -> None:
        oldest = time.monotonic() - KEPT_SECONDS
        while self._secrets and next(iter(self._secrets.values()))[0] <= oldest:
            self._secrets.popitem(last=False)

    def _kept(self, key_id: UUID) -> bytes | None:
        with self._lock:
            self._expire()
            found = self._secrets.get(key_id)
            return None if found is None else found[1]

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with self._engine.execution_options(**{WRITES: True}).begin() as connection:
            yield connection


def _data_place(key_id: UUID, owner: str, kind: str) -> bytes:
    return f"data key/{key_id}/{owner}/{kind}".encode()


def _period_place(kind: str, period: str) -> str:
    return f"period key/{kind}/{period}"


def _check_place(key_id: str) -> str:
    return f"key-encryption key/{key_id}"

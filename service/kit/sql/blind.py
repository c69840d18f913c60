"""Blind tokens under the one search key of a registry, a data key of class `search` that lasts as long as it does."""

import hmac
from collections.abc import Callable, Sequence
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from service.kit.blind import TOKEN_BYTES
from service.kit.sealing import KeyClass, new_secret
from service.kit.sql.data_keys import SqlDataKeys
from service.kit.sql.database import WRITES
from service.kit.sql.key_tables import data_key

OWNER = "registry/search"
_MAKING = 0x4A4B5352
"""The advisory lock of who makes the key: "JKSR"."""


class SqlBlind:
    """In one transaction. The key is made by the first that writes; before it there are no tokens to be found."""

    def __init__(self, session: Session, keys: SqlDataKeys) -> None:
        self._session, self._keys = session, keys
        self._hash: Callable[[bytes], bytes] | None = None

    def token(self, purpose: str, text: str) -> bytes:
        return self.tokens(purpose, [text])[0]

    def tokens(self, purpose: str, texts: Sequence[str]) -> list[bytes]:
        if self._hash is None:
            self._hash = _hasher(self._secret())
        prefix = purpose.encode() + b"\0"
        return [self._hash(prefix + one.encode()) for one in texts]

    def _secret(self) -> bytes:
        vault, connection = self._keys.vault, self._session.connection()
        if vault.search_key is None:
            found = self._found()
            if found is None and not connection.get_execution_options().get(WRITES, False):
                return new_secret()
            if found is None:
                return self._made()
            vault.search_key = found
        return vault.secret_of(vault.search_key, connection)

    def _made(self) -> bytes:
        """Not kept by the vault before this transaction is committed. Of several at once, one makes it."""
        connection = self._session.connection()
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MAKING})
        return self._keys.of_owner(OWNER, KeyClass.SEARCH).secret

    def _found(self) -> UUID | None:
        rows = select(data_key.c.id).where(data_key.c.owner == OWNER, data_key.c.kind == KeyClass.SEARCH)
        return self._session.scalar(rows)


def _hasher(secret: bytes) -> Callable[[bytes], bytes]:
    started = hmac.new(secret, digestmod="sha256")

    def hashed(content: bytes) -> bytes:
        one = started.copy()
        one.update(content)
        return one.digest()[:TOKEN_BYTES]

    return hashed

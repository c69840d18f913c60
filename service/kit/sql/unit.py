"""What every transaction has, whatever repositories are added to it."""

from typing import Self, TypeVar

from sqlalchemy import Engine, event
from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import Session

from service.kit.errors import NoSuchRow
from service.kit.sql.blind import SqlBlind
from service.kit.sql.blobs import SqlBlobRecords
from service.kit.sql.data_keys import SqlDataKeys
from service.kit.sql.feed import SqlChangeFeed
from service.kit.sql.keys import Vault
from service.kit.sql.sealed import KEYS, seal_pending
from service.kit.sql.turns import SqlTurns
from service.kit.turns import Turn

Row = TypeVar("Row")


class SqlTransaction:
    """One transaction. Leaving the block without `commit()` keeps nothing. turn: what has to last until then."""

    def __init__(self, engine: Engine, vault: Vault, turn: Turn | None = None) -> None:
        self._session = Session(engine, expire_on_commit=False)
        self._turn = turn
        self.turns = SqlTurns(self._session)
        self.changes = SqlChangeFeed(self._session)
        self.blobs = SqlBlobRecords(self._session)
        self.keys = self._session.info[KEYS] = SqlDataKeys(self._session, vault)
        self.blind = SqlBlind(self._session, self.keys)
        event.listen(self._session, "before_flush", seal_pending)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._session.close()

    def flush(self) -> None:
        self._session.flush()

    def commit(self) -> None:
        if self._turn is not None:
            self.turns.check(self._turn)
        self._before_commit()
        self._session.commit()

    def _before_commit(self) -> None:
        """What is written last of all, while others may wait for it."""


def row_of(session: Session, kind: type[Row], key: int) -> Row:
    """The row of a key. Raises NoSuchRow."""
    try:
        return session.get_one(kind, key)
    except NoResultFound:
        raise NoSuchRow(f"no {kind.__name__} has the key {key}") from None

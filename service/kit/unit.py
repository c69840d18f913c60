"""Transactions, as use cases see them. Each context's own extends these with its repositories."""

from contextlib import AbstractContextManager
from typing import Protocol, Self, TypeVar

from service.kit.blind import Blind
from service.kit.blobs import BlobRecords
from service.kit.feed import ChangeFeed
from service.kit.keys import DataKeys
from service.kit.turns import Turn, Turns


class UnitOfWork(Protocol):
    """One transaction. Leaving the block without `commit()` keeps nothing."""

    @property
    def changes(self) -> ChangeFeed: ...
    @property
    def blobs(self) -> BlobRecords: ...
    @property
    def turns(self) -> Turns: ...
    @property
    def keys(self) -> DataKeys: ...
    @property
    def blind(self) -> Blind: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *exc: object) -> None: ...
    def flush(self) -> None:
        """Send what is pending, so that keys are known. Raises AlreadyThere where a unique value is taken."""

    def commit(self) -> None:
        """Raises TurnLost, keeping nothing, in a transaction of `Storage.in_turn` whose turn has passed."""


Unit = TypeVar("Unit", covariant=True)


class Storage(Protocol[Unit]):
    """Opens transactions. `write` waits its turn where only one may write; `read` never waits."""

    def read(self) -> AbstractContextManager[Unit]: ...
    def write(self) -> AbstractContextManager[Unit]: ...
    def in_turn(self, turn: Turn) -> "Storage[Unit]":
        """The same, but what is written is kept only while the turn lasts."""

"""Bytes by name, and the rows that state whose they are. Every stored byte has a row."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class StoredName:
    """A blob as the store lists it. partial: what a write that did not end left behind."""

    name: str
    written_at: datetime
    partial: bool


class Blobs(Protocol):
    """What `put` returned from is on disk."""

    def put(self, name: str, content: bytes) -> None: ...
    def get(self, name: str) -> bytes:
        """Raises FileNotFoundError."""

    def delete(self, name: str) -> None:
        """Once this returned, the bytes are gone; an unknown name is no error."""

    def delete_older(self, name: str, than: datetime) -> bool:
        """Delete what was last written before `than`; whether it was. What is written meanwhile stays."""

    def names(self) -> Iterator[StoredName]:
        """Everything in the store, in no order."""


@dataclass(eq=False)
class BlobRecord:
    """The row of one blob. sha256: of its content, in hexadecimal. size: in bytes.

    owner: what it belongs to, as `enrolment/UUID`.
    """

    name: str
    sha256: str
    size: int
    owner: str
    stored_at: datetime
    key: int = field(init=False)


class BlobRecords(Protocol):
    def add(self, one: BlobRecord) -> None: ...
    def of_names(self, names: Sequence[str]) -> dict[str, BlobRecord]: ...
    def page(self, after: int, limit: int) -> Sequence[BlobRecord]:
        """The next rows by key."""

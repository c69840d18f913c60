"""Bytes by name, and the rows that state whose they are. Every stored byte has a row."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from service.kit.errors import BlobAltered, SealBroken
from service.kit.sealing import DataKey


@dataclass(frozen=True, slots=True)
class StoredName:
    """A blob as the store lists it. partial: what a write that did not end left behind."""

    name: str
    written_at: datetime
    partial: bool


class Blobs(Protocol):
    """What `put` returned from is on disk. Every method raises StorageUnavailable where the store as a whole fails."""

    def put(self, name: str, content: bytes) -> None: ...
    def get(self, name: str) -> bytes:
        """Raises BlobMissing or BlobUnreadable."""

    def open(self, sealed: bytes, place: str) -> bytes:
        """What was sealed for this place. Raises SealBroken."""

    def delete(self, name: str) -> None:
        """Once this returned, the bytes are gone; an unknown name is no error."""

    def delete_older(self, name: str, than: datetime) -> bool:
        """Delete what was last written before `than`; whether it was. What is written meanwhile stays."""

    def names(self) -> Iterator[StoredName]:
        """Everything in the store, in no order."""

    def partial(self) -> Iterator[StoredName]:
        """What writes that did not end left behind, or are about to end."""


def read_sound(blobs: Blobs, row: "BlobRecord") -> bytes:
    """The bytes of a row, opened. Raises BlobMissing, BlobUnreadable, BlobAltered."""
    content = blobs.get(row.name)
    if hashlib.sha256(content).hexdigest() != row.sha256:
        raise BlobAltered(f"the bytes of {row.name} are not those that were stored")
    if not row.sealed:
        return content
    try:
        return blobs.open(content, place_of(row.owner, row.name))
    except SealBroken as error:
        raise BlobAltered(f"{row.name}: {error}") from None


@dataclass(frozen=True, slots=True)
class SealedBlob:
    """name: carries the hash of the sealed bytes, so that no other bytes overwrite them."""

    name: str
    content: bytes
    sha256: str


def sealed_blob(key: DataKey, folder: str, part: str, content: bytes) -> SealedBlob:
    """What to store of a content. part: such as the position."""
    sealed = key.seal(content, place_of(key.owner, f"-{part}"))
    sha256 = hashlib.sha256(sealed).hexdigest()
    return SealedBlob(f"{folder}/{sha256[:16]}-{part}", sealed, sha256)


def place_of(owner: str, name: str) -> str:
    """What the bytes of a blob are sealed for. name: `folder/HASH-part`; what is after the hash counts."""
    return f"{owner}/blob/{name.rpartition('/')[2].partition('-')[2]}"


@dataclass(eq=False)
class BlobRecord:
    """The row of one blob. sha256: of the stored bytes, in hexadecimal, so that no key is needed to compare them.

    size: of the stored bytes. owner: what it belongs to, as `enrolment/UUID`. sealed: False of what was stored before
    captures were sealed.
    """

    name: str
    sha256: str
    size: int
    owner: str
    stored_at: datetime
    sealed: bool = True
    key: int = field(init=False)


class BlobRecords(Protocol):
    def add(self, one: BlobRecord) -> None: ...
    def of_names(self, names: Sequence[str]) -> dict[str, BlobRecord]: ...
    def newest(self) -> BlobRecord | None: ...
    def store_id(self) -> str | None:
        """Of the store whose bytes these rows are of; None before the first start."""

    def set_store_id(self, store_id: str) -> None: ...
    def delete(self, name: str) -> None: ...
    def plain(self, after: int, limit: int) -> Sequence[BlobRecord]:
        """The next rows by key whose bytes are not sealed."""

    def page(self, after: int, limit: int) -> Sequence[BlobRecord]:
        """The next rows by key."""

"""Blobs as files, and the table of their rows."""

import os
import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Boolean, CheckConstraint, Column, Integer, String, Table, delete, insert, select, true
from sqlalchemy.orm import Session

from service.kit.blobs import BlobRecord, StoredName
from service.kit.errors import BlobMissing, BlobUnreadable, SealBroken, StorageUnavailable
from service.kit.sealing import Opener
from service.kit.sql.columns import Instant, key, mapper, metadata

PARTIAL, PARTIAL_FOLDER = ".part", ".partial"
STORE_ID = ".store-id"
TRIES = 5
_CHUNK = 1000

blob = Table(
    "blob",
    metadata,
    key(),
    Column("name", String(200), nullable=False, unique=True),
    Column("sha256", String(64), nullable=False),
    Column("size", Integer, nullable=False),
    Column("owner", String(100), nullable=False, index=True),
    Column("stored_at", Instant, nullable=False),
    Column("sealed", Boolean, nullable=False, index=True),
    sqlite_autoincrement=True,
)
# One row: the store of the captures.
store = Table(
    "store",
    metadata,
    Column("only_row", Boolean, CheckConstraint("only_row"), primary_key=True, server_default=true()),
    Column("store_id", String(32), nullable=False),
)
mapper.map_imperatively(BlobRecord, blob)


class FileBlobs:
    """Bytes under names like `folder/name`, written so that a crash leaves either nothing or all of them.

    A store has an ID, in a file of its own: a folder that is not mounted, or another registry's, is told by it.
    opener: opens what is sealed; a store that only moves bytes has none.
    """

    def __init__(self, root: Path, opener: Opener | None = None) -> None:
        self._root, self._opener = root, opener
        self._partial = root / PARTIAL_FOLDER
        self._expected: str | None = None
        with _in_our_words("made"):
            root.mkdir(parents=True, exist_ok=True, mode=0o700)

    @property
    def root(self) -> Path:
        return self._root

    def store_id(self) -> str | None:
        """The folder's; None where it has none yet."""
        with _in_our_words("read"):
            try:
                return (self._root / STORE_ID).read_text(encoding="ascii").strip()
            except FileNotFoundError:
                return None

    def set_store_id(self, store_id: str) -> None:
        with _in_our_words("written"):
            self._write(STORE_ID, f"{store_id}\n".encode())

    def expect(self, store_id: str) -> None:
        """From now on refuse to work on a folder that has not this ID."""
        self._expected = store_id

    def put(self, name: str, content: bytes) -> None:
        self._require_ours()
        with _in_our_words("written"):
            self._write(name, content)

    def get(self, name: str) -> bytes:
        try:
            return (self._root / name).read_bytes()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            self._require_ours()
            raise BlobMissing(f"there are no bytes under {name}") from None
        except OSError as error:
            with _in_our_words("read"):
                next(self._root.iterdir(), None)  # the machine's fault if not even this can be done
            self._require_ours()
            raise BlobUnreadable(f"{name} cannot be read: {error.strerror}") from error

    def open(self, sealed: bytes, place: str) -> bytes:
        if self._opener is None:
            raise SealBroken("this store holds no keys")
        return self._opener.open(sealed, place)

    def _require_ours(self) -> None:
        if self._expected is not None and self.store_id() != self._expected:
            raise StorageUnavailable(f"{self._root.absolute()} is not the folder of this registry's captures")

    def _write(self, name: str, content: bytes) -> None:
        """In a folder of unfinished writes first, so that what a crash leaves there is found without a search."""
        path = self._root / name
        partial = self._partial / f"{secrets.token_hex(16)}{PARTIAL}"  # one post may come twice at once
        self._partial.mkdir(mode=0o700, exist_ok=True)
        try:
            with partial.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            _move(partial, path)
        except OSError:
            with suppress(OSError):
                partial.unlink(missing_ok=True)
            raise
        for folder in (path.parent, self._root):
            _sync_folder(folder)

    def delete(self, name: str) -> None:
        self._require_ours()  # elsewhere nothing is to be taken for deleted
        with _in_our_words("written"):
            self._delete(name)

    def _delete(self, name: str) -> None:
        path = self._root / name
        path.unlink(missing_ok=True)
        try:
            path.parent.rmdir()
        except OSError:  # not the folder's last, or the folder is gone, or about to go
            with suppress(FileNotFoundError):
                _sync_folder(path.parent)
        _sync_folder(self._root)

    def delete_older(self, name: str, than: datetime) -> bool:
        self._require_ours()
        with _in_our_words("written"):
            try:
                return self._delete_older(self._root / name, than)
            except FileNotFoundError:  # another process deletes it, or did
                return False

    def _delete_older(self, path: Path, than: datetime) -> bool:
        aside = path.with_name(f"{path.name}.{secrets.token_hex(8)}{PARTIAL}")
        path.rename(aside)  # what is put under the name from now on is another file
        if aside.stat().st_mtime >= than.timestamp():
            with suppress(FileExistsError):
                path.hardlink_to(aside)
            aside.unlink()
            return False
        self._delete(aside.relative_to(self._root).as_posix())
        return True

    def names(self) -> Iterator[StoredName]:
        return self._listed(self._root.rglob("*"))

    def partial(self) -> Iterator[StoredName]:
        return self._listed(self._partial.glob("*"))

    def _listed(self, paths: Iterable[Path]) -> Iterator[StoredName]:
        for path in paths:
            try:
                changed = path.stat().st_mtime
            except FileNotFoundError:  # renamed or deleted meanwhile
                continue
            if path.is_file() and path.name != STORE_ID:
                name = path.relative_to(self._root).as_posix()
                yield StoredName(name, datetime.fromtimestamp(changed, UTC), path.name.endswith(PARTIAL))


class SqlBlobRecords:
    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, one: BlobRecord) -> None:
        self._session.add(one)

    def of_names(self, names: Sequence[str]) -> dict[str, BlobRecord]:
        found: dict[str, BlobRecord] = {}
        for start in range(0, len(names), _CHUNK):  # databases bound how many values a query may name
            rows = self._session.scalars(select(BlobRecord).where(blob.c.name.in_(names[start : start + _CHUNK])))
            found |= {one.name: one for one in rows}
        return found

    def newest(self) -> BlobRecord | None:
        return self._session.scalar(select(BlobRecord).order_by(blob.c.key.desc()).limit(1))

    def store_id(self) -> str | None:
        return self._session.scalar(select(store.c.store_id))

    def set_store_id(self, store_id: str) -> None:
        self._session.execute(insert(store).values(store_id=store_id))

    def delete(self, name: str) -> None:
        self._session.execute(delete(blob).where(blob.c.name == name))

    def plain(self, after: int, limit: int) -> Sequence[BlobRecord]:
        rows = select(BlobRecord).where(~blob.c.sealed, blob.c.key > after)
        return self._session.scalars(rows.order_by(blob.c.key).limit(limit)).all()

    def page(self, after: int, limit: int) -> Sequence[BlobRecord]:
        return self._session.scalars(
            select(BlobRecord).where(blob.c.key > after).order_by(blob.c.key).limit(limit)
        ).all()


@contextmanager
def _in_our_words(done: str) -> Iterator[None]:
    """A full disk, one that became read-only, a folder that is gone."""
    try:
        yield
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise StorageUnavailable(f"the captures' folder cannot be {done}: {reason}") from error


def _move(partial: Path, path: Path) -> None:
    """The folder may be deleted, as the last of a folder was, between being made and being used."""
    for _ in range(TRIES):
        with suppress(FileNotFoundError, FileExistsError):  # deleted between mkdir's two looks
            path.parent.mkdir(mode=0o700, exist_ok=True)
            partial.replace(path)
            return
    path.parent.mkdir(mode=0o700, exist_ok=True)
    partial.replace(path)


def _sync_folder(folder: Path) -> None:
    """A new name is durable only once its folder is."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

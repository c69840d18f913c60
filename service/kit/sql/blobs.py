"""Blobs as files, and the table of their rows."""

import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from sqlalchemy import Column, Integer, String, Table, select
from sqlalchemy.orm import Session

from service.kit.blobs import BlobRecord, StoredName
from service.kit.sql.columns import Instant, key, mapper, metadata

PARTIAL = ".part"
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
    sqlite_autoincrement=True,
)
mapper.map_imperatively(BlobRecord, blob)


class FileBlobs:
    """Bytes under names like `folder/name`, written so that a crash leaves either nothing or all of them."""

    def __init__(self, root: Path) -> None:
        self._root = root
        root.mkdir(parents=True, exist_ok=True, mode=0o700)

    def put(self, name: str, content: bytes) -> None:
        path = self._root / name
        partial = path.with_name(f"{path.name}.{secrets.token_hex(8)}{PARTIAL}")  # one post may come twice at once
        with self._opened(partial) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        for folder in (path.parent, self._root):
            _sync_folder(folder)

    def get(self, name: str) -> bytes:
        return (self._root / name).read_bytes()

    def delete(self, name: str) -> None:
        path = self._root / name
        path.unlink(missing_ok=True)
        try:
            path.parent.rmdir()
        except OSError:  # not the folder's last, or the folder is gone
            _sync_folder(path.parent if path.parent.exists() else self._root)
        else:
            _sync_folder(self._root)

    def delete_older(self, name: str, than: datetime) -> bool:
        path = self._root / name
        aside = path.with_name(f"{path.name}.{secrets.token_hex(8)}{PARTIAL}")
        try:
            path.rename(aside)  # what is put under the name from now on is another file
        except FileNotFoundError:
            return False
        if aside.stat().st_mtime >= than.timestamp():
            with suppress(FileExistsError):
                path.hardlink_to(aside)
            aside.unlink()
            return False
        self.delete(aside.relative_to(self._root).as_posix())
        return True

    def _opened(self, path: Path) -> IO[bytes]:
        """A new file. Its folder may be deleted, as the last of a folder was, between being made and being used."""
        for _ in range(TRIES):
            with suppress(FileNotFoundError, FileExistsError):
                path.parent.mkdir(mode=0o700, exist_ok=True)
                return path.open("xb")
        path.parent.mkdir(mode=0o700, exist_ok=True)
        return path.open("xb")

    def names(self) -> Iterator[StoredName]:
        for path in self._root.rglob("*"):
            try:
                changed = path.stat().st_mtime
            except FileNotFoundError:  # renamed or deleted meanwhile
                continue
            if path.is_file():
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

    def page(self, after: int, limit: int) -> Sequence[BlobRecord]:
        return self._session.scalars(
            select(BlobRecord).where(blob.c.key > after).order_by(blob.c.key).limit(limit)
        ).all()


def _sync_folder(folder: Path) -> None:
    """A new name is durable only once its folder is."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

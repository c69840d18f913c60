"""The bytes of a database as they lie on the disk, its log too."""

from pathlib import Path

from sqlalchemy import Connection, Engine, text


class DiskOf:
    """From now on: what PostgreSQL logged before is another test's."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._from = (
            "" if engine.dialect.name == "sqlite" else self._scalar("SELECT pg_walfile_name(pg_current_wal_lsn())")
        )

    def files(self) -> bytes:
        """The database's own files: tables, indexes, TOAST; free pages and dead rows in them too."""
        if self._engine.dialect.name == "sqlite":
            return Path(str(self._engine.url.database)).read_bytes()
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("CHECKPOINT"))
            folder = connection.scalar(
                text("SELECT 'base/' || oid FROM pg_database WHERE datname = current_database()")
            )
            names = connection.scalars(text("SELECT pg_ls_dir(:folder)"), {"folder": folder}).all()
            return b"".join(_read(connection, f"{folder}/{name}") for name in names)

    def log(self) -> bytes:
        """SQLite's write-ahead log, or PostgreSQL's from the segment on in which this began."""
        if self._engine.dialect.name == "sqlite":
            path = Path(f"{self._engine.url.database}-wal")
            return path.read_bytes() if path.exists() else b""
        with self._engine.connect() as connection:
            last = connection.scalar(text("SELECT pg_walfile_name(pg_current_wal_flush_lsn())"))
            rows = connection.scalars(text("SELECT name FROM pg_ls_waldir() ORDER BY name"))
            names = [name for name in rows if self._from <= name <= last]
            return b"".join(_read(connection, f"pg_wal/{name}") for name in names)

    def _scalar(self, query: str) -> str:
        with self._engine.connect() as connection:
            return str(connection.scalar(text(query)))


def _read(connection: Connection, path: str) -> bytes:
    """Empty where the file is gone meanwhile."""
    found = connection.scalar(text("SELECT pg_read_binary_file(:path, 0, 100000000, true)"), {"path": path})
    return bytes(found or b"")

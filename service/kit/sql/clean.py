"""What a database's own files keep of rows that were deleted or changed, and having it gone.

SQLite overwrites deleted content (`secure_delete`), but its write-ahead log keeps former pages until it is cut, and a
page that was divided may keep what it gave away until the file is written anew (VACUUM). PostgreSQL keeps former rows
until VACUUM frees their place, and bytes in free places until the table is written anew (VACUUM FULL). Its write-ahead
log is its operator's: what was sealed is dead there once the key is gone.
"""

import time

import structlog
from sqlalchemy import Engine, inspect, text

logger = structlog.get_logger(__name__)
TRIES, PAUSE = 20, 0.1
"""The log of SQLite can be cut only while no one reads; seconds between two tries."""


class DatabaseCleaner:
    """tables: those that hold what is personal, or keys; on PostgreSQL only these are cleaned."""

    def __init__(self, engine: Engine, tables: tuple[str, ...]) -> None:
        self._engine, self._tables = engine, tables

    def clean(self) -> None:
        """Within moments, while others go on."""
        if self._engine.dialect.name == "sqlite":
            self._cut_log()
        else:
            self._vacuum("VACUUM")

    def rewrite(self) -> None:
        """Write anew all that may keep bytes of deleted rows. Others wait meanwhile: some seconds per gigabyte."""
        if self._engine.dialect.name == "sqlite":
            # else the copy that VACUUM makes of the whole database lies in memory
            self._on_sqlite("PRAGMA temp_store=FILE", "VACUUM", "PRAGMA temp_store=MEMORY")
            self._cut_log()
        else:
            self._vacuum("VACUUM FULL")

    def _cut_log(self) -> None:
        for _ in range(TRIES):
            if self._on_sqlite("PRAGMA wal_checkpoint(TRUNCATE)") == 0:
                return
            time.sleep(PAUSE)
        logger.warning("database.log_not_cut")

    def _on_sqlite(self, *statements: str) -> int:
        """Outside any transaction. Whether the last was kept from it by others, as SQLite states it: 0 or 1."""
        connection = self._engine.raw_connection()
        row = None
        try:
            cursor = connection.cursor()
            for one in statements:
                cursor.execute(one)
                row = cursor.fetchone()
            cursor.close()
        finally:
            connection.close()
        return int(row[0]) if row else 0

    def _vacuum(self, how: str) -> None:
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            there = set(inspect(connection).get_table_names())
            for table in self._tables:
                if table in there:
                    connection.execute(text(f"{how} {table}"))

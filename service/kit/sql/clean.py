"""What a database's own files keep of rows that were deleted or changed, and having it gone.

SQLite overwrites deleted content (`secure_delete`), but its write-ahead log keeps former pages until it is cut, and a
page that was divided may keep what it gave away until the file is written anew (VACUUM). PostgreSQL keeps former rows
until VACUUM frees their place, and bytes in free places until the table is written anew (VACUUM FULL). Its write-ahead
log is its operator's: what was sealed is dead there once the key is gone.
"""

import time
from collections.abc import Mapping
from typing import Any

import structlog
from sqlalchemy import Engine, inspect, text

logger = structlog.get_logger(__name__)
TRIES, PAUSE = 10, 0.1
"""What others read can be cleaned once they have ended; seconds between two tries."""
CUT_WAITS_MS = 100
"""No one can write while SQLite waits for those who read its log."""
HELD = text(
    "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    " AND greatest(age(backend_xmin), age(backend_xid)) > age(CAST(:next AS xid)))"
)
"""Whether a transaction is open that began before the one with this number; an ANALYZE by itself counts too."""
NEXT = text("SELECT CAST(CAST(pg_snapshot_xmax(pg_current_snapshot()) AS xid) AS text)")


class DatabaseCleaner:
    """tables: those that hold what is personal, or keys; on PostgreSQL only these are cleaned."""

    def __init__(self, engine: Engine, tables: tuple[str, ...]) -> None:
        self._engine, self._tables = engine, tables

    def clean(self) -> bool:
        """Within moments, while others go on. False where one of them still reads what was deleted."""
        if self._engine.dialect.name == "sqlite":
            return self._cut_log()
        if not self._others_ended():
            return False
        self._vacuum("VACUUM")
        return True

    def rewrite(self) -> bool:
        """Write anew all that may keep bytes of deleted rows. Others wait meanwhile: some seconds per gigabyte.

        False where one of them still reads what was deleted.
        """
        if self._engine.dialect.name == "sqlite":
            # else the copy that VACUUM makes of the whole database lies in memory
            self._on_sqlite("VACUUM", temp_store="FILE")
            return self._cut_log()
        if not self._others_ended():
            return False
        self._vacuum("VACUUM FULL")
        return True

    def _cut_log(self) -> bool:
        for _ in range(TRIES):
            if self._on_sqlite("PRAGMA wal_checkpoint(TRUNCATE)", busy_timeout=CUT_WAITS_MS) == 0:
                return True
            time.sleep(PAUSE)
        logger.warning("database.log_not_cut")
        return False

    def _on_sqlite(self, statement: str, **settings: int | str) -> int:
        """Outside any transaction. Whether it was kept from it by others, as SQLite states it: 0 or 1.

        settings: pragmas for this statement alone.
        """
        connection = self._engine.raw_connection()
        try:
            cursor = connection.cursor()
            usual = {name: cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in settings}
            try:
                _set(cursor, settings)
                row = cursor.execute(statement).fetchone()
            finally:
                _set(cursor, usual)
                cursor.close()
        finally:
            connection.close()
        return int(row[0]) if row else 0

    def _others_ended(self) -> bool:
        """Whether all have ended that may read what was deleted until now: VACUUM leaves such rows, and says nothing.

        A standby with a replication slot, and transactions of another role, are not seen.
        """
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            number = connection.scalar(NEXT)
            for _ in range(TRIES):
                if not connection.scalar(HELD, {"next": number}):
                    return True
                time.sleep(PAUSE)
        logger.warning("database.rows_not_freed")
        return False

    def _vacuum(self, how: str) -> None:
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            there = set(inspect(connection).get_table_names())
            for table in self._tables:
                if table in there:
                    connection.execute(text(f"{how} {table}"))


def _set(cursor: Any, settings: Mapping[str, int | str]) -> None:
    for name, value in settings.items():
        cursor.execute(f"PRAGMA {name}={value}")

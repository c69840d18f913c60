"""One worker a registry: whoever holds the turn may process."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, text

WORKER = 0x4A495352  # "JISR"


@contextmanager
def worker_turn(engine: Engine, home: Path) -> Iterator[bool]:
    """Whether this process may be the worker, for as long as the block lasts. A dead process loses its turn at once.

    On PostgreSQL an advisory lock of the session, so that workers on several machines exclude each other; on SQLite a
    lock on a file beside the database.
    """
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            try:
                yield bool(connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": WORKER}))
            finally:
                connection.invalidate()  # ends the session and with it the lock
    else:
        with (home / "worker.lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True

"""Locks that one process of all holds: the worker, the walk of all against all."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, text

from service.kit.turns import Lock


@contextmanager
def only_one(engine: Engine, home: Path, lock: Lock) -> Iterator[bool]:
    """Whether this process holds the lock, for as long as the block lasts. A dead process loses it at once.

    A session may end without its holder noticing: `kit.turns` keeps what it then writes from being kept.

    On PostgreSQL an advisory lock of the session, so that processes on several machines exclude each other; on SQLite a
    lock on a file beside the database.
    """
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            try:
                yield bool(connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": lock.value}))
            finally:
                connection.invalidate()  # ends the session and with it the lock
    else:
        with (home / f"{lock.name.lower()}.lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True

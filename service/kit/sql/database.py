"""Opening the database: SQLite that keeps its word through a power cut, or PostgreSQL."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, QueuePool, create_engine, event, exc, inspect, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor, ExceptionContext
from sqlalchemy.pool import PoolProxiedConnection

from service.kit.errors import AlreadyThere, StorageError, StorageUnavailable

WRITES = "jisr_writes"
CONNECTIONS_KEPT, CONNECTIONS_MORE = 10, 40
"""As many threads as a web server answers requests with, and the worker's."""
SWITCH_SECONDS = 30
MIGRATING = 0x4A4D4947
"""Names the lock that one process migrates under."""


class Pool(QueuePool):
    """A pool of connections that reports in the kit's words that none came free."""

    def connect(self) -> PoolProxiedConnection:
        try:
            return super().connect()
        except exc.TimeoutError:
            raise StorageUnavailable("all connections to the database are in use") from None


def open_database(url: str, wait_seconds: float = 30) -> Engine:
    """An engine for `sqlite:///path` or `postgresql+psycopg://…`.

    wait_seconds: how long a transaction waits for a connection, and on SQLite for its turn to write. What the engine
    raises is StorageError or StorageUnavailable, never an error of SQLAlchemy's.
    """
    sqlite = make_url(url).get_backend_name() == "sqlite"
    driver = {"timeout": wait_seconds, "check_same_thread": False} if sqlite else {"options": "-c timezone=UTC"}
    engine = create_engine(
        url,
        poolclass=Pool,
        pool_size=CONNECTIONS_KEPT,
        max_overflow=CONNECTIONS_MORE,
        pool_timeout=wait_seconds,
        pool_pre_ping=not sqlite,
        connect_args=driver,
    )
    if sqlite:
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    event.listen(engine, "handle_error", _in_our_words)
    return engine


def migrate(engine: Engine, scripts: Path, newest: str, vault: object = None) -> None:
    """Bring the schema to `newest`, by the migrations in the folder `scripts`.

    vault: given to migrations that seal. Where that is done, Alembic is not even loaded: it takes half a second.
    """
    with engine.connect() as connection:
        if inspect(connection).has_table("alembic_version"):
            found = connection.scalar(text("SELECT version_num FROM alembic_version"))
            if found == newest:
                return
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(scripts))
    with engine.execution_options(**{WRITES: True}).connect() as connection, _rebuilding(connection):
        if engine.dialect.name == "postgresql":  # two services started at once on an empty database
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATING})
        config.attributes["connection"], config.attributes["vault"] = connection, vault
        command.upgrade(config, "head")
    _empty_log(engine)


def _empty_log(engine: Engine) -> None:
    """What a migration sealed or dropped stays in no log of SQLite's; `secure_delete` overwrote it in the file."""
    if engine.dialect.name == "sqlite":
        driver = engine.raw_connection()  # SQLite does this outside a transaction alone
        try:
            driver.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            driver.close()


@contextmanager
def _rebuilding(connection: Connection) -> Iterator[None]:
    """One transaction, in which SQLite lets a table that others refer to be dropped and made anew.

    It cannot alter a column otherwise. It refuses unless foreign keys are not enforced, which can be said only outside
    a transaction; so they are checked at the end (sqlite.org/lang_altertable.html, "Making Other Kinds Of Changes").
    """
    if connection.dialect.name != "sqlite":
        with connection.begin():
            yield
        return
    driver = connection.connection.cursor()
    driver.execute("PRAGMA foreign_keys=OFF")
    driver.execute("PRAGMA temp_store=FILE")  # an index of millions of rows is sorted
    try:
        with connection.begin():
            yield
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
            assert broken is None, f"a row of {broken[0]} refers to nothing"
    finally:
        driver.execute("PRAGMA foreign_keys=ON")
        driver.execute("PRAGMA temp_store=MEMORY")
        driver.close()


def _in_our_words(context: ExceptionContext) -> None:
    """Raise our own error in place of the driver's."""
    found, reason = context.sqlalchemy_exception, str(context.original_exception).partition("\n")[0]
    if context.is_pre_ping or found is None:
        return
    if isinstance(found, exc.IntegrityError):
        kind: type[Exception] = AlreadyThere if _is_taken(context.original_exception) else StorageError
        raise kind(reason) from None
    ours = getattr(context.original_exception, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR  # bad SQL
    out_of_order = isinstance(found, exc.OperationalError | exc.InterfaceError | exc.InternalError)
    damaged = type(found) is exc.DatabaseError  # SQLite's file is corrupt, or no database
    if (out_of_order or damaged) and not ours:
        raise StorageUnavailable(f"the database does not answer: {reason}") from None
    raise StorageError(f"{type(context.original_exception).__name__}: {reason}") from None


def _is_taken(error: BaseException) -> bool:
    """Whether a unique value was taken, or a range of days: by SQLite's extended code, or PostgreSQL's SQLSTATE."""
    unique = (sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_TRIGGER)
    taken = ("23505", "23P01")
    return getattr(error, "sqlite_errorcode", None) in unique or getattr(error, "sqlstate", None) in taken


def _prepare_sqlite(connection: DBAPIConnection, record: Any) -> None:
    connection.isolation_level = None  # transactions begin where SQLAlchemy says
    cursor = connection.cursor()
    _write_ahead(cursor)
    # temp_store: what SQLite sorts would lie in the system's folder for temporary files
    for pragma in ("synchronous=FULL", "foreign_keys=ON", "secure_delete=ON", "temp_store=MEMORY"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _write_ahead(cursor: DBAPICursor) -> None:
    """Of services that start at once on a new file, one switches it; SQLite refuses the others without waiting."""
    until = time.monotonic() + SWITCH_SECONDS
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.02)
        else:
            return


def _begin_sqlite(connection: Connection) -> None:
    """A transaction that will write takes its turn at once: one that read first could no longer be let in."""
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

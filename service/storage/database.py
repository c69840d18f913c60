"""Opening the database: SQLite that keeps its word through a power cut, or PostgreSQL."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection

MIGRATIONS = Path(__file__).parent / "migrations"
SCHEMA = "0002"
"""The newest migration."""
WRITES = "jisr_writes"
MIGRATING = 0x4A4D4947
"""Names the lock of whoever migrates."""


def open_database(url: str) -> Engine:
    """An engine for `sqlite:///path` or `postgresql+psycopg://…`."""
    if make_url(url).get_backend_name() != "sqlite":
        utc = {"options": "-c timezone=UTC"}
        return create_engine(url, pool_pre_ping=True, pool_size=10, max_overflow=40, connect_args=utc)
    engine = create_engine(url, connect_args={"timeout": 30, "check_same_thread": False})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def migrate(engine: Engine) -> None:
    """Bring the schema to this version's. Where that is done, Alembic is not even loaded: it takes half a second."""
    with engine.connect() as connection:
        if inspect(connection).has_table("alembic_version"):
            found = connection.scalar(text("SELECT version_num FROM alembic_version"))
            if found == SCHEMA:
                return
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.execution_options(**{WRITES: True}).connect() as connection, _rebuilding(connection):
        if engine.dialect.name == "postgresql":  # two services started at once on an empty database
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATING})
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


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
    try:
        with connection.begin():
            yield
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
            assert broken is None, f"a row of {broken[0]} refers to nothing"
    finally:
        driver.execute("PRAGMA foreign_keys=ON")
        driver.close()


def _prepare_sqlite(connection: DBAPIConnection, record: Any) -> None:
    connection.isolation_level = None  # transactions begin where SQLAlchemy says
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """A transaction that will write takes its turn at once: one that read first could no longer be let in."""
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

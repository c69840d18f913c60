"""Whether the database's own files were cleaned: said only where it is so, and writers go on meanwhile."""

import time

from sqlalchemy import Engine, insert, text

from service.kit.sql.blobs import store
from service.kit.sql.clean import DatabaseCleaner
from service.kit.sql.database import WRITES


def test_what_another_still_reads_is_not_clean(database: Engine) -> None:
    cleaner = DatabaseCleaner(database, ("store",))
    with database.connect() as reader:
        if reader.dialect.name == "postgresql":  # where others hold nothing back between two statements
            reader.execution_options(isolation_level="REPEATABLE READ")
        reader.execute(text("SELECT count(*) FROM store")).all()
        with database.execution_options(**{WRITES: True}).begin() as connection:
            connection.execute(insert(store).values(store_id="1"))
        began = time.monotonic()
        assert not cleaner.clean()
        assert time.monotonic() - began < 5
    assert cleaner.clean()


def test_who_waits_to_write_is_as_patient_as_before(database: Engine) -> None:
    if database.dialect.name == "sqlite":
        DatabaseCleaner(database, ()).clean()
        with database.connect() as connection:
            assert connection.scalar(text("PRAGMA busy_timeout")) == 30_000

"""What a damaged database says, in the kit's words."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text

from service.kit.errors import StorageUnavailable
from service.kit.sql.database import open_database


def test_a_file_that_is_no_database_is_the_machine_s_fault(tmp_path: Path) -> None:
    """It is to be restored: no enrolment is to be given up for it."""
    path = tmp_path / "jisr.db"
    path.write_bytes(b"no database at all" * 500)
    engine = open_database(f"sqlite:///{path}")
    with pytest.raises(StorageUnavailable), engine.connect() as connection:
        connection.execute(text("SELECT 1 FROM enrolment"))
    engine.dispose()


def test_sqlite_sorts_in_memory(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'jisr.db'}")
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA temp_store").scalar() == 2
    engine.dispose()


def test_services_that_start_at_once_on_a_new_file_wait_for_each_other(tmp_path: Path) -> None:
    """While one switches the file to its log, SQLite refuses the others without waiting by itself."""

    def start(path: Path) -> None:
        engine = open_database(f"sqlite:///{path}")
        with engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        engine.dispose()

    with ThreadPoolExecutor(8) as pool:
        for number in range(100):
            list(pool.map(start, [tmp_path / f"{number}.db"] * 8))

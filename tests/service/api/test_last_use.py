"""When a token was used is noted beside the requests: none waits for it, and none fails by it."""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from sqlalchemy import Engine
from structlog.testing import capture_logs

from service.access.domain import AccessRole, Token
from service.access.usecases.tokens import note_use
from service.api.last_use import LastUse
from service.bootstrap import App
from service.kit.clock import SystemClock
from service.kit.sql.database import WRITES, open_database
from tests.service.api.counter import Client
from tests.service.made_up import TESTER, storage_of


@contextmanager
def writing(engine: Engine) -> Iterator[None]:
    """Nobody else writes to the tokens meanwhile; everyone reads them."""
    with engine.execution_options(**{WRITES: True}).connect() as connection:
        lock = "SELECT 1" if engine.dialect.name == "sqlite" else "LOCK TABLE token IN EXCLUSIVE MODE"
        connection.exec_driver_sql(lock)
        yield


def tokens(app: App) -> list[Token]:
    with app.store.storage.read() as uow:  # listing them would leave an entry, which waits for who writes
        return uow.tokens.all()


def wait_until(true: Callable[[], bool]) -> None:
    until = time.monotonic() + 10
    while not true():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_request_is_answered_while_its_use_cannot_be_noted(
    jisr: App, client_as: Callable[[AccessRole], Client]
) -> None:
    counter = client_as(AccessRole.ENROLLER)
    with writing(jisr.store.database):
        assert counter.call("GET", "/v1/persons/2345678901").status_code == 404
        assert tokens(jisr)[0].last_used_at is None
    wait_until(lambda: tokens(jisr)[0].last_used_at is not None)


def test_a_use_that_cannot_be_noted_is_logged_and_no_more(migrated_sqlite: Path, tmp_path: Path) -> None:
    path = shutil.copy(migrated_sqlite, tmp_path / "jisr.db")
    patient, hasty = (open_database(f"sqlite:///{path}", wait_seconds=seconds) for seconds in (30, 0.1))
    uses, storage = LastUse(), storage_of(hasty)
    write = partial(note_use, actor=TESTER, storage=storage, clock=SystemClock())
    with capture_logs() as logs, writing(patient):
        uses.note(TESTER.id, write)
        uses.note(TESTER.id, write)  # within the same minute
        wait_until(lambda: bool(logs))
    assert [(one["event"], one["reason"]) for one in logs] == [("token.use_not_noted", "StorageUnavailable")]
    for engine in (patient, hasty):
        engine.dispose()

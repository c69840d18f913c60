"""Migrated databases, made once and copied for each test: migrating takes longer than most tests."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, make_url

from service.bootstrap import App, Recognition, open_store, wire
from service.kit.sql.database import migrate, open_database
from service.settings import Settings
from service.storage.unit import MIGRATIONS, SCHEMA, SqlStorage
from tests.conftest import new_database
from tests.service.made_up import TEST_KEY, storage_of


class Noon:
    """A clock that stands still."""

    def now(self) -> datetime:
        return datetime(2026, 1, 15, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("migrated") / "jisr.db"
    _prepared(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def migrated_postgresql(postgresql: str) -> str:
    url = new_database(postgresql)
    _prepared(url)
    name = make_url(url).database
    assert name is not None
    return name


def _prepared(url: str) -> None:
    database = open_database(url)
    migrate(database, MIGRATIONS, SCHEMA)
    database.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Makes empty registries, on each kind of database in turn."""
    numbers = count()

    def sqlite() -> str:
        path = tmp_path / f"jisr{next(numbers) or ''}.db"
        shutil.copy(request.getfixturevalue("migrated_sqlite"), path)
        return f"sqlite:///{path}"

    def postgresql() -> str:
        return new_database(request.getfixturevalue("postgresql"), request.getfixturevalue("migrated_postgresql"))

    return sqlite if request.param == "sqlite" else postgresql


@pytest.fixture
def new_storage(new_url: Callable[[], str]) -> Callable[[], AbstractContextManager[SqlStorage]]:
    """The same, open for as long as it is used: a test of many examples would run out of connections."""

    @contextmanager
    def made() -> Iterator[SqlStorage]:
        engine = open_database(new_url())
        try:
            yield storage_of(engine)
        finally:
            engine.dispose()

    return made


@pytest.fixture
def migrated_url(new_url: Callable[[], str]) -> str:
    """An empty registry, on each kind of database in turn."""
    return new_url()


@pytest.fixture
def database(migrated_url: str) -> Iterator[Engine]:
    engine = open_database(migrated_url)
    yield engine
    engine.dispose()


@pytest.fixture
def storage(database: Engine) -> SqlStorage:
    return storage_of(database)


@pytest.fixture
def app(recognition: Recognition, tmp_path: Path, migrated_url: str) -> Iterator[App]:
    """A whole service on an empty registry; no worker runs."""
    made = wire(open_store(Settings(home=tmp_path, database_url=migrated_url, key=SecretStr(TEST_KEY))), recognition)
    made.replica.start(made.store.storage)
    yield made
    made.store.database.dispose()

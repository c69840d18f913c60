from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from matcher import Engine
from service.api.app import create_app
from service.bootstrap import App, open_store, wire
from service.domain.access import AccessRole
from service.settings import Settings
from service.usecases.access import create_token
from tests.service.api.counter import Client


@pytest.fixture
def jisr(engine: Engine, tmp_path: Path, database_url: str) -> Iterator[App]:
    """A service on an empty registry, its worker running."""
    app = wire(open_store(Settings(home=tmp_path, database_url=database_url)), engine)
    app.follower.start(app.store.storage)
    app.worker.start()
    yield app
    app.worker.stop()
    app.store.database.dispose()


@pytest.fixture
def http(jisr: App) -> Iterator[TestClient]:
    with TestClient(create_app(jisr), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def client_as(jisr: App, http: TestClient) -> Callable[[AccessRole], Client]:
    def made(role: AccessRole) -> Client:
        return Client(http, create_token(f"a {role}", role, storage=jisr.store.storage, clock=jisr.store.clock))

    return made


@pytest.fixture
def counter(client_as: Callable[[AccessRole], Client]) -> Client:
    return client_as(AccessRole.ENROLLER)


@pytest.fixture
def desk(client_as: Callable[[AccessRole], Client]) -> Client:
    return client_as(AccessRole.ADJUDICATOR)

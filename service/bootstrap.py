"""The one file that names concrete classes."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from sqlalchemy import Engine as Database

from matcher import Engine
from service.settings import Settings
from service.storage.blobs import FileBlobs
from service.storage.database import migrate, open_database
from service.storage.turn import worker_turn
from service.storage.unit import SqlStorage
from service.usecases.gallery import Follower
from service.usecases.process import Processor, Rules
from service.worker import Worker


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Store:
    """What needs no networks: tokens are made, numbers looked up."""

    settings: Settings
    database: Database
    storage: SqlStorage
    blobs: FileBlobs
    clock: SystemClock


@dataclass(frozen=True, slots=True)
class App:
    """Everything a running service is made of."""

    store: Store
    engine: Engine
    follower: Follower
    rules: Rules
    worker: Worker
    turn: Callable[[], AbstractContextManager[bool]]


def open_store(settings: Settings) -> Store:
    """Open the database, making or migrating it where needed."""
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    database = open_database(settings.url)
    migrate(database)
    return Store(settings, database, SqlStorage(database), FileBlobs(settings.home / "captures"), SystemClock())


def open_app(settings: Settings) -> App:
    """The whole service, its gallery still empty: `follower.start` fills it.

    Raises ModelMissing, ModelAltered or CalibrationUnusable.
    """
    return wire(open_store(settings), Engine(settings.models, settings.threads, mapped=settings.gallery_mapped))


def wire(store: Store, engine: Engine) -> App:
    """Put the parts together."""
    settings = store.settings
    follower = Follower(engine, settings.home / "gallery")
    rules = Rules(
        settings.fpir_review,
        settings.fpir_duplicate,
        settings.candidates,
        settings.person_number_length,
        settings.batch,
        settings.attempts,
    )
    processor = Processor(store.storage, engine, follower, store.blobs, store.clock, rules)
    turn = partial(worker_turn, store.database, settings.home)
    return App(store, engine, follower, rules, Worker(processor, turn, settings.snapshot_every), turn)

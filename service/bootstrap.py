"""The one file that names concrete classes."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sqlalchemy import Engine as Database

from matcher import Comparator, Extractor, SearchIndex
from service.deduplication.domain import SearchPolicy
from service.deduplication.steps.replica import Replica
from service.deduplication.usecases.process import ProcessingLimits, Processor
from service.kit.actor import system_actor
from service.kit.clock import SystemClock
from service.kit.sql.blobs import FileBlobs
from service.kit.sql.database import open_database
from service.kit.sql.locks import Lock, only_one
from service.settings import Settings
from service.storage.unit import SqlStorage, prepare
from service.worker import Worker


@dataclass(frozen=True, slots=True)
class Store:
    """What needs no networks: tokens are made, numbers looked up. lock: opens with whether it is this process's."""

    settings: Settings
    database: Database
    storage: SqlStorage
    blobs: FileBlobs
    clock: SystemClock

    def lock(self, lock: Lock) -> AbstractContextManager[bool]:
        return only_one(self.database, self.settings.home, lock)

    @property
    def snapshots(self) -> Path:
        return self.settings.home / "gallery"


@dataclass(frozen=True, slots=True)
class Recognition:
    """The matcher's three parts; a cluster replaces the index alone."""

    extractor: Extractor
    comparator: Comparator
    index: SearchIndex


@dataclass(frozen=True, slots=True)
class App:
    """Everything a running service is made of."""

    store: Store
    extractor: Extractor
    comparator: Comparator
    replica: Replica
    policy: SearchPolicy
    limits: ProcessingLimits
    worker: Worker


def open_store(settings: Settings) -> Store:
    """Open the database, making or migrating it where needed. Raises StorageUnavailable."""
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    database = open_database(settings.url)
    return Store(settings, database, prepare(database), FileBlobs(settings.home / "captures"), SystemClock())


def open_recognition(settings: Settings) -> Recognition:
    """The networks and an empty index. Raises ModelMissing, ModelAltered or CalibrationUnusable."""
    extractor = Extractor(settings.models, settings.threads, settings.pixels_at_once)
    comparator = Comparator(extractor.format, settings.models)
    index = SearchIndex(extractor.format, settings.models, settings.threads, mapped=settings.gallery_mapped)
    return Recognition(extractor, comparator, index)


def open_app(settings: Settings) -> App:
    """The whole service, its index still empty: `replica.start` fills it.

    Raises StorageUnavailable, ModelMissing, ModelAltered or CalibrationUnusable.
    """
    return wire(open_store(settings), open_recognition(settings))


def wire(store: Store, recognition: Recognition) -> App:
    """Put the parts together."""
    settings = store.settings
    replica = Replica(recognition.index, store.snapshots)
    policy = SearchPolicy(settings.fpir_review, settings.fpir_duplicate, settings.candidates)
    limits = ProcessingLimits(settings.batch, settings.attempts, settings.person_number_length)
    processor = Processor(
        storage=store.storage,
        extractor=recognition.extractor,
        comparator=recognition.comparator,
        replica=replica,
        blobs=store.blobs,
        clock=store.clock,
        policy=policy,
        limits=limits,
    )
    worker_lock = partial(store.lock, Lock.WORKER)
    worker = Worker(processor, worker_lock, settings.snapshot_every, system_actor("worker", "worker"))
    extractor = recognition.extractor.hurried(settings.wait_seconds)  # the worker waits: it must refuse no one
    return App(store, extractor, recognition.comparator, replica, policy, limits, worker)

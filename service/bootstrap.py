"""The one file that names concrete classes."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import structlog
from sqlalchemy import Engine as Database

from matcher import Comparator, Extractor, SearchIndex
from service.access.usecases.operators import seal_second_factors
from service.audit.steps.refusals import Refusals
from service.audit.storage.feeds import feed_target
from service.audit.storage.files import CopyFile
from service.auditor import Auditor
from service.deduplication.domain import SearchPolicy
from service.deduplication.steps.replica import Replica
from service.deduplication.usecases.process import ProcessingLimits, Processor
from service.kit.actor import system_actor
from service.kit.clock import SystemClock
from service.kit.errors import StorageUnavailable
from service.kit.keys import KeyEncryption, key_encryption
from service.kit.sql.blobs import FileBlobs
from service.kit.sql.database import open_database
from service.kit.sql.locks import only_one
from service.kit.turns import Lock, Turn
from service.nightly import Nightly
from service.settings import Settings
from service.storage.belonging import bind
from service.storage.seal_captures import seal_captures
from service.storage.unit import SqlStorage, prepare
from service.storage.verify import delete_partial
from service.worker import Worker

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Store:
    """What needs no networks: tokens are made, numbers looked up."""

    settings: Settings
    database: Database
    storage: SqlStorage
    blobs: FileBlobs
    clock: SystemClock
    refusals: Refusals

    @contextmanager
    def lock(self, lock: Lock) -> Iterator[Turn | None]:
        """Take the next turn at what only one process may do; None while another has it."""
        with only_one(self.database, self.settings.home, lock) as mine:
            yield self._next_turn(lock) if mine else None

    def _next_turn(self, lock: Lock) -> Turn:
        with self.storage.write() as uow:
            turn = uow.turns.take(lock)
            uow.commit()
        return turn

    @property
    def audit_folder(self) -> Path:
        """Of the key that signs checkpoints, and of their copy beside the database."""
        return self.settings.home / "audit"

    @property
    def audit_copies(self) -> Sequence[Path]:
        """Folders elsewhere."""
        return () if self.settings.audit_copies is None else (self.settings.audit_copies,)

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
    nightly: Nightly
    auditor: Auditor


def open_store(settings: Settings) -> Store:
    """Open the database, making or migrating it where needed. Raises StorageUnavailable or KeysUnusable."""
    try:
        settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise StorageUnavailable(f"the folder {settings.home} cannot be made: {error.strerror}") from None
    database = open_database(settings.url)
    storage = prepare(database, keys_of(settings))
    blobs = FileBlobs(settings.home / "captures", storage.vault)
    bind(storage, blobs)
    clock = SystemClock()
    seal_second_factors(storage=storage)
    seal_captures(storage=storage, blobs=blobs, actor=system_actor("start", "start"))
    store = Store(settings, database, storage, blobs, clock, Refusals(storage, clock))
    try:
        delete_partial(actor=system_actor("start", "start"), blobs=blobs, clock=store.clock)
    except StorageUnavailable as error:  # what reads alone may still go on
        logger.warning("store.not_tidied", reason=str(error))
    return store


def keys_of(settings: Settings) -> KeyEncryption:
    """Raises KeysUnusable."""
    return key_encryption(settings.key.get_secret_value(), settings.key_path)


def open_recognition(settings: Settings) -> Recognition:
    """The networks and an empty index. Raises ModelMissing, ModelAltered or CalibrationUnusable."""
    extractor = Extractor(settings.models, settings.threads, settings.pixels_at_once)
    comparator = Comparator(extractor.format, settings.models)
    index = SearchIndex(extractor.format, settings.models, settings.threads, mapped=settings.gallery_mapped)
    return Recognition(extractor, comparator, index)


def open_app(settings: Settings) -> App:
    """The whole service, its index still empty: `replica.start` fills it.

    Raises StorageUnavailable, KeysUnusable, ModelMissing, ModelAltered or CalibrationUnusable.
    """
    return wire(open_store(settings), open_recognition(settings))


def search_policy(settings: Settings) -> SearchPolicy:
    """How searches decide."""
    return SearchPolicy(settings.fpir_review, settings.fpir_duplicate, settings.candidates)


def wire(store: Store, recognition: Recognition) -> App:
    """Put the parts together."""
    settings = store.settings
    replica = Replica(recognition.index, store.snapshots)
    policy = search_policy(settings)
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
    nightly = Nightly(
        store.storage,
        partial(store.lock, Lock.PATTERNS),
        store.clock,
        settings.patterns_hour,
        system_actor("nightly", "worker"),
    )
    return App(store, extractor, recognition.comparator, replica, policy, limits, worker, nightly, auditor_of(store))


def auditor_of(store: Store) -> Auditor:
    """What keeps the audit of a registry."""
    return Auditor(
        store.storage,
        partial(store.lock, Lock.AUDIT),
        clock=store.clock,
        actor=system_actor("auditor", "worker"),
        refusals=store.refusals,
        folder=store.audit_folder,
        copies=[CopyFile(one) for one in (store.audit_folder, *store.audit_copies)],
        feed=feed_target(store.settings.audit_feed),
        every=store.settings.audit_seconds,
    )

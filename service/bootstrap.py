"""The one file that names concrete classes."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import structlog
from sqlalchemy import Engine as Database

from matcher import Comparator, Extractor, SearchIndex
from service.audit.errors import CheckpointsBroken
from service.audit.steps.refusals import Refusals
from service.audit.storage.feeds import feed_target
from service.audit.storage.files import CopyFile, KeyFile, make_key, public_key_in, read_key
from service.auditor import Auditor, signer_of
from service.deduplication.domain.search import SearchPolicy
from service.deduplication.steps.replica import Replica
from service.deduplication.usecases.process import ProcessingLimits, Processor
from service.eraser import Eraser, OthersSnapshots, OwnSnapshots
from service.kit.actor import Actor, system_actor
from service.kit.clock import SystemClock
from service.kit.errors import KeysUnusable, StorageUnavailable
from service.kit.keys import FileKeys, HeldKeys, KeyEncryption, keys_in
from service.kit.pkcs11 import TokenKeys
from service.kit.sql.blobs import FileBlobs
from service.kit.sql.clean import DatabaseCleaner
from service.kit.sql.database import open_database
from service.kit.sql.locks import only_one
from service.kit.turns import Lock, Turn
from service.nightly import Nightly
from service.privacy.domain.retention import Periods
from service.privacy.ports import Snapshots
from service.privacy.usecases.fill_lists import fill_lists
from service.privacy.usecases.finish import Finisher
from service.privacy.usecases.purge import purge
from service.privacy.usecases.reapply import reapply
from service.registry.usecases.open_due import open_due
from service.settings import Settings
from service.storage.belonging import bind
from service.storage.seal_captures import seal_captures
from service.storage.unit import SqlStorage, prepare
from service.storage.verify import delete_partial
from service.worker import Worker

logger = structlog.get_logger(__name__)
ERASURES = "erasures.jsonl"
"""The orders to erase, beside the checkpoints."""
CLEANED = (
    "operator",
    "person",
    "search_token",
    "imported_row",
    "enrolment",
    "capture",
    "slap",
    "template",
    "review_case",
    "case_candidate",
    "walk_pair",
    "best_found",
    "demographic_key",
    "membership",
    "person_state",
    "payee",
    "fact",
    "card",
    "consent",
    "registry_change",
    "change_about",
    "finding",
    "task",
    "task_due",
    "blob",
    "data_key",
    "period_key",
    "key_encryption_key",
)
"""Tables of which PostgreSQL is to keep no former rows."""


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
    def audit_folders(self) -> Sequence[Path]:
        """All that checkpoints and orders to erase are kept in."""
        return (self.audit_folder, *self.audit_copies)

    @property
    def card_signer(self) -> KeyFile:
        """Of household cards, made before the first. Raises KeysUnusable where it is lost, and CheckpointsBroken."""
        folder = self.settings.home / "cards"
        found = read_key(folder)
        if found is not None:
            return found
        with self.storage.read() as uow:
            if uow.cards.any():
                raise KeysUnusable(
                    f"the key that signs household cards is not in {folder}: restore its copy; under another key no "
                    "card that families carry is genuine"
                )
        return make_key(folder)

    @property
    def erasure_lists(self) -> Sequence[CopyFile]:
        return [CopyFile(one, ERASURES) for one in self.audit_folders]

    @property
    def cleaner(self) -> DatabaseCleaner:
        return DatabaseCleaner(self.database, CLEANED)

    @property
    def periods(self) -> Periods:
        settings = self.settings
        return Periods(settings.keep_captures_days, settings.keep_refused_days, settings.keep_findings_days)

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
    purger: Nightly
    reminder: Nightly
    auditor: Auditor


def open_store(settings: Settings) -> Store:
    """Open the database, making or migrating it where needed. Raises StorageUnavailable or KeysUnusable."""
    try:
        settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise StorageUnavailable(f"the folder {settings.home} cannot be made: {error.strerror}") from None
    database = open_database(settings.url)
    storage = prepare(database, keys_of(settings), settings.demographic_keys)
    blobs = FileBlobs(settings.home / "captures", storage.vault)
    bind(storage, blobs)
    clock = SystemClock()
    seal_captures(storage=storage, blobs=blobs, actor=system_actor("start", "start"))
    store = Store(settings, database, storage, blobs, clock, Refusals(storage, clock))
    reapply_erasures(store, system_actor("start", "start"))
    _fill_lists(store)
    try:
        delete_partial(actor=system_actor("start", "start"), blobs=blobs, clock=store.clock)
    except StorageUnavailable as error:  # what reads alone may still go on
        logger.warning("store.not_tidied", reason=str(error))
    return store


def reapply_erasures(store: Store, actor: Actor) -> int:
    """Erase whom a restored database brought back; how many. See `finisher_of` for what follows."""
    public_key, lists = public_key_in(store.audit_folder), store.erasure_lists
    return reapply(
        actor=actor,
        storage=store.storage,
        lists=lists,
        public_key=public_key,
        clock=store.clock,
        number_length=store.settings.person_number_length,
    )


def _fill_lists(store: Store) -> None:
    """A key that is missing is for the audit to report, and keeps no one from starting."""
    public_key, lists = public_key_in(store.audit_folder), store.erasure_lists
    try:
        fill_lists(
            actor=system_actor("start", "start"),
            storage=store.storage,
            lists=lists,
            public_key=public_key,
            signer=lambda: signer_of(store.storage, store.audit_folder),
        )
    except CheckpointsBroken as error:
        logger.error("erasure.lists_not_filled", reason=str(error))


def finisher_of(store: Store, snapshots: Snapshots | None = None) -> Finisher:
    """What goes on with erasures. snapshots: the worker's own; for all others None."""
    return Finisher(
        storage=store.storage,
        blobs=store.blobs,
        clock=store.clock,
        lists=store.erasure_lists,
        cleaner=store.cleaner,
        snapshots=snapshots or OthersSnapshots(store.snapshots, store.storage, partial(store.lock, Lock.WORKER)),
        signer=lambda: signer_of(store.storage, store.audit_folder),
        key_name=lambda: store.storage.vault.counts().current,
    )


def worker_finisher(store: Store, replica: Replica, turn: Turn) -> Finisher:
    """The worker's, which writes in its turn alone."""
    mine = store.storage.in_turn(turn)
    return replace(finisher_of(store, OwnSnapshots(replica, mine)), storage=mine)


def keys_of(settings: Settings) -> KeyEncryption:
    """Raises KeysUnusable."""
    if settings.pkcs11_module is not None:
        return TokenKeys(settings.pkcs11_module, settings.pkcs11_token, settings.pkcs11_pin.get_secret_value())
    if settings.key_path is not None:
        return FileKeys(settings.key_path)
    return HeldKeys(keys_in(settings.key.get_secret_value(), "JISR_KEY"))


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
    return SearchPolicy(settings.fpir_review, settings.fpir_duplicate, settings.candidates, settings.generations)


def wire(store: Store, recognition: Recognition) -> App:
    """Put the parts together."""
    settings = store.settings
    replica = Replica(recognition.index, store.snapshots, settings.generations)
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
    eraser = Eraser(partial(worker_finisher, store, replica), system_actor("worker", "worker"))
    worker = Worker(processor, worker_lock, settings.snapshot_every, system_actor("worker", "worker"), eraser)
    extractor = recognition.extractor.hurried(settings.wait_seconds)  # the worker waits: it must refuse no one
    nightly = Nightly(
        store.storage,
        partial(store.lock, Lock.PATTERNS),
        store.clock,
        settings.patterns_hour,
        system_actor("nightly", "worker"),
    )
    return App(
        store,
        extractor,
        recognition.comparator,
        replica,
        policy,
        limits,
        worker,
        nightly,
        purger_of(store),
        reminder_of(store),
        auditor_of(store),
    )


def purger_of(store: Store) -> Nightly:
    """What destroys every night what is kept no longer."""
    actor = system_actor("nightly", "worker")

    def work(storage: SqlStorage) -> None:
        purge(store.periods, actor=actor, storage=storage, blobs=store.blobs, cleaner=store.cleaner, clock=store.clock)

    return Nightly(
        store.storage,
        partial(store.lock, Lock.PURGE),
        store.clock,
        store.settings.patterns_hour,
        actor,
        name=Lock.PURGE,
        work=work,
        first_at_once=False,  # an upgrade is no order to destroy in the middle of a day
    )


def reminder_of(store: Store) -> Nightly:
    """What opens every night the tasks whose day has come."""
    actor = system_actor("nightly", "worker")

    def work(storage: SqlStorage) -> None:
        open_due(store.settings.ages_of_recapture, actor=actor, storage=storage, clock=store.clock)

    return Nightly(
        store.storage,
        partial(store.lock, Lock.TASKS),
        store.clock,
        store.settings.patterns_hour,
        actor,
        name=Lock.TASKS,
        work=work,
        first_at_once=False,  # an upgrade reads the births of everyone
    )


def auditor_of(store: Store) -> Auditor:
    """What keeps the audit of a registry."""
    return Auditor(
        store.storage,
        partial(store.lock, Lock.AUDIT),
        clock=store.clock,
        actor=system_actor("auditor", "worker"),
        refusals=store.refusals,
        folder=store.audit_folder,
        copies=[CopyFile(one) for one in store.audit_folders],
        feed=feed_target(store.settings.audit_feed),
        every=store.settings.audit_seconds,
    )

"""Keeping the search index in step with the database, which is the truth."""

import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from threading import Lock
from uuid import UUID

import structlog

from service.deduplication.domain.search import Generations
from service.deduplication.ports import SearchIndex
from service.deduplication.steps.generations import searched_of
from service.deduplication.steps.snapshot_keys import new_snapshot_key, opened, sealed
from service.enrolment.ports import ERASED, TEMPLATES, EnrolmentUnit, TemplateRecord
from service.kit.sealing import KeyClass, key_of
from service.kit.unit import Storage

logger = structlog.get_logger(__name__)
Progress = Callable[[int], None]


class Replica:
    """Applies to one index, in order, what the change feed reports. Safe to share between threads.

    A snapshot that holds the change by which somebody was erased holds nothing of them any more. generations: of whom
    it takes; a snapshot holds those that it was made with.
    """

    def __init__(self, index: SearchIndex, snapshots: Path, generations: Generations = Generations.ALL) -> None:
        self.index = index
        self._generations = generations
        self._snapshots = snapshots
        self._applied = 0
        self._saved = 0
        self._erased = self._cleaned = 0
        self._history_id: str | None = None
        self._lock = Lock()
        self._cleaning = Lock()

    def start(self, storage: Storage[EnrolmentUnit], progress: Progress = lambda people: None) -> None:
        """Load the snapshot and apply what came after it; without a usable one, read everyone from the database."""
        with storage.read() as uow:
            loaded = self.load(uow)
            if loaded:
                self.catch_up(uow)
        if not loaded:
            self.build(storage, progress)

    def load(self, uow: EnrolmentUnit) -> bool:
        """Whether there was a snapshot of this database's own past, now in the index.

        A snapshot's folder is named by the history ID of the last change it holds: numbers alone would also fit a
        snapshot of another database, or of this one before it was restored from a copy.
        """
        for folder in self._snapshots.glob("*"):
            sequence = uow.changes.sequence_of(folder.name)
            if sequence is not None and self.index.load(folder, opened(folder.name, uow.keys)) == sequence:
                self._applied = self._saved = sequence
                self._history_id = folder.name
                return True
        return False

    def build(self, storage: Storage[EnrolmentUnit], progress: Progress = lambda people: None) -> None:
        """Read everyone from the database. progress: called with how many people each step added."""
        with self._lock, storage.read() as uow:
            self._build(uow, progress)

    def catch_up(self, uow: EnrolmentUnit) -> int:
        """Apply the changes this index has not seen, and return the number of the last.

        A change only names the person whose templates to read again, so a change applied twice does no harm. An index
        whose mapped files were altered is built anew.
        """
        with self._lock:
            if self.index.damaged:
                logger.warning("gallery.damaged")
                self._build(uow)
            sequence, keys = uow.changes.after(TEMPLATES, self._applied)
            if keys:
                self._take(keys, uow.templates.searched_among(keys))
            if sequence > self._applied:
                if uow.changes.after(ERASED, self._applied)[1]:
                    self._erased = sequence
                self._applied, self._history_id = sequence, uow.changes.history_id_of(sequence)
            return self._applied

    def people(self, uow: EnrolmentUnit) -> int:
        """How many people are searched as of this transaction, whether the index has caught up with it or not."""
        with self._lock:
            _, keys = uow.changes.after(TEMPLATES, self._applied)
            current = uow.templates.searched_among(keys)
            return len(self.index) + sum(bool(current.get(key)) - (key in self.index) for key in keys)

    def snapshot(self, storage: Storage[EnrolmentUnit]) -> None:
        """Write the index to disk as it stands, if it changed since, and drop older snapshots.

        storage: in the turn of the one who may write snapshots.
        """
        self._clean()  # before the lock, for searches wait for it
        with self._lock:
            if self._applied != self._saved:
                self._save(storage)

    def compact(self, storage: Storage[EnrolmentUnit]) -> None:
        """Let no captures of people who left the gallery remain, in memory or in a snapshot."""
        with self._lock:
            self.index.compact()
            self._save(storage)

    def tidy(self, storage: Storage[EnrolmentUnit]) -> None:
        """Delete snapshots that do not open, plain ones among them, and keys that no snapshot needs any more.

        A process that died while it wrote or dropped a snapshot leaves such. If none is left, one is written.
        """
        with self._lock:
            with storage.read() as uow:
                kept = {
                    folder: key_of(manifest)
                    for folder in self._snapshots.glob("*")
                    if (manifest := self.index.manifest(folder)) and opened(folder.name, uow.keys)(manifest)
                }
            self._drop_others(kept, storage)
            if not kept and self._applied:
                self._save(storage)

    @property
    def applied(self) -> int:
        """The last change this index has seen."""
        return self._applied

    @property
    def unsaved(self) -> int:
        """Changes a restart would have to apply again."""
        return self._applied - self._saved

    def renew(self, storage: Storage[EnrolmentUnit]) -> int:
        """Catch up, and leave no snapshot that holds people erased; the last change that is in the one written."""
        with storage.read() as uow:  # closed before the snapshot: who reads keeps the database from being cleaned
            self.catch_up(uow)
        self.snapshot(storage)
        return self._saved

    def _clean(self) -> None:
        """Keep nothing of people erased so far. Who comes while another thread does waits, and has nothing to do."""
        with self._cleaning:
            erased = self._erased
            if erased > self._cleaned:
                self.index.compact()
                self._cleaned = erased

    def _build(self, uow: EnrolmentUnit, progress: Progress = lambda people: None) -> None:
        last = uow.changes.last()
        logger.info("gallery.build", sequence=last)
        self.index.clear()
        after = 0
        while people := uow.templates.searched(after):
            self._take(people, people)
            after = max(people)
            progress(len(people))
        self._applied, self._history_id, self._saved = last, uow.changes.history_id_of(last), 0
        self.index.filled_anew()

    def _save(self, storage: Storage[EnrolmentUnit]) -> None:
        """The key is there before the snapshot, and the former one's key until the snapshot is."""
        if self._history_id is None:
            return
        self._clean()  # what was erased while it was cleaned
        folder, key = self._snapshots / self._history_id, new_snapshot_key(self._history_id)
        with storage.write() as uow:
            uow.keys.add(key)
            uow.commit()
        self.index.save(folder, self._applied, sealed(folder.name, key))
        self._saved = self._applied
        self._drop_others({folder: key.id}, storage)

    def _drop_others(self, kept: Mapping[Path, UUID], storage: Storage[EnrolmentUnit]) -> None:
        """kept: the snapshots that stay, each with its key."""
        with storage.write() as uow:
            destroyed = uow.keys.destroy_others(KeyClass.SNAPSHOT, kept.values())
            uow.commit()
        others = [folder for folder in self._snapshots.glob("*") if folder not in kept]
        for other in others:
            shutil.rmtree(other, ignore_errors=True)
        if destroyed or others:
            logger.info("gallery.snapshots_dropped", snapshots=len(others), keys=destroyed)

    def _take(self, keys: Iterable[int], current: Mapping[int, Sequence[TemplateRecord]]) -> None:
        """keys: of people whose templates to take; those without any, or not among `current`, leave the index."""
        present = {key: records for key in keys if (records := current.get(key))}
        if present:
            self.index.replace({key: searched_of(records, self._generations) for key, records in present.items()})
        for key in keys:
            if key not in present:
                self.index.remove(key)

"""Keeping the gallery in step with the database, which is the truth."""

import logging
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import Lock

from matcher import CaptureError, Template, template_from_bytes, template_to_bytes
from service.ports import Blobs, Engine, Storage, TemplateRecord, UnitOfWork
from service.usecases.captures import to_capture

logger = logging.getLogger(__name__)
Progress = Callable[[int], None]


class Follower:
    """Applies to one engine, in order, what the database says changed. Safe to share between threads."""

    def __init__(self, engine: Engine, snapshots: Path) -> None:
        self.engine = engine
        self._snapshots = snapshots
        self._applied = 0
        self._saved = 0
        self._mark: str | None = None
        self._lock = Lock()

    def start(self, storage: Storage, progress: Progress = lambda people: None) -> None:
        """Load the snapshot and replay the rest; without a usable one, take everybody from the database, as `build`."""
        with storage.read() as uow:
            loaded = self.load(uow)
            if loaded:
                self.catch_up(uow)
        if not loaded:
            self.build(storage, progress)

    def load(self, uow: UnitOfWork) -> bool:
        """Whether there was a snapshot of this database's own past, now in the engine.

        A snapshot's folder is named by the mark of the last change it holds: numbers alone would also fit a snapshot of
        another database, or of this one before it was restored from a copy.
        """
        for folder in self._snapshots.glob("*"):
            sequence = uow.gallery.sequence_of(folder.name)
            if sequence is not None and self.engine.load(folder) == sequence:
                self._applied = self._saved = sequence
                self._mark = folder.name
                return True
        return False

    def build(self, storage: Storage, progress: Progress = lambda people: None) -> None:
        """Take everybody from the database. progress: told how many people each step added."""
        with self._lock, storage.read() as uow:
            last = uow.gallery.last()
            logger.info("gallery.build", extra={"sequence": last})
            self.engine.clear()
            after = 0
            while people := uow.gallery.searched(after):
                for key, templates in people.items():
                    self._take(key, templates)
                after = max(people)
                progress(len(people))
            self._applied, self._mark = last, uow.gallery.mark_of(last)

    def catch_up(self, uow: UnitOfWork) -> None:
        """Apply the changes this engine has not seen. Each says whose templates to read again, so order is safe."""
        with self._lock:
            sequence, keys = uow.gallery.after(self._applied)
            if keys:
                current = uow.gallery.searched_among(keys)
                for key in keys:
                    self._take(key, current.get(key, ()))
                self._applied, self._mark = sequence, uow.gallery.mark_of(sequence)

    def snapshot(self) -> None:
        """Write down the gallery as it stands, if it changed since, and drop older snapshots."""
        with self._lock:
            if self._applied != self._saved:
                self._save()

    def compact(self) -> None:
        """Let no captures of anybody who left the gallery remain, in memory or in a snapshot."""
        with self._lock:
            self.engine.compact()
            self._save()

    @property
    def applied(self) -> int:
        """The last change this engine has seen."""
        return self._applied

    @property
    def mark(self) -> str | None:
        """The mark of that change; None where there was none yet."""
        return self._mark

    @property
    def unsaved(self) -> int:
        """Changes a restart would have to replay."""
        return self._applied - self._saved

    def _save(self) -> None:
        if self._mark is None:
            return
        folder = self._snapshots / self._mark
        self.engine.save(folder, self._applied)
        self._saved = self._applied
        for other in self._snapshots.glob("*"):
            if other != folder:
                shutil.rmtree(other, ignore_errors=True)

    def _take(self, key: int, records: Sequence[TemplateRecord]) -> None:
        if records:
            self.engine.replace(key, [template_from_bytes(one.content) for one in records])
        else:
            self.engine.remove(key)


def to_record(template: Template, capture_key: int) -> TemplateRecord:
    return TemplateRecord(capture_key, template.position.value, template.model, template_to_bytes(template))


def is_past(mark: str, *, storage: Storage) -> bool:
    """Whether the change of this mark is one this database has seen: not one of another, or from before a restore."""
    with storage.read() as uow:
        return uow.gallery.sequence_of(mark) is not None


def count_outdated(storage: Storage, models: Mapping[str, str]) -> int:
    """Templates that the present networks cannot be compared with."""
    with storage.read() as uow:
        return len(uow.gallery.outdated(models["face"], models["finger"]))


def extract_again(storage: Storage, engine: Engine, blobs: Blobs, progress: Progress) -> int:
    """Make every outdated template anew from its capture, each in a transaction of its own, and say how many.

    A capture that the present networks cannot use loses its template; the person stays enrolled.
    """
    with storage.read() as uow:
        outdated = uow.gallery.outdated(engine.models["face"], engine.models["finger"])
    for template_key, capture_key in outdated:
        with storage.write() as uow:
            record = uow.enrolments.capture(capture_key)
            (found,) = engine.extract([to_capture(record, blobs)])
            if isinstance(found, CaptureError):
                logger.warning("template.lost", extra={"capture": capture_key, "problem": type(found).__name__})
                uow.gallery.drop(template_key)
            else:
                uow.gallery.replace(template_key, to_record(found, capture_key))
            uow.commit()
        progress(1)
    return len(outdated)

"""The worker's share of erasures: goes on with those that were cut short, or that wait for a new snapshot.

And who has snapshots of the gallery renewed: they are the worker's alone to write.
"""

import shutil
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from threading import Thread

import structlog

from service.deduplication.steps.replica import Replica
from service.kit.actor import Actor
from service.kit.sealing import KeyClass
from service.kit.turns import Turn
from service.privacy.usecases.finish import Finisher
from service.storage.unit import SqlStorage

logger = structlog.get_logger(__name__)
SHARE = 10
"""Times as long as a snapshot took, none follows: at a million people it takes a while, and searches slow."""
LOOK_SECONDS = 1.0
"""Between two tries of what waits for a snapshot, or for others who read the database."""
LONGEST_PAUSE = 60.0
"""Seconds between two tries of what keeps failing."""


class Eraser:
    """Called by the one worker of a registry between two rounds. Works in a thread of its own: enrolment goes on.

    finisher_in: what writes in the worker's turn alone, so that one that lost it leaves the next one's snapshots alone.
    """

    def __init__(self, finisher_in: Callable[[Turn], Finisher], actor: Actor) -> None:
        self._finisher_in, self._actor = finisher_in, actor
        self._turn: Turn | None = None
        self._next = 0.0
        self._pause = 1.0
        self._thread: Thread | None = None

    def work(self, turn: Turn) -> None:
        """Begin a round where there is anything to do. It waits for none."""
        if self._thread is not None and self._thread.is_alive():
            return
        if turn != self._turn:
            self._turn, self._finisher = turn, self._finisher_in(turn)
        if time.monotonic() < self._next or not self._finisher.waiting(actor=self._actor):
            return
        self._thread = Thread(target=self._round, name="eraser", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish a round under way, and return."""
        if self._thread is not None:
            self._thread.join()

    def _round(self) -> None:
        """What fails is logged and tried again later."""
        try:
            left = self._finisher.finish_waiting(actor=self._actor)
        except Exception:
            logger.exception("erasure.held")
            self._pause = min(2 * self._pause, LONGEST_PAUSE)
            self._next = time.monotonic() + self._pause
            return
        self._next, self._pause = time.monotonic() + (LOOK_SECONDS if left else 0.0), 1.0


class OwnSnapshots:
    """Of the worker. Renewed only now and then: in between it states what the last one holds."""

    def __init__(self, replica: Replica, storage: SqlStorage) -> None:
        self._replica, self._storage = replica, storage
        self._next, self._held = 0.0, 0

    def renew(self) -> int:
        began = time.monotonic()
        if began >= self._next:
            self._held = self._replica.renew(self._storage)
            now = time.monotonic()
            self._next = now + (now - began) * SHARE
        return self._held


class OthersSnapshots:
    """Of a process that is no worker: it leaves them to the one that runs, and deletes them where none does.

    lock: the worker's. The next start then builds the gallery from the database.
    """

    def __init__(
        self, folder: Path, storage: SqlStorage, lock: Callable[[], AbstractContextManager[Turn | None]]
    ) -> None:
        self._folder, self._storage, self._lock = folder, storage, lock

    def renew(self) -> int | None:
        with self._lock() as turn:
            if turn is None:
                return None
            with self._storage.in_turn(turn).write() as uow:
                last = uow.changes.last()
                uow.keys.destroy_others(KeyClass.SNAPSHOT, ())
                uow.commit()
            for one in self._folder.glob("*"):
                shutil.rmtree(one)
            return last

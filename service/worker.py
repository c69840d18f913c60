"""The worker: takes waiting enrolments in order until told to stop."""

import math
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from threading import Event, Thread
from typing import Protocol

import structlog

from service.deduplication.usecases.process import Processor
from service.kit.actor import Actor
from service.kit.errors import StorageError, StorageUnavailable, TurnLost
from service.kit.turns import Sign, Turn

logger = structlog.get_logger(__name__)
IDLE_SECONDS = 0.5
"""How long an enrolment accepted by another process may lie before it is seen."""
LONGEST_PAUSE = 60.0
"""Seconds between two tries of what keeps failing."""
NICENESS = 10
"""Of a worker in a process of its own: on the same machine whoever waits for an answer comes first."""
SIGN_SECONDS = 5.0
"""Between two signs of life."""


class Chore(Protocol):
    def work(self, turn: Turn) -> None:
        """Called between two rounds. Raises only what keeps enrolment from going on too. turn: the worker's."""

    def stop(self) -> None:
        """End what is under way, and return."""


class Worker:
    """Runs a processor in the calling thread, or in one of its own.

    lock: opens with a turn for the one worker a registry may have, with None for the others, who wait for it.
    """

    def __init__(
        self,
        processor: Processor,
        lock: Callable[[], AbstractContextManager[Turn | None]],
        snapshot_every: int,
        actor: Actor,
        chore: Chore | None = None,
    ) -> None:
        """chore: what else the one worker does."""
        self.processor = processor
        self._chore = chore
        self._lock = lock
        self._actor = actor
        self._snapshot_every = snapshot_every
        self._snapshot_after = 0
        self._signed = -math.inf
        self._in_trouble = False
        self._wake = Event()
        self._stop = Event()
        self._thread: Thread | None = None

    def run(self) -> None:
        """Work until `stop`. What fails is logged and tried again, less and less often until it works."""
        self.processor.comparator.warm_up()
        pause = IDLE_SECONDS
        while not self._stop.is_set():
            try:
                self._work()
                pause = IDLE_SECONDS
            except TurnLost as error:
                logger.warning("worker.superseded", reason=str(error))
            except Exception:
                logger.exception("worker.failed")
                self._stop.wait(pause)
                pause = min(2 * pause, LONGEST_PAUSE)

    def _work(self) -> None:
        """Process for as long as there is no reason to stop; where another worker has the lock, only wait a little."""
        with self._lock() as turn:
            if turn is None:
                self._wait()
                return
            mine = replace(self.processor, storage=self.processor.storage.in_turn(turn))
            self._signed = -math.inf
            if not self._in_trouble:
                self._sign(turn)
            try:
                self._saving(lambda: mine.replica.tidy(mine.storage))
                while not self._stop.is_set():
                    taken = mine.process_waiting(actor=self._actor, stopping=lambda: self._interrupted(turn))
                    self._in_trouble = False
                    self._sign(turn)
                    if taken == 0:
                        self._wait()
                    self._snapshot_if_due(mine)
                    if self._chore is not None:
                        self._chore.work(turn)
                self._snapshot(mine)
            except TurnLost:
                raise
            except Exception as error:
                self._in_trouble = True
                with suppress(StorageUnavailable, StorageError):  # where the database fails, nobody can be told
                    self._show(turn, _trouble(error))
                raise
            finally:
                if self._chore is not None:
                    self._chore.stop()  # before another worker has the lock

    def process(self) -> int:
        """Bring the oldest waiting enrolments to their outcome; how many were tried. For callers without a worker."""
        return self.processor.process_waiting(actor=self._actor)

    def start(self) -> None:
        self._thread = Thread(target=self.run, name="worker")
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether the worker's own thread runs."""
        return self._thread is not None and self._thread.is_alive()

    def wake(self) -> None:
        """Signal that there is something to do."""
        self._wake.set()

    def stop(self) -> None:
        """Finish what is under way, write a snapshot, and return."""
        self._stop.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()

    def _interrupted(self, turn: Turn) -> bool:
        """Between two batches: leave a sign, and say whether to stop."""
        if not self._in_trouble:
            self._sign(turn)
        return self._stop.is_set()

    def _sign(self, turn: Turn) -> None:
        """Leave a sign of life now and then."""
        if time.monotonic() - self._signed >= SIGN_SECONDS:
            self._show(turn, None)
            self._signed = time.monotonic()

    def _show(self, turn: Turn, trouble: str | None) -> None:
        with self.processor.storage.write() as uow:
            uow.turns.show(turn, Sign(self.processor.clock.now(), trouble))
            uow.commit()

    def _snapshot_if_due(self, mine: Processor) -> None:
        if mine.replica.unsaved >= max(self._snapshot_every, self._snapshot_after):
            self._snapshot(mine)

    def _snapshot(self, mine: Processor) -> None:
        self._saving(lambda: mine.replica.snapshot(mine.storage))

    def _saving(self, step: Callable[[], None]) -> None:
        """Enrolment goes on where there is no room for a snapshot: it only makes the next start quicker."""
        try:
            step()
            self._snapshot_after = 0
        except OSError as error:
            logger.error("gallery.snapshot_failed", reason=str(error))
            self._snapshot_after = self.processor.replica.unsaved + self._snapshot_every

    def _wait(self) -> None:
        self._wake.wait(IDLE_SECONDS)
        self._wake.clear()


def _trouble(error: Exception) -> str:
    """For everybody to see: without the reason, which names hosts and users, and is in the log."""
    return (
        str(error).partition(":")[0]
        if isinstance(error, StorageUnavailable)
        else f"{type(error).__name__}, see the log"
    )

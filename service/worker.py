"""The worker: takes waiting enrolments in order until told to stop."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from threading import Event, Thread

import structlog

from service.deduplication.usecases.process import Processor
from service.kit.actor import Actor

logger = structlog.get_logger(__name__)
IDLE_SECONDS = 0.5
"""How long an enrolment accepted by another process may lie before it is seen."""
LONGEST_PAUSE = 60.0
"""Seconds between two tries of what keeps failing."""


class Worker:
    """Runs a processor in the calling thread, or in one of its own.

    lock: opens with True for the one worker a registry may have; the others wait for it.
    """

    def __init__(
        self, processor: Processor, lock: Callable[[], AbstractContextManager[bool]], snapshot_every: int, actor: Actor
    ) -> None:
        self.processor = processor
        self._lock = lock
        self._actor = actor
        self._snapshot_every = snapshot_every
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
            except Exception:
                logger.exception("worker.failed")
                self._stop.wait(pause)
                pause = min(2 * pause, LONGEST_PAUSE)

    def _work(self) -> None:
        """Process for as long as there is no reason to stop; where another worker has the lock, only wait a little."""
        with self._lock() as mine:
            while mine and not self._stop.is_set():
                if self.process(self._stop.is_set) == 0:
                    self._wait()
                if self.processor.replica.unsaved >= self._snapshot_every:
                    self.processor.replica.snapshot()
            if mine:
                self.processor.replica.snapshot()
        if not mine:
            self._wait()

    def process(self, stopping: Callable[[], bool] = lambda: False) -> int:
        """Bring the oldest waiting enrolments to their outcome; how many were tried. stopping: see the processor's."""
        return self.processor.process_waiting(actor=self._actor, stopping=stopping)

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

    def _wait(self) -> None:
        self._wake.wait(IDLE_SECONDS)
        self._wake.clear()

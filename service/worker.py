"""The worker: takes waiting enrolments in order until told to stop."""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from threading import Event, Thread

from service.usecases.process import Processor

logger = logging.getLogger(__name__)
IDLE_SECONDS = 0.5
"""How long an enrolment accepted by another process may lie before it is seen."""


class Worker:
    """Runs a processor in the calling thread, or in one of its own.

    turn: opens with True for the one worker a registry may have; the others wait for it.
    """

    def __init__(
        self, processor: Processor, turn: Callable[[], AbstractContextManager[bool]], snapshot_every: int
    ) -> None:
        self._processor = processor
        self._turn = turn
        self._snapshot_every = snapshot_every
        self._wake = Event()
        self._stop = Event()
        self._thread: Thread | None = None

    def run(self) -> None:
        """Work until `stop`. Errors are logged and what failed is tried again; nothing accepted is dropped."""
        self._processor.engine.warm_up()
        while not self._stop.is_set():
            with self._turn() as mine:
                while mine and not self._stop.is_set():
                    if self._step() == 0:
                        self._wait()
            if not mine:
                self._wait()
        self._processor.follower.snapshot()

    def start(self) -> None:
        self._thread = Thread(target=self.run, name="worker")
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether the worker's own thread runs."""
        return self._thread is not None and self._thread.is_alive()

    def wake(self) -> None:
        """Say that there is something to do."""
        self._wake.set()

    def stop(self) -> None:
        """Finish what is under way, write a snapshot, and return."""
        self._stop.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()

    def _step(self) -> int:
        try:
            done = self._processor.process_waiting()
            if self._processor.follower.unsaved >= self._snapshot_every:
                self._processor.follower.snapshot()
        except Exception:
            logger.exception("worker.failed")
            self._stop.wait(IDLE_SECONDS)
            return 0
        return done

    def _wait(self) -> None:
        self._wake.wait(IDLE_SECONDS)
        self._wake.clear()

"""What keeps the audit in the background: signs checkpoints, and hands entries on to those who watch the service."""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from threading import Event, Thread

import structlog

from service.audit.errors import CheckpointsBroken, FeedDown
from service.audit.ports import Copies, FeedTarget, Signer
from service.audit.steps.refusals import Refusals
from service.audit.storage.files import make_key, read_key
from service.audit.usecases.checkpoint import make_checkpoint
from service.audit.usecases.feed import count_behind, send_on
from service.kit.actor import Actor
from service.kit.clock import Clock
from service.kit.errors import TurnLost
from service.kit.turns import Turn
from service.storage.unit import SqlStorage

logger = structlog.get_logger(__name__)
LOOK_SECONDS = 1.0
"""Between two looks at what is new."""
LONGEST_PAUSE = 60.0
"""Seconds between two tries of what keeps failing."""


class Auditor:
    """One process per registry has the lock; every process notes its own refusals.

    folder: of the key that signs. copies: where checkpoints are kept too. every: seconds between two checkpoints.
    """

    def __init__(
        self,
        storage: SqlStorage,
        lock: Callable[[], AbstractContextManager[Turn | None]],
        *,
        clock: Clock,
        actor: Actor,
        refusals: Refusals,
        folder: Path,
        copies: Sequence[Copies],
        feed: FeedTarget | None,
        every: float,
    ) -> None:
        self._storage, self._lock, self._clock, self._actor = storage, lock, clock, actor
        self._refusals, self._folder, self._copies, self._feed = refusals, folder, copies, feed
        self._every = every
        self._signed = self._sent = float("-inf")
        self._pause = LOOK_SECONDS
        self._stop = Event()
        self._thread: Thread | None = None

    def run(self) -> None:
        """Until `stop`. What fails is logged and tried again later."""
        pause = LOOK_SECONDS
        while not self._stop.is_set():
            try:
                self._work()
                pause = LOOK_SECONDS
            except TurnLost as error:
                logger.warning("audit.superseded", reason=str(error))
            except Exception:
                logger.exception("audit.failed")
                pause = min(2 * pause, LONGEST_PAUSE)
            self._stop.wait(pause)
        self._refusals.flush(all_of_them=True)

    def _work(self) -> None:
        self._refusals.flush()
        with self._lock() as turn:
            if turn is None:
                return
            mine = self._storage.in_turn(turn)
            while not self._stop.wait(LOOK_SECONDS):
                self._refusals.flush()
                if self._has_to_sign():
                    self._sign(mine)
                if time.monotonic() - self._sent >= self._pause:
                    self._send(mine)
            self._refusals.flush(all_of_them=True)
            self._sign(mine)
            self._send(mine)

    def _has_to_sign(self) -> bool:
        """Asked while entries are sent too: a target that takes them slowly must not keep checkpoints back."""
        return time.monotonic() - self._signed >= self._every

    def sign(self) -> None:
        """Sign what is new, in the calling thread. For callers who know that no other process does."""
        self._sign(self._storage)

    def _sign(self, storage: SqlStorage) -> None:
        self._signed = time.monotonic()
        try:
            signer = signer_of(storage, self._folder)
        except CheckpointsBroken as error:
            logger.error("audit.not_signed", reason=str(error))
            return
        make_checkpoint(actor=self._actor, storage=storage, signer=signer, copies=self._copies, clock=self._clock)

    def _send(self, storage: SqlStorage) -> None:
        if self._feed is None:
            return
        try:
            send_on(actor=self._actor, storage=storage, target=self._feed, stopping=self._has_to_sign)
            self._pause = LOOK_SECONDS
        except FeedDown as error:
            behind = count_behind(actor=self._actor, storage=storage)
            logger.error("audit.feed_failed", reason=str(error), behind=behind)
            self._pause = min(2 * self._pause, LONGEST_PAUSE)
        self._sent = time.monotonic()

    def start(self) -> None:
        self._thread = Thread(target=self.run, name="auditor", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Sign and hand on what is left, and return."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()


def signer_of(storage: SqlStorage, folder: Path) -> Signer:
    """The key in a folder, made where nothing was signed yet. Raises CheckpointsBroken."""
    found = read_key(folder)
    if found is not None:
        return found
    with storage.read() as uow:
        if uow.audit_records.last_checkpoint() is not None:
            raise CheckpointsBroken(f"the key that signs the audit is not in {folder}: restore it")
    return make_key(folder)

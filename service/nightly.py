"""What is done every night, each in a thread of its own beside the worker: the search for patterns, the purge."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from threading import Event, Thread

import structlog

from service.kit.actor import Actor
from service.kit.clock import Clock
from service.kit.errors import TurnLost
from service.kit.turns import Lock, Sign, Turn
from service.oversight.usecases.find_patterns import find_patterns
from service.storage.unit import SqlStorage

logger = structlog.get_logger(__name__)
LOOK_SECONDS = 60.0
"""Between two looks at the clock."""
AFTER_FAILURE_SECONDS = 900.0
"""What failed, as on a full disk, most often fails again, and may have worked for hours before."""


class Nightly:
    """Works once per day from an hour on, in whichever process comes first.

    hour: in UTC. lock: opens with a turn for the one process that works, with None for the others; name: of this lock.
    The sign of life of the last turn states when the last round began: a registry whose service was off at that hour
    has it when it starts. work: a search for patterns where not given. first_at_once: whether a registry that never had
    a round has one when it starts; otherwise in the night that follows.
    """

    def __init__(
        self,
        storage: SqlStorage,
        lock: Callable[[], AbstractContextManager[Turn | None]],
        clock: Clock,
        hour: int,
        actor: Actor,
        *,
        name: Lock = Lock.PATTERNS,
        work: Callable[[SqlStorage], None] | None = None,
        first_at_once: bool = True,
    ) -> None:
        self._storage, self._lock, self._clock = storage, lock, clock
        self._hour, self._actor = hour, actor
        self._name, self._work = name, work or self._search
        self._first_at_once = first_at_once
        self._stop = Event()
        self._thread: Thread | None = None

    def run(self) -> None:
        """Until `stop`. What fails is logged and tried again later."""
        while not self._stop.is_set():
            try:
                self.search_if_due()
            except TurnLost as error:
                logger.warning(f"{self._name.name.lower()}.superseded", reason=str(error))
            except Exception:
                logger.exception(f"{self._name.name.lower()}.failed")
                self._stop.wait(AFTER_FAILURE_SECONDS)
            self._stop.wait(LOOK_SECONDS)

    def search_if_due(self) -> bool:
        """Whether this call did the work."""
        if not self._is_due():
            return False
        with self._lock() as turn:
            if turn is None or not self._is_due():
                return False
            began, mine = self._clock.now(), self._storage.in_turn(turn)
            works = self._first_at_once or self._last() is not None
            if works:
                self._work(mine)
            with mine.write() as uow:
                uow.turns.show(turn, Sign(began, None))
                uow.commit()
        return works

    def start(self) -> None:
        self._thread = Thread(target=self.run, name="nightly", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish what is under way, and return."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _search(self, storage: SqlStorage) -> None:
        find_patterns(actor=self._actor, storage=storage, clock=self._clock)

    def _is_due(self) -> bool:
        last = self._last()
        return last is None or last.seen_at < due(self._clock.now(), self._hour)

    def _last(self) -> Sign | None:
        with self._storage.read() as uow:
            return uow.turns.last_sign(self._name)


def due(now: datetime, hour: int) -> datetime:
    """The last moment at which this hour began."""
    today = now.replace(hour=hour, minute=0, second=0, microsecond=0)
    return today if today <= now else today - timedelta(days=1)

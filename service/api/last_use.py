"""When tokens were used last, noted beside the requests: none waits for it, and none fails by it."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import structlog

from service.access.domain.tokens import USE_NOTED_EVERY
from service.kit.errors import JisrError, StorageError

logger = structlog.get_logger(__name__)
THREAD = "last-use"


class LastUse:
    """At most one note per token or session and minute, in a thread of its own."""

    def __init__(self) -> None:
        self._noted: dict[str, float] = {}
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix=THREAD)

    def note(self, used: str, write: Callable[[], None]) -> None:
        """Returns at once. used: what names the token or session. write: keeps the use."""
        now = time.monotonic()
        with self._lock:
            before = self._noted.get(used)
            if before is not None and now - before < USE_NOTED_EVERY.total_seconds():
                return
            self._noted[used] = now
        self._pool.submit(self._keep, write)

    def close(self) -> None:
        """Once what was noted is kept."""
        self._pool.shutdown()

    def _keep(self, write: Callable[[], None]) -> None:
        try:
            write()
        except (JisrError, StorageError) as error:  # the disk is full, or the database is read-only
            logger.warning("token.use_not_noted", reason=type(error).__name__)

"""Keeping what was read: those who wait at the same time share one transaction."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Event as Signal
from threading import Lock

from sqlalchemy import Engine

from service.audit.domain.entries import Event
from service.audit.storage.trail import append


@dataclass(eq=False)
class _Waiting:
    events: Sequence[Event]
    woken: Signal = field(default_factory=Signal)
    kept: bool = False
    error: Exception | None = None


class GroupCommit:
    """Keeps events durably before it returns. Safe to share between threads.

    Who comes first commits for all who wait by then; the first of those who came meanwhile commits next. There is no
    thread of its own and no pause: whoever comes alone is kept alone, at once.
    """

    def __init__(self, engine: Engine, add: Callable[..., None] = append) -> None:
        """engine: whose transactions may write."""
        self._engine, self._add = engine, add
        self._guard = Lock()
        self._waiting: list[_Waiting] = []
        self._led = False

    def keep(self, events: Sequence[Event]) -> None:
        """Raises StorageUnavailable or StorageError where they could not be kept."""
        mine = _Waiting(events)
        with self._guard:
            self._waiting.append(mine)
            leads, self._led = not self._led, True
        if not leads:
            mine.woken.wait()
        if not mine.kept:
            self._lead()
        if mine.error is not None:
            raise mine.error

    def _lead(self) -> None:
        """Commit for all who wait, then let the next lead."""
        with self._guard:
            batch, self._waiting = self._waiting, []
        error = None
        try:
            self._commit([event for one in batch for event in one.events])
        except Exception as raised:
            error = raised
        with self._guard:
            following = self._waiting[0] if self._waiting else None
            self._led = following is not None
        if following is not None:
            following.woken.set()
        for one in batch:
            one.kept, one.error = True, error
            one.woken.set()

    def _commit(self, events: Sequence[Event]) -> None:
        with self._engine.begin() as connection:
            self._add(connection, events)

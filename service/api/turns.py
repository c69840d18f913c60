"""Waiting for a turn: work on captures has threads of its own, and requests that wait for one hold none.

So pages, health and metrics, which share the framework's threads, are answered at once however many captures wait.
"""

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, TypeVar

from fastapi import Depends, Request

from matcher import MatcherBusy, yield_cores
from service.api.errors import Overloaded

T = TypeVar("T")
AHEAD = 4
"""Requests per core that are given a thread: while one computes, others wait for the database."""


class Turns:
    """cores: that the matcher may use. seconds: the longest wait for a turn."""

    def __init__(self, cores: int, seconds: float) -> None:
        self._seconds = seconds
        self._free = asyncio.Semaphore(AHEAD * cores)
        self._pool = ThreadPoolExecutor(AHEAD * cores, thread_name_prefix="turn", initializer=yield_cores)

    async def run(self, work: Callable[[], T]) -> T:
        """Run in a thread, in the order of asking. Raises Overloaded if the turn does not come, or the memory."""
        try:
            async with asyncio.timeout(self._seconds):
                await self._free.acquire()
        except TimeoutError:
            raise Overloaded("other captures are being worked on; try again in a moment") from None
        try:
            context = contextvars.copy_context()
            return await asyncio.get_running_loop().run_in_executor(self._pool, lambda: context.run(work))
        except MatcherBusy as busy:
            raise Overloaded(str(busy)) from busy
        finally:
            self._free.release()


async def _turns(request: Request) -> Turns:
    turns = request.app.state.turns
    assert isinstance(turns, Turns)
    return turns


InTurn = Annotated[Turns, Depends(_turns)]

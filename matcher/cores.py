"""Who owns the cores: the extractor and the search index, each with threads of its own, and no library beneath them.

Networks run single-threaded, one capture per core; FAISS scans a block in one thread, and the index shares blocks and
people out among its threads. NumPy's BLAS would take all cores for a product of some size, such as the codes of eight
new people, and its threads then spin for some 30 ms in case another follows: searches beside additions took half as
long again.
"""

import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

from threadpoolctl import threadpool_limits

T = TypeVar("T")
R = TypeVar("R")


class Run(Protocol):
    """`map`, or the same with all threads that the caller may use."""

    def __call__(self, function: Callable[[T], R], items: Iterable[T], /) -> Iterator[R]:
        """Results in the order of the items."""


SWITCH_SECONDS = 0.0005
"""How long a thread may hold Python's lock that others wait for; the default is 5 ms. At 1 M people, three rounds each:
outcomes reach 0.89 of searching alone instead of 0.80; reads beside a worker in the same process wait as long."""


NICENESS = 10
"""Of the threads that search. Beside a worker a request for a page has a core when it needs one."""


def yield_cores() -> None:
    """Let this thread wait for others that have something to do: for pools whose work takes whole cores."""
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


def claim_cores() -> None:
    """Let BLAS work in the thread that calls it, and Python's threads take turns quickly, in all of this process."""
    threadpool_limits(limits=1, user_api="blas")
    sys.setswitchinterval(SWITCH_SECONDS)

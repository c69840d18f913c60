"""Who owns the cores: the extractor and the search index, each with threads of its own, and no library beneath them.

Networks run single-threaded, one capture per core; FAISS scans a block in one thread, and the index shares blocks and
people out among its threads. NumPy's BLAS would take all cores for a product of some size, such as the codes of eight
new people, and its threads then spin for some 30 ms in case another follows: searches beside additions took half as
long again.
"""

import sys

from threadpoolctl import threadpool_limits

SWITCH_SECONDS = 0.0005
"""How long a thread may hold Python's lock that others wait for. A request that reads rows from a database gives the
lock back at every row; beside a worker it waited for the default of 5 ms each time."""


def claim_cores() -> None:
    """Let BLAS work in the thread that calls it, and Python's threads take turns quickly, in all of this process."""
    threadpool_limits(limits=1, user_api="blas")
    sys.setswitchinterval(SWITCH_SECONDS)

"""Who owns the cores: the extractor and the search index, each with threads of its own, and no library beneath them.

Networks run single-threaded, one capture per core; FAISS scans a block in one thread, and the index shares blocks and
people out among its threads. NumPy's BLAS would take all cores for a product of some size, such as the codes of eight
new people, and its threads then spin for some 30 ms in case another follows: searches beside additions took half as
long again.
"""

from threadpoolctl import threadpool_limits


def claim_cores() -> None:
    """Let BLAS work in the thread that calls it, from now on and in all threads of this process."""
    threadpool_limits(limits=1, user_api="blas")

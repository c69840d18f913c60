"""Times of calls."""

import time
from collections.abc import Callable, Sequence

import numpy as np


def timed(call: Callable[..., object], *arguments: object) -> float:
    """Seconds a call takes."""
    began = time.perf_counter()
    call(*arguments)
    return time.perf_counter() - began


def percentiles(name: str, seconds: Sequence[float]) -> dict[str, float]:
    """The median and the 99th percentile, in ms."""
    return {f"{name}_p{p}": float(np.percentile(seconds, p)) * 1e3 for p in (50, 99)}

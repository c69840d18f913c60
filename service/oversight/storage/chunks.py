"""Databases bound how many values a query may name."""

from collections.abc import Iterator, Sequence
from typing import Any

CHUNK = 500


def chunks(some: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """As many at a time as every database takes."""
    return (some[start : start + CHUNK] for start in range(0, len(some), CHUNK))

"""The time, as an argument: a test can say what time it is."""

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """Now, in UTC."""


class SystemClock:
    """The machine's."""

    def now(self) -> datetime:
        return datetime.now(UTC)

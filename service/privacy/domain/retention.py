"""How long what is kept, by class."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Kept(StrEnum):
    """What has a period of its own.

    captures: bytes of captures and slaps, from the outcome on; what they were made into stays. refused: all of
    enrolments that ended unusable by their own fault, or by a decision. findings: those that were closed.
    """

    CAPTURES = "captures"
    REFUSED = "refused"
    FINDINGS = "findings"


@dataclass(frozen=True, slots=True)
class Periods:
    """In days; 0: for ever."""

    captures: int
    refused: int
    findings: int

    def ends(self, now: datetime) -> Iterator[tuple[Kept, int, datetime]]:
        """Each class that has an end, its days, and the moment from before which nothing is kept."""
        for kept in Kept:
            days: int = getattr(self, kept.value)
            if days:
                yield kept, days, now - timedelta(days=days)

"""Turns: who of several processes may go on with what only one may do.

A lock alone is not enough: on PostgreSQL it is gone with its session, and its holder, who is searching meanwhile, does
not notice. So each holder gets a number, one more than the last, and every commit verifies that no later one was given
(Kleppmann, "How to do distributed locking", 2016: fencing).
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol


class Lock(Enum):
    """What only one process may do, with the number that stands for it on PostgreSQL."""

    WORKER = 0x4A495352  # "JISR"
    WALK = 0x4A574C4B  # "JWLK"
    PATTERNS = 0x4A504154  # "JPAT"
    AUDIT = 0x4A415544  # "JAUD"
    PURGE = 0x4A505552  # "JPUR"
    TASKS = 0x4A54534B  # "JTSK"
    KEYS = 0x4A4B4559  # "JKEY"


@dataclass(frozen=True, slots=True)
class Turn:
    """number: from 1."""

    lock: Lock
    number: int


@dataclass(frozen=True, slots=True)
class Sign:
    """The last sign of life of a turn's holder. trouble: why it cannot go on; None where all is well."""

    seen_at: datetime
    trouble: str | None


class Turns(Protocol):
    def take(self, lock: Lock) -> Turn:
        """The next turn; whoever had the one before can commit nothing more."""

    def check(self, turn: Turn) -> None:
        """Raise TurnLost where a later turn was taken. None is taken until this transaction ends."""

    def show(self, turn: Turn, sign: Sign) -> None:
        """Leave a sign of life. Raises TurnLost."""

    def last_sign(self, lock: Lock) -> Sign | None:
        """Of the last who left one; None where there was none yet."""

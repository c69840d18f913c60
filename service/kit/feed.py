"""The change feed: what changed in the registry, in the order it was committed, for those who keep a copy of a part.

Every change has a number, one more than the last, and a history ID, which tells it from every other change ever made:
numbers alone would also fit another database, or this one before it was restored from a copy.
"""

from typing import Protocol


class ChangeFeed(Protocol):
    """A reader remembers the last number it has seen and asks for what came after."""

    def lock(self) -> None:
        """Let no other transaction note a change until this one ends."""

    def note(self, topic: str, *subjects: int) -> None:
        """Record changes, in this order. topic: what kind of thing changed. subjects: their keys.

        Waits for other transactions that note changes.
        """

    def after(self, topic: str, sequence: int) -> tuple[int, list[int]]:
        """The number of the latest change of any topic, and the subjects of `topic` changed after `sequence`.

        Each subject once, in the order of its first change.
        """

    def last(self) -> int:
        """The number of the latest change; 0 where there is none."""

    def history_id_of(self, sequence: int) -> str | None:
        """The history ID of a change; None where there is no such change."""

    def sequence_of(self, history_id: str) -> int | None:
        """The number of a change of this database; None for a change of another history."""

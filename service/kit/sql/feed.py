"""The change feed's tables."""

import secrets

from sqlalchemy import Column, Index, Integer, String, Table, insert, select, update
from sqlalchemy.orm import Session

from service.kit.sql.columns import Key, metadata

# One row: a transaction that holds its lock may note changes, and numbers them.
feed_state = Table(
    "feed_state",
    metadata,
    Column("key", Integer, primary_key=True, autoincrement=False),
    Column("sequence", Key, nullable=False),
)

change = Table(
    "change",
    metadata,
    Column("sequence", Key, primary_key=True, autoincrement=False),
    Column("topic", String(32), nullable=False),
    Column("subject_key", Key, nullable=False),
    Column("history_id", String(16), nullable=False, unique=True),
    Index("ix_change_topic_sequence", "topic", "sequence"),
)


class SqlChangeFeed:
    def __init__(self, session: Session) -> None:
        self._session = session

    def lock(self) -> None:
        self._session.execute(select(feed_state.c.sequence).with_for_update())

    def note(self, topic: str, *subjects: int) -> None:
        if not subjects:
            return
        counted = update(feed_state).values(sequence=feed_state.c.sequence + len(subjects))
        last = self._session.scalar(counted.returning(feed_state.c.sequence))
        assert last is not None
        rows = [
            {"sequence": sequence, "topic": topic, "subject_key": subject, "history_id": secrets.token_hex(8)}
            for sequence, subject in enumerate(subjects, start=last - len(subjects) + 1)
        ]
        self._session.execute(insert(change), rows)

    def after(self, topic: str, sequence: int) -> tuple[int, list[int]]:
        last = self.last()  # first: what is committed between the two statements is for the next time
        rows = self._session.scalars(
            select(change.c.subject_key)
            .where(change.c.topic == topic, change.c.sequence > sequence, change.c.sequence <= last)
            .order_by(change.c.sequence)
        ).all()
        return last, list(dict.fromkeys(rows))

    def last(self) -> int:
        return self._session.scalar(select(feed_state.c.sequence)) or 0

    def history_id_of(self, sequence: int) -> str | None:
        return self._session.scalar(select(change.c.history_id).where(change.c.sequence == sequence))

    def sequence_of(self, history_id: str) -> int | None:
        return self._session.scalar(select(change.c.sequence).where(change.c.history_id == history_id))

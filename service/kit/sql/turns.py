"""The table of turns: one row per lock."""

from sqlalchemy import Column, Integer, String, Table, Text, insert, select, update
from sqlalchemy.orm import Session

from service.kit.errors import TurnLost
from service.kit.sql.columns import Instant, metadata
from service.kit.turns import Lock, Sign, Turn

turn = Table(
    "turn",
    metadata,
    Column("lock", String(20), primary_key=True),
    Column("number", Integer, nullable=False),
    Column("seen_at", Instant),
    Column("trouble", Text),
)


class SqlTurns:
    def __init__(self, session: Session) -> None:
        self._session = session

    def take(self, lock: Lock) -> Turn:
        """Only the holder of the lock of this name calls this, so no two make the first row.

        The last sign stays until the next is shown.
        """
        number = self._session.scalar(
            update(turn).where(turn.c.lock == lock.name).values(number=turn.c.number + 1).returning(turn.c.number)
        )
        if number is None:
            number = 1
            self._session.execute(insert(turn).values(lock=lock.name, number=number))
        return Turn(lock, number)

    def check(self, mine: Turn) -> None:
        row = select(turn.c.number).where(turn.c.lock == mine.lock.name).with_for_update(read=True)
        number = self._session.scalar(row)
        if number != mine.number:
            raise TurnLost(
                f"turn {mine.number} as {mine.lock.name} has passed to another process, which has turn {number}"
            )

    def show(self, mine: Turn, sign: Sign) -> None:
        self.check(mine)
        values = {"seen_at": sign.seen_at, "trouble": sign.trouble}
        self._session.execute(update(turn).where(turn.c.lock == mine.lock.name).values(values))

    def last_sign(self, lock: Lock) -> Sign | None:
        row = self._session.execute(select(turn).where(turn.c.lock == lock.name)).one_or_none()
        return None if row is None or row.seen_at is None else Sign(row.seen_at, row.trouble)

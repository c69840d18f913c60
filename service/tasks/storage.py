"""The table of tasks, and its repository."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ColumnElement,
    Date,
    Index,
    String,
    Table,
    Uuid,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    text,
    true,
    update,
)
from sqlalchemy.orm import Session

from service.kit.sealing import KeyClass
from service.kit.sql.columns import AsJson, Instant, Key, key, mapper, metadata, to, word
from service.kit.sql.sealed import ATTRIBUTE, Field, Sealed, seal, sealed
from service.tasks.domain.due import Due, DueKind, Reading
from service.tasks.domain.tasks import UNCLOSED, About, Outcome, Task, TaskKind, TaskState
from service.tasks.ports import TaskQuery

SeenFrom = Callable[[Collection[str]], ColumnElement[bool]]
"""The condition that a row of `task` is about people whom these sites enrolled."""
_ALONE = "state IN ('open', 'assigned') AND household_key IS NULL"
_OF_HOME = "state IN ('open', 'assigned') AND household_key IS NOT NULL"

task = Table(
    "task",
    metadata,
    key(),
    Column("id", Uuid, nullable=False, unique=True),
    Column("kind", word(TaskKind), nullable=False),
    to("household", nullable=True),
    to("person", nullable=True),
    Column("ref", String(80), nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("due", Date),
    Column("details", AsJson(dict[str, str | int]), nullable=False),
    Column("owner", String(220)),
    Column("state", word(TaskState), nullable=False),
    Column("outcome", word(Outcome)),
    Column("closed_by", String(220)),
    Column("closed_at", Instant),
    sealed(),
    Index("ix_task_state_kind", "state", "kind"),
    # One unclosed task of a kind about a subject.
    Index(
        "uq_task_of_household",
        "household_key",
        "kind",
        "ref",
        unique=True,
        sqlite_where=text(_OF_HOME),
        postgresql_where=text(_OF_HOME),
    ),
    Index(
        "uq_task_of_person",
        "person_key",
        "kind",
        "ref",
        unique=True,
        sqlite_where=text(_ALONE),
        postgresql_where=text(_ALONE),
    ),
    sqlite_autoincrement=True,
)

task_due = Table(
    "task_due",
    metadata,
    to("person", primary_key=True, index=False),
    Column("kind", word(DueKind), primary_key=True),
    Column("ref", String(80), primary_key=True),
    Column("on", Date, nullable=False, index=True),
)

birth_reading = Table(
    "birth_reading",
    metadata,
    Column("only_row", Boolean, CheckConstraint("only_row"), primary_key=True, server_default=true()),
    Column("after_key", Key, nullable=False),
    Column("ages", String(200), nullable=False),
)

mapper.map_imperatively(Task, task, properties={ATTRIBUTE: task.c.sealed})
seal(Task, Sealed("task", KeyClass.NOTE, {"words": Field(str | None, None)}))


class SqlTasks:
    def __init__(self, session: Session, seen_from: SeenFrom) -> None:
        self._session, self._seen_from = session, seen_from

    def add(self, one: Task) -> None:
        self._session.add(one)

    def by_id(self, task_id: UUID, people_of: Collection[str] | None) -> Task | None:
        rows = select(Task).where(task.c.id == task_id)
        return self._session.scalar(rows if people_of is None else rows.where(self._seen_from(people_of)))

    def page(self, query: TaskQuery) -> Sequence[Task]:
        rows = select(Task).order_by(task.c.key).limit(query.limit)
        if query.kind is not None:
            rows = rows.where(task.c.kind == query.kind)
        if query.states is not None:
            rows = rows.where(task.c.state.in_(query.states))
        if query.owner is not None:
            rows = rows.where(task.c.owner == query.owner)
        if query.due_before is not None:
            rows = rows.where(task.c.due < query.due_before)
        if query.people_of is not None:
            rows = rows.where(self._seen_from(query.people_of))
        if query.after is not None:
            rows = rows.where(task.c.key > select(task.c.key).where(task.c.id == query.after).scalar_subquery())
        return self._session.scalars(rows).all()

    def unclosed(self, kinds: Collection[TaskKind], some: Collection[About]) -> Sequence[Task]:
        homes = [one.household for one in some if one.household is not None]
        alone = [one.person for one in some if one.household is None]
        about = or_(task.c.household_key.in_(homes), task.c.household_key.is_(None) & task.c.person_key.in_(alone))
        rows = select(Task).where(task.c.state.in_(UNCLOSED), task.c.kind.in_(kinds), about).order_by(task.c.key)
        wanted = {one.subject for one in some}
        return [one for one in self._session.scalars(rows) if one.about.subject in wanted]

    def unclosed_of(self, *, households: Collection[int] = (), people: Collection[int] = ()) -> Sequence[Task]:
        about = or_(task.c.household_key.in_(households), task.c.person_key.in_(people))
        rows = select(Task).where(task.c.state.in_(UNCLOSED), about)
        return self._session.scalars(rows.order_by(task.c.key)).all()

    def of_households(self, households: Collection[int]) -> Sequence[Task]:
        rows = select(Task).where(task.c.household_key.in_(households))
        return self._session.scalars(rows.order_by(task.c.key)).all()

    def count_unclosed(self) -> Mapping[TaskKind, int]:
        rows = select(task.c.kind, func.count()).where(task.c.state.in_(UNCLOSED)).group_by(task.c.kind)
        counts = {row[0]: row[1] for row in self._session.execute(rows)}
        return {kind: counts.get(kind, 0) for kind in TaskKind}


class SqlDues:
    def __init__(self, session: Session) -> None:
        self._session = session

    def put(self, some: Sequence[Due]) -> None:
        self.remove(some)
        rows = {(one.person, one.kind, one.ref): one.on for one in some}
        if rows:
            values = [{"person_key": who, "kind": kind, "ref": ref, "on": on} for (who, kind, ref), on in rows.items()]
            self._session.execute(insert(task_due), values)

    def drop(self, people: Collection[int] | None, kinds: Collection[DueKind], ref: str | None = None) -> None:
        rows = delete(task_due).where(task_due.c.kind.in_(kinds))
        if people is not None:
            rows = rows.where(task_due.c.person_key.in_(people))
        self._session.execute(rows if ref is None else rows.where(task_due.c.ref == ref))

    def come(self, today: date, limit: int) -> Sequence[Due]:
        rows = select(task_due).where(task_due.c.on <= today)
        ordered = rows.order_by(task_due.c.on, task_due.c.person_key, task_due.c.kind, task_due.c.ref).limit(limit)
        return [Due(row.kind, row.person_key, row.on, row.ref) for row in self._session.execute(ordered)]

    def remove(self, some: Collection[Due]) -> None:
        names = [{"who": one.person, "what": one.kind, "which": one.ref} for one in some]
        columns = {"who": task_due.c.person_key, "what": task_due.c.kind, "which": task_due.c.ref}
        this = [column == bindparam(name) for name, column in columns.items()]
        if names:
            self._session.connection().execute(delete(task_due).where(*this), names)

    def reading(self) -> Reading | None:
        row = self._session.execute(select(birth_reading)).one_or_none()
        return None if row is None else Reading(row.after_key, tuple(map(int, filter(None, row.ages.split(",")))))

    def set_reading(self, one: Reading) -> None:
        values = {"after_key": one.after, "ages": ",".join(map(str, one.ages))}
        known = self._session.execute(select(birth_reading.c.after_key)).one_or_none()
        self._session.execute(
            insert(birth_reading).values(values) if known is None else update(birth_reading).values(values)
        )

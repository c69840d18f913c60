"""The table of tasks, and its repository."""

from collections.abc import Callable, Collection, Mapping, Sequence
from uuid import UUID

from sqlalchemy import Column, ColumnElement, Date, Index, String, Table, Uuid, func, or_, select, text
from sqlalchemy.orm import Session

from service.kit.sealing import KeyClass
from service.kit.sql.columns import AsJson, Instant, key, mapper, metadata, to, word
from service.kit.sql.sealed import ATTRIBUTE, Field, Sealed, seal, sealed
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

"""What tasks need of the database, and of those who know whom they are about."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol
from uuid import UUID

from service.access.ports import AccessUnit
from service.kit.actor import Actor
from service.tasks.domain.due import Due, DueKind, Reading
from service.tasks.domain.tasks import About, Task, TaskKind, TaskState


@dataclass(frozen=True, slots=True)
class TaskQuery:
    """A page of tasks, oldest first. kind, states, owner: only these; None: all. due_before: only those due earlier.

    after: the last of the page before. people_of: only those about people whom these sites enrolled, or about a
    household in which such people live; None: all.
    """

    kind: TaskKind | None = None
    states: Collection[TaskState] | None = None
    owner: str | None = None
    due_before: date | None = None
    after: UUID | None = None
    limit: int = 50
    people_of: Collection[str] | None = None


class Tasks(Protocol):
    def add(self, one: Task) -> None: ...
    def by_id(self, task_id: UUID, people_of: Collection[str] | None) -> Task | None:
        """people_of: as in TaskQuery."""

    def page(self, query: TaskQuery) -> Sequence[Task]: ...
    def unclosed(self, kinds: Collection[TaskKind], some: Collection[About]) -> Sequence[Task]:
        """Those of these kinds about one of these subjects, at most one of each."""

    def unclosed_of(self, *, households: Collection[int] = (), people: Collection[int] = ()) -> Sequence[Task]:
        """Those about one of these, or about one of these people as members of a household."""

    def of_households(self, households: Collection[int]) -> Sequence[Task]:
        """All about these, oldest first."""

    def count_unclosed(self) -> Mapping[TaskKind, int]: ...


@dataclass(frozen=True, slots=True)
class Named:
    """Whom a task is about today, as the actor may see it. people: the IDs of those shown.

    household: its household ID. number: the person's. None where there is none, none was issued, or it is not seen.
    """

    household: str | None
    number: str | None
    people: frozenset[UUID]


class Subjects(Protocol):
    """Whom keys stand for, which the registry knows."""

    def named(self, some: Sequence[Task], actor: Actor) -> Sequence[Named]:
        """One for each task, in a constant number of queries."""


class Dues(Protocol):
    """Days on which tasks are to be opened."""

    def put(self, some: Sequence[Due]) -> None:
        """In place of those of the same kind, person and ref."""

    def drop(self, people: Collection[int] | None, kinds: Collection[DueKind], ref: str | None = None) -> None:
        """Of these people, None: everyone's; of these kinds; with this ref, None: any."""

    def come(self, today: date, limit: int) -> Sequence[Due]:
        """Those of today or before, the earliest first."""

    def remove(self, some: Collection[Due]) -> None: ...
    def reading(self) -> Reading | None:
        """How far births were read; None where none was yet."""

    def set_reading(self, one: Reading) -> None: ...


class TaskUnit(AccessUnit, Protocol):
    @property
    def tasks(self) -> Tasks: ...
    @property
    def dues(self) -> Dues: ...
    @property
    def task_subjects(self) -> Subjects: ...

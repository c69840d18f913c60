"""Tasks with whom they are about."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from service.kit.actor import Actor
from service.tasks.domain.tasks import Task
from service.tasks.ports import Named, TaskUnit


@dataclass(frozen=True, slots=True)
class TaskView:
    """A task, and whom it is about as the actor may see them."""

    task: Task
    named: Named


def view_tasks(uow: TaskUnit, some: Sequence[Task], actor: Actor) -> Sequence[TaskView]:
    named = uow.task_subjects.named(some, actor)
    return [TaskView(one, who) for one, who in zip(some, named, strict=True)]


def people_in(views: Iterable[TaskView]) -> set[UUID]:
    """Whom these show."""
    return {person for one in views for person in one.named.people}

"""Reading tasks."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from service.audit.domain.actions import Action
from service.audit.domain.entries import Target
from service.kit.actor import Actor
from service.kit.unit import Storage
from service.tasks.ports import TaskQuery, TaskUnit
from service.tasks.steps.find import find_task
from service.tasks.steps.views import TaskView, people_in, view_tasks


def list_tasks(query: TaskQuery, *, actor: Actor, storage: Storage[TaskUnit]) -> Sequence[TaskView]:
    """A page, oldest first; of who is bound to sites, those about people whom these enrolled.

    Raises NoSuchTask for an unknown `after`.
    """
    with storage.read() as uow:
        if query.after is not None:
            find_task(uow, query.after, actor)
        views = view_tasks(uow, uow.tasks.page(replace(query, people_of=actor.people_of)), actor)
        details = {"kind": query.kind, "owner": query.owner, "tasks": [one.task.id for one in views]}
        uow.audit.note(actor, Action.TASK_LIST, people=people_in(views), details=details)
        return views


def read_task(task_id: UUID, *, actor: Actor, storage: Storage[TaskUnit]) -> TaskView:
    """Raises NoSuchTask."""
    with storage.read() as uow:
        (view,) = view_tasks(uow, [find_task(uow, task_id, actor)], actor)
        uow.audit.note(actor, Action.TASK_READ, Target("task", str(task_id)), people=people_in([view]))
        return view

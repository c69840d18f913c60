"""Giving a task to somebody, and closing it."""

from uuid import UUID

from service.access.domain import AccessRole, Permission, roles_with
from service.access.domain.operators import OperatorState
from service.audit.domain.actions import Action
from service.audit.domain.entries import Target
from service.audit.steps.words import seal_words
from service.kit.actor import Actor
from service.kit.clock import Clock
from service.kit.unit import Storage
from service.tasks.domain.tasks import Outcome
from service.tasks.errors import OwnerUnknown
from service.tasks.ports import TaskUnit
from service.tasks.steps.find import find_task
from service.tasks.steps.views import TaskView, people_in, view_tasks


def assign_task(task_id: UUID, owner: str, *, actor: Actor, storage: Storage[TaskUnit]) -> TaskView:
    """owner: `operator:NAME`, `role:ROLE` or `site:SITE`. Raises NoSuchTask, OwnerUnknown, TaskClosed."""
    with storage.write() as uow:
        uow.changes.lock()
        one = find_task(uow, task_id, actor)
        _require_owner(uow, owner, actor)
        before = {"state": one.state, "owner": one.owner}
        one.assign(owner)
        (view,) = view_tasks(uow, [one], actor)
        details = {"kind": one.kind, "before": before, "after": {"state": one.state, "owner": owner}}
        target = Target("task", str(task_id))
        uow.audit.note(actor, Action.TASK_ASSIGN, target, people=people_in([view]), details=details)
        uow.commit()
    return view


def close_task(
    task_id: UUID, outcome: Outcome, words: str | None, *, actor: Actor, storage: Storage[TaskUnit], clock: Clock
) -> TaskView:
    """Raises NoSuchTask, OutcomeUnfit, TaskClosed."""
    with storage.write() as uow:
        uow.changes.lock()
        one = find_task(uow, task_id, actor)
        before = {"state": one.state}
        one.close(outcome, words, actor.id, clock.now())
        (view,) = view_tasks(uow, [one], actor)
        target = Target("task", str(task_id))
        uow.audit.note(
            actor,
            Action.TASK_CLOSE,
            target,
            people=people_in([view]),
            details={"kind": one.kind, "before": before, "after": {"state": one.state, "outcome": outcome}},
            payload=seal_words(words, target, uow.keys) if words else None,
        )
        uow.commit()
    return view


def _require_owner(uow: TaskUnit, owner: str, actor: Actor) -> None:
    """Raises OwnerUnknown for one who could not see to a task."""
    kind, _, name = owner.partition(":")
    match kind:
        case "operator":
            found = uow.operators.by_name(name)
            there = found is not None and found.state is not OperatorState.DISABLED and _handles(found.role)
        case "role":
            there = name in roles_with(Permission.HANDLE_TASKS)
        case _:
            there = kind == "site" and bool(name) and actor.reaches(name)
    if not there:
        raise OwnerUnknown(f"there is no {owner!r} to whom tasks can be given", "owner")


def _handles(role: AccessRole) -> bool:
    return role in roles_with(Permission.HANDLE_TASKS)

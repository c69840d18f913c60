"""Finding a task for someone who may be bound to sites."""

from uuid import UUID

from service.kit.actor import Actor
from service.tasks.domain.tasks import Task
from service.tasks.errors import NoSuchTask
from service.tasks.ports import TaskUnit


def find_task(uow: TaskUnit, task_id: UUID, actor: Actor) -> Task:
    """Raises NoSuchTask, also for one about people whom the actor may not see."""
    found = uow.tasks.by_id(task_id, actor.people_of)
    if found is None:
        raise NoSuchTask(f"there is no task {task_id}")
    return found

"""Tasks: what waits for a person to see to."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from service.api.deps import MayHandleTasks, MayReadTasks, Running
from service.api.json_body import StrictJsonRoute
from service.api.pages import next_page
from service.api.problems import declared
from service.api.proxies import link
from service.api.shapes import AsText, Date, Sent
from service.api.text import Line, Writable
from service.tasks.domain.tasks import Outcome, TaskKind, TaskState
from service.tasks.errors import NoSuchTask, OutcomeUnfit, OwnerUnknown, TaskClosed
from service.tasks.ports import TaskQuery
from service.tasks.steps.views import TaskView
from service.tasks.usecases.handle import assign_task, close_task
from service.tasks.usecases.read import list_tasks, read_task

router = APIRouter(prefix="/v1/tasks", tags=["tasks"], route_class=StrictJsonRoute)
OWNER = "`operator:NAME`, `role:ROLE` or `site:SITE`"


class TaskEndOut(BaseModel):
    outcome: Outcome
    words: str | None = Field(description="an operator's, where there are any")
    by: str = Field(description="who closed it; where it settled itself, who made it so")
    at: datetime


class TaskOut(BaseModel):
    """Something that waits for a person to see to, about a household or about a person."""

    id: UUID
    kind: TaskKind
    state: TaskState
    household_id: str | None = Field(description="of a task about a household, once it is issued")
    person_number: str | None = Field(
        description="whom it is about; in a household, such as the head who left; null of people not to be seen"
    )
    opened_at: datetime
    due: date | None = Field(description="a day by which it should be done")
    details: dict[str, str | int] = Field(description="codes and figures, such as `age`")
    owner: str | None = Field(description=OWNER)
    closed: TaskEndOut | None
    links: dict[str, str]

    @classmethod
    def of(cls, view: TaskView) -> "TaskOut":
        one, named = view.task, view.named
        closed = None
        if one.outcome is not None and one.closed_at is not None:
            closed = TaskEndOut(outcome=one.outcome, words=one.words, by=one.closed_by or "", at=one.closed_at)
        links = {"self": link(f"/v1/tasks/{one.id}")}
        if named.household:
            links["household"] = link(f"/v1/households/{named.household}")
        if named.number:
            links["person"] = link(f"/v1/persons/{named.number}")
        return cls(
            id=one.id,
            kind=one.kind,
            state=one.state,
            household_id=named.household,
            person_number=named.number,
            opened_at=one.opened_at,
            due=one.due,
            details=one.details,
            owner=one.owner,
            closed=closed,
            links=links,
        )


class TasksOut(BaseModel):
    tasks: list[TaskOut]
    next: str | None = Field(description="the link to the tasks after these; null at the end")


class AssignmentIn(Sent):
    """Who is to see to a task."""

    owner: Line = Field(description=OWNER, examples=["role:social_worker"])


class TaskEndIn(Sent):
    """How a task ended."""

    outcome: AsText[Outcome]
    words: Annotated[Writable, Field(min_length=3, max_length=2000)] | None = Field(
        None, description="in the operator's words; needed for the outcome `other`"
    )


@router.get("", responses=declared(NoSuchTask))
def index(
    app: Running,
    actor: MayReadTasks,
    *,
    kind: Annotated[TaskKind | None, Query(description="only these; all where not given")] = None,
    state: Annotated[TaskState | None, Query(description="only these; all where not given")] = None,
    owner: Annotated[Line | None, Query(description=f"only this owner's: {OWNER}")] = None,
    due_before: Annotated[Date | None, Query(description="only those due before this day")] = None,
    after: Annotated[UUID | None, Query(description="the last task of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> TasksOut:
    """Tasks, oldest first."""
    states = None if state is None else (state,)
    query = TaskQuery(kind=kind, states=states, owner=owner, due_before=due_before, after=after, limit=limit)
    views = list_tasks(query, actor=actor, storage=app.store.storage)
    last = views[-1].task.id if views else None
    day = None if due_before is None else due_before.isoformat()
    wanted = {"kind": kind, "state": state, "owner": owner, "due_before": day}
    following = next_page("/v1/tasks", wanted, last, full=len(views) == limit, limit=limit)
    return TasksOut(tasks=[TaskOut.of(one) for one in views], next=following)


@router.get("/{task_id}", responses=declared(NoSuchTask))
def read(task_id: UUID, app: Running, actor: MayReadTasks) -> TaskOut:
    """One task."""
    return TaskOut.of(read_task(task_id, actor=actor, storage=app.store.storage))


@router.post("/{task_id}/assign", responses=declared(NoSuchTask, TaskClosed, OwnerUnknown))
def assign(task_id: UUID, sent: AssignmentIn, app: Running, actor: MayHandleTasks) -> TaskOut:
    """Give a task to an operator, a role or a site; also to another than before."""
    return TaskOut.of(assign_task(task_id, sent.owner, actor=actor, storage=app.store.storage))


@router.post("/{task_id}/close", responses=declared(NoSuchTask, TaskClosed, OutcomeUnfit))
def close(task_id: UUID, sent: TaskEndIn, app: Running, actor: MayHandleTasks) -> TaskOut:
    """Close a task with what became of it. It changes nothing of the household or the person."""
    store = app.store
    closed = close_task(task_id, sent.outcome, sent.words, actor=actor, storage=store.storage, clock=store.clock)
    return TaskOut.of(closed)

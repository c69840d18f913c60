"""`jisr task`: what waits for a person to see to."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import typer
from rich.table import Table

from service.cli import common
from service.kit.turns import Lock
from service.registry.usecases.open_due import open_due
from service.tasks.domain.tasks import UNCLOSED, Outcome, TaskKind, TaskState
from service.tasks.ports import TaskQuery
from service.tasks.steps.views import TaskView
from service.tasks.usecases.handle import assign_task, close_task
from service.tasks.usecases.read import list_tasks

app = typer.Typer(help="What waits for a person to see to.", no_args_is_help=True)
PAGE = 200
Task = Annotated[UUID, typer.Argument(help="its ID, as `jisr task list` shows it")]


@app.command("list")
def index(
    kind: Annotated[TaskKind | None, typer.Option(help="only these")] = None,
    state: Annotated[TaskState | None, typer.Option(help="only these; by default those that are not closed")] = None,
    owner: Annotated[str | None, typer.Option(help="operator:NAME, role:ROLE or site:SITE")] = None,
    due_before: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="only those due earlier")] = None,
) -> None:
    """Show tasks, oldest first."""
    after, count = None, 0
    store = common.store()
    while True:
        query = TaskQuery(
            kind=kind,
            states=UNCLOSED if state is None else (state,),
            owner=owner,
            due_before=None if due_before is None else due_before.date(),
            after=after,
            limit=PAGE,
        )
        with common.plain_errors():
            found = list_tasks(query, actor=common.actor(), storage=store.storage)
        table = Table("task", "kind", "state", "household", "person", "due", "owner")
        for one in found:
            table.add_row(*_cells(one))
        if found:
            common.console.print(table)
        count += len(found)
        if len(found) < PAGE:
            break
        after = found[-1].task.id
    typer.echo(f"{count} tasks")


@app.command()
def due() -> None:
    """Open now the tasks whose day has come, as the service does every night."""
    store = common.store()
    with common.plain_errors(), store.lock(Lock.TASKS) as turn:
        if turn is None:
            typer.echo("another process is opening tasks; try again when it has ended", err=True)
            raise typer.Exit(1)
        ages, storage = store.settings.ages_of_recapture, store.storage.in_turn(turn)
        done = open_due(ages, actor=common.actor(), storage=storage, clock=store.clock)
    typer.echo(f"{done.read} births read, {done.tasks} tasks due")


@app.command()
def assign(task: Task, owner: Annotated[str, typer.Argument(help="operator:NAME, role:ROLE or site:SITE")]) -> None:
    """Give a task to an operator, a role or a site."""
    with common.plain_errors():
        assign_task(task, owner, actor=common.actor(), storage=common.store().storage)


@app.command()
def close(
    task: Task,
    outcome: Annotated[Outcome, typer.Argument(help="what became of it; which ones, depends on its kind")],
    words: Annotated[str | None, typer.Option(help="how it ended, in words; needed for `other`")] = None,
) -> None:
    """Close a task."""
    store = common.store()
    with common.plain_errors():
        close_task(task, outcome, words, actor=common.actor(), storage=store.storage, clock=store.clock)


def _cells(one: TaskView) -> tuple[str, ...]:
    task, named = one.task, one.named
    due = "" if task.due is None else task.due.isoformat()
    return (str(task.id), task.kind, task.state, named.household or "", named.number or "", due, task.owner or "")

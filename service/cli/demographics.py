"""`jisr demographics`: duplicates by what people state."""

from typing import Annotated

import typer
from rich.progress import MofNCompleteColumn, Progress

from service.bootstrap import search_policy
from service.cli import common
from service.deduplication.usecases.reindex_statements import reindex_statements
from service.deduplication.usecases.search_statements import Searched, search_statements

app = typer.Typer(help="Duplicates by what people state, without captures.", no_args_is_help=True)


@app.command()
def reindex() -> None:
    """Make the keys anew under which people are found by what they state.

    Needed once after an upgrade from a version without them, and whenever JISR_DEMOGRAPHIC_KEYS has changed: until then
    people enrolled before are not found by what they state. The service may run meanwhile. A command that was stopped
    is begun again; nothing is lost by that.
    """
    store = common.store()
    with store.storage.read() as uow:
        total = uow.demographic_keys.people()
    columns = (*Progress.get_default_columns(), MofNCompleteColumn())
    with common.plain_errors(), Progress(*columns, console=common.console) as progress:
        task = progress.add_task("people", total=total)
        for done in reindex_statements(actor=common.actor(), storage=store.storage):
            progress.update(task, completed=done)
    typer.echo(f"{total} people can be found by what they state")


@app.command()
def search(
    after: Annotated[int, typer.Option(help="the key of a person: only who came later is searched with", min=0)] = 0,
) -> None:
    """Open a case for each pair who state the same and of whom captures say nothing.

    To be run after an import, and now and then for children born: who has no captures is not searched for otherwise.
    Services may run meanwhile. It ends with the key from which `--after` goes on the next time; stopped, too. A pair
    that a case is or was about gets no other.
    """
    store = common.store()
    with store.storage.read() as uow:
        total = uow.demographic_keys.people()
    columns = (*Progress.get_default_columns(), MofNCompleteColumn())
    done = Searched(after, 0, 0, 0)
    try:
        with common.plain_errors(), Progress(*columns, console=common.console) as progress:
            task = progress.add_task("people", total=None if after else total)
            for done in search_statements(
                after,
                actor=common.actor(),
                storage=store.storage,
                clock=store.clock,
                policy=search_policy(store.settings),
            ):
                progress.update(task, completed=done.people)
    except KeyboardInterrupt:
        typer.echo(f"stopped; go on with `jisr demographics search --after {done.last}`", err=True)
        raise typer.Exit(130) from None
    counts = f"{done.people} people searched with, {done.pairs} pairs, {done.cases} cases opened"
    typer.echo(f"{counts}; the next time go on with --after {done.last}")

"""`jisr demographics`: duplicates by what people state."""

import typer
from rich.progress import MofNCompleteColumn, Progress

from service.cli import common
from service.deduplication.usecases.reindex_statements import reindex_statements

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

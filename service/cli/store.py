"""`jisr store`: the files that captures are kept in."""

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.progress import MofNCompleteColumn, Progress

from service.cli import common
from service.storage.verify import delete_unowned, verify_store

app = typer.Typer(help="The store of captures.", no_args_is_help=True)
MOST_NAMED = 20


@app.callback()
def group() -> None:
    """The store of captures."""


@app.command()
def verify(
    delete: Annotated[bool, typer.Option("--delete-unowned", help="delete bytes that no row owns")] = False,
) -> None:
    """Read every stored byte and compare it with its row; end with 1 where something is wrong.

    Missing: a row without bytes. Damaged: bytes that are not those that were stored. Unowned: bytes without a row, of a
    request that was cut off, or whole slaps from before slaps had rows; those younger than an hour may be of a request
    that is still being answered.
    """
    opened = common.store()
    actor, storage, blobs = common.actor(), opened.storage, opened.blobs
    with (
        common.plain_errors(),
        Progress(*Progress.get_default_columns(), MofNCompleteColumn(), console=common.console) as progress,
    ):
        reading = progress.add_task("reading", total=None)
        report = verify_store(
            actor=actor,
            storage=storage,
            blobs=blobs,
            clock=opened.clock,
            progress=lambda rows: progress.advance(reading, rows),
        )
    for kind, names in (("missing", report.missing), ("damaged", report.damaged), ("unowned", report.unowned)):
        _name(kind, names)
    typer.echo(
        f"{report.rows:,} blobs of {report.size:,} bytes; {len(report.missing)} missing, {len(report.damaged)} damaged,"
        f" {len(report.unowned)} unowned, {report.recent} too recent to judge"
    )
    if delete:
        with common.plain_errors():
            deleted = delete_unowned(report, actor=actor, storage=storage, blobs=blobs, clock=opened.clock)
        typer.echo(f"{deleted} unowned blobs deleted")
    if report.missing or report.damaged or (report.unowned and not delete):
        raise typer.Exit(1)


def _name(kind: str, names: Sequence[str]) -> None:
    for name in names[:MOST_NAMED]:
        typer.echo(f"{kind}: {name}")
    if len(names) > MOST_NAMED:
        typer.echo(f"{kind}: and {len(names) - MOST_NAMED} more")

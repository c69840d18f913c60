"""`jisr registry`: what the registry of people and households is made of."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from service.cli import common
from service.registry.usecases.areas import import_areas

app = typer.Typer(help="People, households and the areas they live in.", no_args_is_help=True)


@app.command()
def areas(
    file: Annotated[Path, typer.Argument(help="a table as text, UTF-8, with a header", exists=True, dir_okay=False)],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only state what would change")] = False,
) -> None:
    """Have the areas of the country be those of a list.

    The header is `code,level,parent,name_fr,name_ar,name_en`, with commas or semicolons. level is region, commune or
    locality; parent is the code of the region of a commune, or of the commune of a locality. One name is enough. The
    list is taken as a whole, or not at all where a row is wrong; each wrong cell is shown by its line. What the list
    lacks is closed, and stays for what was recorded before. The same list again changes nothing.
    """
    try:
        text = file.read_text("utf-8-sig")
    except UnicodeDecodeError:
        typer.echo(f"{file} is not UTF-8 text; save it as `CSV UTF-8`", err=True)
        raise typer.Exit(1) from None
    store = common.store()
    with common.plain_errors():
        done = import_areas(text, actor=common.actor(), storage=store.storage, clock=store.clock, dry_run=dry_run)
    if done.problems:
        table = Table("line", "column", "what to correct")
        for one in done.problems:
            table.add_row(str(one.line or ""), one.column, one.detail)
        common.console.print(table)
        typer.echo(f"{len(done.problems)} to correct; nothing was changed", err=True)
        raise typer.Exit(1)
    counts = (
        f"{len(done.added)} new, {len(done.changed)} changed, {len(done.closed)} closed, {done.unchanged} as before"
    )
    typer.echo(f"{counts}; nothing was kept" if dry_run else counts)

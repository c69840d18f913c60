"""`jisr site`."""

from typing import Annotated

import typer
from rich.table import Table

from service.access.usecases.areas import assign_site, list_sites
from service.cli import common

app = typer.Typer(help="Sites, and the areas they lie in.", no_args_is_help=True)


@app.command()
def assign(
    site: Annotated[str, typer.Argument(help="as enrolments state it")],
    area: Annotated[str | None, typer.Option(help="a word, or a path such as ALI-SABIEH/DIKHIL; else none")] = None,
) -> None:
    """Have a site lie in an area from now on, or in none."""
    with common.plain_errors():
        assign_site(site, area, actor=common.actor(), storage=common.store().storage)


@app.command("list")
def index() -> None:
    """Show which sites lie in which area."""
    with common.plain_errors():
        found = list_sites(actor=common.actor(), storage=common.store().storage)
    table = Table("area", "site")
    for one in found:
        table.add_row(one.area, one.site)
    common.console.print(table)

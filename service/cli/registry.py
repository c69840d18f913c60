"""`jisr registry`: what the registry of people and households is made of."""

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import MofNCompleteColumn, Progress
from rich.table import Table

from service.cli import common, imports
from service.registry.usecases.areas import import_areas
from service.registry.usecases.reindex import reindex_people
from service.registry.usecases.search import PersonQuery, search_people

app = typer.Typer(help="People, households and the areas they live in.", no_args_is_help=True)
app.command("template")(imports.template)
app.command("import")(imports.import_file)


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


@app.command()
def find(
    name: Annotated[str, typer.Argument(help="in any script and spelling, whole, in part or its first letters")] = "",
    *,
    father: Annotated[str | None, typer.Option(help="the father's name")] = None,
    born: Annotated[int | None, typer.Option(help="the birth year; two years more or less fit too")] = None,
    number: Annotated[str | None, typer.Option(help="of the person, also one from before a merge")] = None,
    household: Annotated[str | None, typer.Option(help="a household ID, also one from before a merge")] = None,
    document: Annotated[str | None, typer.Option(help="the number of a document of the person's")] = None,
    phone: Annotated[str | None, typer.Option(help="as it is dialled at home, or with the country's code")] = None,
    limit: Annotated[int, typer.Option(help="people shown", min=1, max=50)] = 10,
) -> None:
    """Find people, the most alike first. All that is given has to fit.

    `jisr registry find "Mohamed Ali" --born 1980` finds محمد علي and Maxamed Cali too. Each search is in the audit,
    with whom it showed.
    """
    query = PersonQuery(number, household, document, phone, name or None, father, born, limit)
    store = common.store()
    with common.plain_errors():
        rules = store.settings.fact_rules
        done = search_people(query, actor=common.actor(), storage=store.storage, rules=rules)
    table = Table("number", "name", "born", "household", "score", "by")
    for one in done.found:
        who = one.view.person.demographics
        born_on = who.birth_date or who.birth_year or ""
        home = one.view.household.household_id if one.view.household else None
        names = ", ".join(each.full for each in who.names)
        matched = ", ".join(one.matched)
        table.add_row(one.view.person.number or "", names, str(born_on), home or "", f"{one.score:.2f}", matched)
    common.console.print(table)
    if done.more:
        typer.echo("others may fit too: give more of the name, the father's name or the birth year", err=True)


@app.command()
def reindex(
    after: Annotated[int, typer.Option(help="the key of a person, to go on from where it was stopped", min=0)] = 0,
) -> None:
    """Make anew the index by which people are found by name, document and phone.

    To be run once after the upgrade that brought the search. Services may run meanwhile. Running it again changes
    nothing. Stopped, it names the key from which `--after` goes on.
    """
    store = common.store()
    columns = (*Progress.get_default_columns(), MofNCompleteColumn())
    reached = after
    with common.plain_errors(), Progress(*columns, console=common.console) as progress:
        task = progress.add_task("people", total=None)

        def show(done: int, total: int, last: int) -> None:
            nonlocal reached
            reached = last
            progress.update(task, completed=done, total=total)

        try:
            count = reindex_people(actor=common.actor(), storage=store.storage, progress=show, after=after)
        except KeyboardInterrupt:
            typer.echo(f"stopped; go on with `jisr registry reindex --after {reached}`", err=True)
            raise typer.Exit(130) from None
    typer.echo(f"{count} people can be found")

"""`jisr change`: intentions that change households, in the form in which the service takes them."""

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from pydantic import ValidationError
from rich.table import Table

from service.api.changes import ChangeOut, CompositionOut, OrderIn
from service.api.json_body import parsed
from service.api.problems import malformed
from service.cli import common
from service.cli.people import as_json, people_names
from service.kit.ids import new_uuid
from service.registry.domain.intentions import Order, UndoOrder
from service.registry.usecases.changes import ChangeView, make_change, preview_change, read_change, undo_change

app = typer.Typer(help="Changes of households and of who lives in them.", no_args_is_help=True)
Id = Annotated[UUID, typer.Argument(help="its ID, as timelines show it")]
Json = Annotated[bool, typer.Option("--json", help="print what the service would answer")]


@app.command()
def order(
    file: Annotated[Path, typer.Argument(help="an order as JSON", exists=True, dir_okay=False)],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only show what it would make of the households")] = False,
    json: Json = False,
) -> None:
    """Carry out one order: what `POST /v1/changes` takes, from a file.

    It has an `id` (a UUID of your choice: the same order again is done once), the day from when it is so (`effective`),
    and an `intention`, of which README.md lists the kinds:

    {"id": "0197…", "effective": "2026-11-03", "intention": {"kind": "transferred", "person": "2751680394", "household":
    "M4821903561", "role": "child"}, "reason": "care"}
    """
    store, sent = common.store(), _read(file)
    carry_out = preview_change if dry_run else make_change
    settings = store.settings
    with common.plain_errors():
        view = carry_out(
            sent,
            actor=common.actor(),
            storage=store.storage,
            clock=store.clock,
            number_length=settings.person_number_length,
            rules=settings.fact_rules,
        )
    _show(view, json=json)
    if dry_run and not json:
        typer.echo("nothing was kept")


@app.command()
def show(change: Id, json: Json = False) -> None:
    """Show one change with what it made of the households it touched."""
    with common.plain_errors():
        view = read_change(change, actor=common.actor(), storage=common.store().storage)
    _show(view, json=json)


@app.command()
def undo(
    change: Id,
    words: Annotated[str | None, typer.Option(help="why, for people")] = None,
    json: Json = False,
) -> None:
    """Take a change back by a counter-entry, which can be taken back in turn. History stays as it is."""
    store, sent = common.store(), UndoOrder(new_uuid(), change, words)
    with common.plain_errors():
        view = undo_change(sent, actor=common.actor(), storage=store.storage, clock=store.clock)
    _show(view, json=json)


def _read(file: Path) -> Order:
    """An order that is wrong is shown by its fields, and the command ends."""
    try:
        text = file.read_text("utf-8-sig")
    except UnicodeDecodeError:
        typer.echo(f"{file} is not UTF-8 text", err=True)
        raise typer.Exit(1) from None
    with common.plain_errors():
        content = parsed(text)
    try:
        return OrderIn.model_validate(content).order()
    except ValidationError as error:
        for one in malformed(error).errors:
            typer.echo(f"{one.field}: {one.detail}", err=True)
        raise typer.Exit(1) from None


def _show(view: ChangeView, *, json: bool) -> None:
    shown = ChangeOut.of(view)
    if json:
        typer.echo(as_json(shown))
        return
    undone = ", taken back since" if shown.undone else ""
    typer.echo(f"{shown.kind} from {shown.effective} on, by {shown.by}{undone}: {shown.id}")
    table = Table("household", "before", "after")
    for one in shown.households:
        table.add_row(one.household_id or str(one.client_id), _members(one.before), _members(one.after))
    common.console.print(table)


def _members(some: CompositionOut) -> str:
    lines = [f"{one.role}: {one.number or '-'} {people_names(one.names)}".rstrip() for one in some.members]
    return "\n".join(lines) or some.status

"""`jisr doctor`: what is sealed on the disk and what is not."""

import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn
from rich.table import Table

from service.audit.domain.actions import Action
from service.audit.usecases.note import note_act
from service.bootstrap import Store
from service.cli import common
from service.storage.at_rest import FILES
from service.storage.doctor import AtRest, examine


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="print the outcome as JSON too, as the last line")] = False,
) -> None:
    """State what is sealed on the disk and what is not, and whether others can read it; end with 1 at a fault.

    Every sealed field is read: minutes for a registry of millions. Nothing is changed.
    """
    opened = common.store()
    note_act(Action.DOCTOR, actor=common.actor(), storage=opened.storage)
    with (
        common.plain_errors(),
        Progress(SpinnerColumn(), TextColumn("{task.description}"), console=common.console, transient=True) as progress,
    ):
        reading = progress.add_task("")
        found = examine(
            opened.database,
            opened.settings.home,
            opened.settings.key_path,
            lambda name: progress.update(reading, description=f"reading {name}"),
        )
    _show(found, opened)
    if as_json:
        typer.echo(json.dumps(_document(found, opened)))
    if found.faults:
        raise typer.Exit(1)


def _document(found: AtRest, opened: Store) -> dict[str, object]:
    return {
        "sound": not found.faults,
        "key": {"id": opened.storage.vault.counts().current, "place": opened.settings.place_of_keys},
        "sealed": [asdict(one) for one in found.counted],
        "files": [{"where": one.where, "how": one.how, "why": one.why} for one in FILES],
        "plain": [{"where": one.where, "fields": one.fields, "why": one.why} for one in found.plain],
        "faults": found.faults,
        "advice": found.advice,
    }


def _show(found: AtRest, opened: Store) -> None:
    table = Table("sealed field", "sealed", "plain", title="On the disk")
    for one in found.counted:
        table.add_row(one.name, f"{one.sealed:,}", f"{one.plain:,}")
    common.console.print(table)
    typer.echo(f"sealed under the key {opened.storage.vault.counts().current}, in {opened.settings.place_of_keys}")
    typer.echo("plain are identifiers, dates, states and scores; README.md names each field, `--json` too")
    for kind, sentences in (("fault", found.faults), ("advice", found.advice)):
        for sentence in sentences:
            typer.echo(f"{kind}: {sentence}")
    if not found.faults:
        typer.echo("no faults")

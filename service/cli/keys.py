"""`jisr keys`: the keys that seal what is personal."""

import typer
from rich.progress import MofNCompleteColumn, Progress

from service.audit.domain.actions import Action
from service.audit.usecases.note import note_act
from service.cli import common
from service.kit.turns import Lock

app = typer.Typer(help="The keys that seal what is personal.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """The keys that seal what is personal."""


@app.command()
def status() -> None:
    """State which key-encryption key is current, where it is, and how many keys there are."""
    opened = common.store()
    note_act(Action.KEYS_STATUS, actor=common.actor(), storage=opened.storage)
    counts = opened.storage.vault.counts()
    typer.echo(f"the current key-encryption key is {counts.current}, in {opened.settings.place_of_keys}")
    typer.echo(f"{counts.period_keys} keys of classes and months, {counts.data_keys} data keys")
    if counts.former:
        typer.echo(f"a rotation was stopped before {', '.join(counts.former)} was replaced: run `jisr keys rotate`")
        raise typer.Exit(1)


@app.command()
def rotate() -> None:
    """Make a new key-encryption key, and wrap all keys under it; services may run meanwhile.

    Stopped at any moment, it goes on where it was when the command is given again. Copies of the database from before
    need the former key: keep a copy of the file until these are gone. With JISR_KEY, first put the new key before the
    present one there, everywhere; remove the former afterwards.
    """
    opened = common.store()
    with (
        common.plain_errors(),
        opened.lock(Lock.KEYS) as turn,
        Progress(*Progress.get_default_columns(), MofNCompleteColumn(), console=common.console) as progress,
    ):
        if turn is None:
            typer.echo("another process is rotating the keys; try again when it has ended", err=True)
            raise typer.Exit(1)
        note_act(
            Action.KEYS_ROTATE,
            {"former": opened.storage.vault.counts().current},
            actor=common.actor(),
            storage=opened.storage,
        )
        wrapping = progress.add_task("wrapping", total=None)
        current = opened.storage.vault.rotate(
            lambda done, total: progress.update(wrapping, completed=done, total=total)
        )
    typer.echo(f"the current key-encryption key is {current}; the former is needed no more")

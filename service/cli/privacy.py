"""`jisr forget` and `jisr privacy`: erasing people, and what is kept no longer."""

import json
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import MofNCompleteColumn, Progress

from service.audit.domain.actions import Action
from service.audit.storage.files import public_key_in
from service.audit.usecases.note import note_act
from service.bootstrap import Store, finisher_of, reapply_erasures
from service.cli import common
from service.kit.canonical import canonical
from service.kit.errors import MalformedRequest
from service.kit.turns import Lock
from service.privacy.domain.certificates import certificate_in, in_words
from service.privacy.domain.erasures import Erasure, Ground, Order, checked_reference
from service.privacy.domain.retention import Kept
from service.privacy.usecases.erase import Preview, begin_erasure, preview
from service.privacy.usecases.export import export_person
from service.privacy.usecases.purge import count_due, purge
from service.privacy.usecases.verify import verify_certificate

app = typer.Typer(help="Erasure and retention.", no_args_is_help=True)
WAIT_SECONDS, LOOK_SECONDS = 60.0, 0.2
"""For a running worker to renew the snapshot, which writes the certificate."""


def forget(
    number: Annotated[str, typer.Argument(help="the person's number, or the UUID of an enrolment that became no one")],
    *,
    ground: Annotated[Ground | None, typer.Option(help="why; needed unless --dry-run")] = None,
    reference: Annotated[str | None, typer.Option(help="where the request is filed; kept for ever, so no name")] = None,
    certificate: Annotated[Path | None, typer.Option(dir_okay=False, help="file to write the certificate to")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only show what would be destroyed")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="do not ask")] = False,
) -> None:
    """Erase a person with all records merged into them, and print a signed certificate of it.

    Nothing of them can be read from the moment the database has committed it. Files, snapshots and the database's own
    files follow. Stopped at any moment, it goes on at the next start of the service, or when the command is given
    again; given again later, it prints the certificate once more. Services may run meanwhile.
    """
    with common.plain_errors():
        store, actor = common.store(), common.actor()
        if dry_run:
            _show(preview(number, actor=actor, storage=store.storage))
            return
        if ground is None:
            raise MalformedRequest(f"give --ground, one of {', '.join(Ground)}", "ground")
        order = Order(ground, checked_reference(reference))
        with store.storage.read() as uow:
            known = uow.erasures.of_name(number) is not None
        if not known and not yes:
            _show(preview(number, actor=actor, storage=store.storage))
            typer.confirm("Erase this for ever?", abort=True, err=True)
        begun = begin_erasure(number, order, actor=actor, storage=store.storage, clock=store.clock)
        done = _finished(store, begun)
    _print(done, certificate)


def _show(found: Preview) -> None:
    """What would go."""
    if found.numbers:
        merged = f", with {', '.join(found.numbers[1:])} merged into it" if found.numbers[1:] else ""
        typer.echo(f"the person with the number {found.numbers[0]}{merged}", err=True)
    counts = {"enrolments": len(found.enrolments), "files": found.files, "keys": found.keys, **found.counts}
    listed = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in counts.items())
    typer.echo(f"{listed}; {found.size:,} bytes of files", err=True)
    for case in found.open_cases:
        typer.echo(f"decide case {case} first", err=True)


def _finished(store: Store, begun: Erasure) -> Erasure:
    """Once a running worker has done its share, where there is one."""
    finisher, actor = finisher_of(store), common.actor()
    until = time.monotonic() + WAIT_SECONDS
    found = finisher.finish(begun.id, actor=actor)
    while not found.done and time.monotonic() < until:
        time.sleep(LOOK_SECONDS)
        found = finisher.finish(begun.id, actor=actor)
    return found


def _print(one: Erasure, file: Path | None) -> None:
    typer.echo(in_words(one), err=True)
    signed = certificate_in(one)
    if signed is None:
        typer.echo("a running service has still to do its share: give this again for the certificate", err=True)
        raise typer.Exit(3)
    if file is None:
        typer.echo(signed.line())
    else:
        file.write_text(signed.line() + "\n", encoding="utf-8")


@app.callback()
def group() -> None:
    """Erasure and retention."""


@app.command()
def verify(file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="a certificate of erasure")]) -> None:
    """Verify a certificate's signature, and that what it states is still so; end with 1 where it is not."""
    with common.plain_errors():
        store = common.store()
        faults = verify_certificate(
            file.read_text(encoding="utf-8"),
            actor=common.actor(),
            storage=store.storage,
            blobs=store.blobs,
            public_key=public_key_in(store.audit_folder),
        )
    for one in faults:
        typer.echo(one, err=True)
    if faults:
        raise typer.Exit(1)
    typer.echo("the certificate is genuine, and all that it names is gone")


@app.command("purge")
def purge_now(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only count what would be destroyed")] = False,
) -> None:
    """Destroy what is older than JISR_KEEP_CAPTURES_DAYS, JISR_KEEP_REFUSED_DAYS and JISR_KEEP_FINDINGS_DAYS.

    The service does this by itself every night. Services may run meanwhile; while the database's files are written
    anew, at the end, they wait.
    """
    with common.plain_errors():
        store, actor = common.store(), common.actor()
        due = count_due(store.periods, actor=actor, storage=store.storage, clock=store.clock)
        if dry_run:
            typer.echo("; ".join(f"{count:,} {kept}" for kept, count in due.items()))
            return
        with store.lock(Lock.PURGE) as turn:
            if turn is None:
                raise MalformedRequest("another process is purging; try again when it has ended", "purge")
            columns = (*Progress.get_default_columns(), MofNCompleteColumn())
            with Progress(*columns, console=common.console) as progress:
                tasks = {kept: progress.add_task(kept.value, total=due[kept]) for kept in Kept}
                done = purge(
                    store.periods,
                    actor=actor,
                    storage=store.storage.in_turn(turn),
                    blobs=store.blobs,
                    cleaner=store.cleaner,
                    clock=store.clock,
                    progress=lambda kept, count: progress.advance(tasks[kept], count),
                )
    counts = "; ".join(f"{count:,} {kept}" for kept, count in done.items.items())
    typer.echo(f"{counts}; {done.files:,} files and {done.keys:,} keys destroyed")


@app.command()
def reapply() -> None:
    """Erase once more who came back with a restored database, by the signed list beside the audit's checkpoints.

    Every start does so too, before it answers anyone.
    """
    with common.plain_errors():
        store, actor = common.store(), common.actor()  # opening it erased them already
        note_act(Action.ERASURES_REAPPLY, actor=actor, storage=store.storage)
        count = reapply_erasures(store, actor)
        left = finisher_of(store).finish_waiting(actor=actor)
    typer.echo(f"{count} erased; {left} wait for a running service to do its share")


@app.command()
def export(
    number: Annotated[str, typer.Argument(help="the person's number, or the UUID of an enrolment that became no one")],
) -> None:
    """Print as JSON what the registry holds about a person, to hand it to them. Who read it: `jisr audit person`."""
    with common.plain_errors():
        found: dict[str, Any] = export_person(number, actor=common.actor(), storage=common.store().storage)
    typer.echo(json.dumps(json.loads(canonical(found)), ensure_ascii=False, indent=2))

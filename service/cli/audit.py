"""`jisr audit`: who did or saw what, and whether the record of it is whole."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import MofNCompleteColumn, Progress

from service.api.paper.accesses import list_of_accesses
from service.api.paper.language import Language
from service.audit.domain.actions import WORDS, Action
from service.audit.domain.entries import Entry
from service.audit.ports import Copies, EntryQuery
from service.audit.storage.files import CopyFile, public_key_in
from service.audit.usecases.export import export_audit
from service.audit.usecases.verify import count_entries, verify_audit
from service.cli import common
from service.cli.files import write_new
from service.kit.errors import MalformedRequest
from service.registry.usecases.accesses import AccessQuery, list_accesses, person_ids

app = typer.Typer(help="Who did or saw what.", no_args_is_help=True)
_AT_ONCE = 1000
Day = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], help="in UTC; all where not given")
]


@app.command()
def verify(
    copies: Annotated[
        list[Path] | None,
        typer.Option(exists=True, file_okay=False, help="further folders with a copy of the checkpoints"),
    ] = None,
    public_key: Annotated[
        str | None, typer.Option("--public-key", help="of the registry, in hex, as kept elsewhere; by default its own")
    ] = None,
) -> None:
    """Verify every entry against its chain and the signed checkpoints; end with 1 at the first fault.

    Found is what was altered, removed, inserted, moved or cut off, though not among entries newer than the last
    checkpoint if all hashes after it were made anew: compare those with the feed. Others may use the service meanwhile.
    """
    opened = common.store()
    folders = [opened.audit_folder, *opened.audit_copies, *(copies or ())]
    kept: list[Copies] = [CopyFile(folder) for folder in folders]
    actor, storage = common.actor(), opened.storage
    with (
        common.plain_errors(),
        Progress(*Progress.get_default_columns(), MofNCompleteColumn(), console=common.console) as progress,
    ):
        total = count_entries(actor=actor, storage=storage)
        reading = progress.add_task("verifying", total=total)
        found = verify_audit(
            actor=actor,
            storage=storage,
            public_key=public_key or public_key_in(opened.audit_folder),
            copies=kept,
            progress=lambda entries: progress.advance(reading, entries),
        )
    if found.fault is not None:
        typer.echo(f"{found.fault.place} {found.fault.what}", err=True)
        raise typer.Exit(1)
    typer.echo(
        f"{found.entries:,} entries and {found.checkpoints:,} checkpoints are as they were written; "
        f"{found.unsigned:,} entries are newer than the last checkpoint"
    )


@app.command()
def export(
    file: Annotated[Path, typer.Argument(dir_okay=False, help="what to write; one JSON object per line")],
    *,
    since: Day = None,
    until: Day = None,
    action: Annotated[Action | None, typer.Option(help="only this; all where not given")] = None,
    person: Annotated[str | None, typer.Option(help="only what concerns the person of this number")] = None,
    words: Annotated[bool, typer.Option("--words", help="open what operators wrote too; it may name people")] = False,
) -> None:
    """Write entries in the order of time. until: exclusive."""
    with common.plain_errors():
        if file.exists():
            raise MalformedRequest(f"{file} is there already; remove it, or give another name", "file")
        actor, storage = common.actor(), common.store().storage
        people = None if person is None else person_ids(person, actor=actor, storage=storage)
        query = EntryQuery(_utc(since), _utc(until), action, people)
        count = export_audit(file, query, actor=actor, storage=storage, with_words=words)
    typer.echo(f"{count:,} entries in {file}")


@app.command()
def person(
    number: Annotated[str, typer.Argument(help="the person's number")],
    pdf: Annotated[Path | None, typer.Option(help="write it on paper instead, to be handed to them")] = None,
    language: Annotated[Language, typer.Option(help="of the paper")] = Language.FRENCH,
) -> None:
    """Print who read or changed a person's data, and when, in words that can be handed to them."""
    with common.plain_errors():
        if pdf is not None:
            write_new(pdf, list_of_accesses(number, _accesses(number), datetime.now(UTC), language))
            return
        count = 0
        for one in _accesses(number):
            typer.echo(_sentence(one))
            count += 1
    typer.echo(f"{count:,} times; the time is UTC")


def _accesses(number: str) -> Iterator[Entry]:
    after, actor, storage = None, common.actor(), common.store().storage
    while True:
        page = list_accesses(AccessQuery(number, after, _AT_ONCE), actor=actor, storage=storage)
        yield from page
        if len(page) < _AT_ONCE:
            return
        after = (page[-1].lane, page[-1].number)


def _sentence(one: Entry) -> str:
    """Without the network's address, which is for those who run the service."""
    where = f", site {one.site}" if one.site else ""
    done = WORDS.get(one.action, one.action)
    return re.sub(r"[\x00-\x1f]", " ", f"{one.at:%Y-%m-%d %H:%M:%S}  {one.actor} ({one.role}{where}) {done}")


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)

"""`jisr registry template` and `jisr registry import`: people from another system's table."""

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, TextIO

import typer
from rich.progress import MofNCompleteColumn, Progress
from rich.table import Table

from service.cli import common
from service.kit.errors import MalformedRequest
from service.registry.steps.area_file import RowProblem
from service.registry.steps.people_columns import Language
from service.registry.steps.people_file import read_people
from service.registry.steps.people_template import write_template
from service.registry.usecases.import_people import Imported, ImportOrder, import_people

SHOWN = 20
"""Problems on the screen; the report has them all."""


def template(
    file: Annotated[Path, typer.Argument(help="to write: FILE.xlsx or FILE.csv", dir_okay=False)],
    language: Annotated[
        Language, typer.Option(help="of the words to choose from, and of the sheet that explains the columns")
    ] = Language.FRENCH,
) -> None:
    """Write the empty table that `jisr registry import` reads.

    The first row has the codes of the columns, the three below their labels in French, Arabic and English. People begin
    in the row below those. One row of codes, or of labels in one language, is enough.
    """
    with common.plain_errors():
        write_template(file, language)
    typer.echo(f"{file} is written")


def import_file(
    file: Annotated[Path, typer.Argument(help="a table as CSV in UTF-8, or XLSX", exists=True, dir_okay=False)],
    source: Annotated[str, typer.Option(help="a word for the system that the keys in the table are of")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only state what would be taken in")] = False,
) -> None:
    """Take in people and households from a table; `jisr registry template` writes an empty one.

    Each person has the key of the system they come from, and is taken in once by it: stopped, or with more rows, the
    same command goes on. Rows that are wrong are left out, the others go in. FILE.report.csv lists what to correct, by
    row and column; correct the table, and give the command again. People have a number at once, and no captures.
    """
    store = common.store()
    with common.plain_errors(), _report(file) as report, _progress(file) as progress:
        done = import_people(
            read_people(file),
            ImportOrder(source, dry_run),
            actor=common.actor(),
            storage=store.storage,
            clock=store.clock,
            number_length=store.settings.person_number_length,
            report=report.add,
            progress=progress,
        )
    _show(done, report, dry_run=dry_run)
    if done.left_out:
        raise typer.Exit(1)


class _Report:
    def __init__(self, path: Path, file: TextIO) -> None:
        self.path, self.first, self.count = path, list[RowProblem](), 0
        self._writer = csv.writer(file, lineterminator="\n")
        self._writer.writerow(("row", "column", "what to correct"))

    def add(self, one: RowProblem) -> None:
        self._writer.writerow((one.line, one.column, one.detail))
        self.count += 1
        if len(self.first) < SHOWN:
            self.first.append(one)


@contextmanager
def _report(table: Path) -> Iterator[_Report]:
    """Beside the table; where nothing was wrong, there is none."""
    path = table.with_name(f"{table.name}.report.csv")
    try:
        path.unlink(missing_ok=True)
        path.touch(0o600, exist_ok=False)
        file = path.open("w", encoding="utf-8-sig", newline="")
    except OSError as error:
        raise MalformedRequest(f"{path} cannot be written: {error.strerror}", "file") from None
    report = _Report(path, file)
    try:
        with file:
            yield report
    finally:
        if not report.count:
            path.unlink()


@contextmanager
def _progress(table: Path) -> Iterator["_Shown"]:
    total = sum(1 for _ in read_people(table))
    columns = (*Progress.get_default_columns(), MofNCompleteColumn())
    with Progress(*columns, console=common.console) as progress:
        yield _Shown(progress, total)


class _Shown:
    def __init__(self, progress: Progress, total: int) -> None:
        self._progress, self._task = progress, progress.add_task("rows", total=total)

    def __call__(self, rows: int) -> None:
        self._progress.advance(self._task, rows)


def _show(done: Imported, report: _Report, *, dry_run: bool) -> None:
    if report.count:
        table = Table("row", "column", "what to correct")
        for one in report.first:
            table.add_row(str(one.line), one.column, one.detail)
        common.console.print(table)
        typer.echo(f"{report.path} has all {report.count} to correct", err=True)
    counts = f"{done.added} people taken in, {done.unchanged} as before, {done.left_out} rows left out"
    typer.echo(f"{counts}; nothing was kept" if dry_run else counts)

"""`jisr gallery`: the searchable copy of the registry, and all records against all others."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn
from rich.table import Table
from rich.text import Text

from service.audit.domain.actions import Action
from service.audit.usecases.note import note_act
from service.bootstrap import App, search_policy
from service.cli import common
from service.deduplication.domain.search import Walk
from service.deduplication.errors import WalkBusy
from service.deduplication.usecases.export_pairs import export_pairs, require_ending
from service.deduplication.usecases.measure_rates import measure_rates
from service.deduplication.usecases.search_all import BeginWalk, begin_walk, walk_on
from service.enrolment.usecases.extract_again import Outdated, count_outdated, extract_again
from service.kit import logs
from service.kit.errors import MalformedRequest
from service.kit.turns import Lock
from service.storage.unit import SqlStorage

app = typer.Typer(help="The searchable copy of the registry.", no_args_is_help=True)


@app.command()
def status() -> None:
    """Compare the database with the last snapshot and the present networks."""
    jisr = common.whole()
    note_act(Action.GALLERY_STATUS, actor=common.actor(), storage=jisr.store.storage)
    models, replica = jisr.extractor.models, jisr.replica
    with jisr.store.storage.read() as uow:
        last, loaded = uow.changes.last(), replica.load(uow)
    outdated = count_outdated(models, actor=common.actor(), storage=jisr.store.storage)
    table = Table("", "", show_header=False)
    table.add_row("changes in the database", str(last))
    table.add_row("changes in the snapshot", str(replica.applied) if loaded else "no usable snapshot")
    table.add_row("people in the snapshot", str(len(replica.index)))
    table.add_row("templates of other models", str(outdated))
    for modality, model in models.items():
        table.add_row(f"{modality} model", model)
    common.console.print(table)


@app.command()
def rebuild(
    without_captures: Annotated[
        bool, typer.Option("--without-captures", help="delete templates of other networks whose captures are gone")
    ] = False,
) -> None:
    """Extract again what other networks made, and build the snapshot from the database. Stop the service first.

    Captures are kept for JISR_KEEP_CAPTURES_DAYS. Templates of older ones cannot be made anew: the command ends with 1
    and leaves them. Then keep the former networks, or give --without-captures: these people stay registered, and no
    search finds them by these captures until they are enrolled again.
    """
    logs.set_up()
    jisr = common.whole()
    store, actor = jisr.store, common.actor()
    outdated = count_outdated(jisr.extractor.models, actor=actor, storage=store.storage)
    columns = (*Progress.get_default_columns(), MofNCompleteColumn())
    with (
        common.plain_errors(),
        common.worker_lock(jisr) as turn,
        Progress(*columns, console=common.console) as progress,
    ):
        note_act(Action.GALLERY_REBUILD, {"outdated": outdated}, actor=actor, storage=store.storage)
        extracting = progress.add_task("extracting again", total=outdated)
        left = extract_again(
            actor=actor,
            storage=store.storage.in_turn(turn),
            extractor=jisr.extractor,
            blobs=store.blobs,
            progress=lambda n: progress.advance(extracting, n),
            forgo=without_captures,
        )
        if left:
            _state_left(left)
            raise typer.Exit(1)
        building = progress.add_task("building the gallery", total=None)
        jisr.replica.build(store.storage, lambda n: progress.advance(building, n))
        jisr.replica.snapshot(store.storage.in_turn(turn))
    typer.echo(f"{len(jisr.replica.index)} people are in the gallery")


def _state_left(left: Outdated) -> None:
    if left.lost:
        count, name = len(left.lost), left.lost[0]
        typer.echo(f"{count} captures are missing or altered, such as {name}: see `jisr store verify`", err=True)
        typer.echo("restore them and run this again; the service does not start before", err=True)
    if left.without:
        typer.echo(f"{left.without} templates are of captures whose period is over, and cannot be made anew", err=True)
        typer.echo("keep the former networks, or give --without-captures to delete these templates", err=True)


@app.command()
def compact() -> None:
    """Erase what the snapshot still holds of people who left the gallery. Stop the service first.

    They are in no search from the moment they leave. What is kept of them goes by itself once more than 1,024 people
    and a quarter of those kept have left, from each part of the gallery of which a quarter is theirs; or with this.
    """
    logs.set_up()
    jisr = common.whole()
    common.refuse_outdated(jisr)
    with common.plain_errors(), common.worker_lock(jisr) as turn:
        note_act(Action.GALLERY_COMPACT, actor=common.actor(), storage=jisr.store.storage)
        with common.console.status("loading the gallery"):
            jisr.replica.start(jisr.store.storage)
        before = _bytes_in(jisr.store.snapshots)
        with common.console.status("compacting"):
            jisr.replica.compact(jisr.store.storage.in_turn(turn))
    after = _bytes_in(jisr.store.snapshots)
    size = len(jisr.replica.index)
    typer.echo(f"{size} people are in the gallery; the snapshot went from {before:,} to {after:,} bytes")


def _bytes_in(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


@app.command()
def duplicates(
    file: Annotated[Path, typer.Argument(dir_okay=False, help="what to write, .csv or .parquet; one row per pair")],
    *,
    batch: Annotated[int, typer.Option(min=1, help="people searched at a time")] = 256,
    cases: Annotated[bool, typer.Option("--cases", help="open a case for each pair that none is about yet")] = False,
    restart: Annotated[bool, typer.Option("--restart", help="begin anew, and replace the file")] = False,
) -> None:
    """Search all records against all others, and list who may be there twice.

    The thresholds are those of a single search. What is found is kept in the database step by step: a run that was
    stopped goes on where it was when the command is given again. `jisr gallery export` writes the file once more.
    """
    with common.plain_errors():
        require_ending(file)
        _require_new(file, restart)
        jisr = common.whole()
        common.refuse_outdated(jisr)
        with jisr.store.lock(Lock.WALK) as turn:
            if turn is None:
                raise WalkBusy("another run is searching all records against all others")
            walk = _walk(jisr, jisr.store.storage.in_turn(turn), batch, BeginWalk(_settings(jisr), cases, restart))
        export_pairs(file, actor=common.actor(), storage=jisr.store.storage)
    outcome = f"{walk.people} people searched; {walk.pairs} pairs in {file}"
    typer.echo(f"{outcome}; {walk.cases} cases opened" if walk.opens_cases else outcome)


@app.command()
def export(
    file: Annotated[Path, typer.Argument(dir_okay=False, help="what to write, .csv or .parquet; one row per pair")],
    replace: Annotated[bool, typer.Option("--replace", help="replace the file")] = False,
) -> None:
    """Write the pairs that the last finished search of all records found."""
    with common.plain_errors():
        _require_new(file, replace)
        pairs = export_pairs(file, actor=common.actor(), storage=common.store().storage)
    typer.echo(f"{pairs} pairs in {file}")


@app.command()
def rates(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object instead of a table")] = False,
) -> None:
    """Compare how often newcomers resemble somebody with what the thresholds promise.

    Every enrolment keeps the strongest candidate that its search found. Those that operators decided to be other
    people, and those below every threshold, show how often different people resemble each other here. Where the whole
    interval is above what is promised, lower JISR_FPIR_REVIEW and JISR_FPIR_DUPLICATE by as much.
    """
    policy = search_policy(common.settings())
    found = measure_rates(actor=common.actor(), storage=common.store().storage, policy=policy)
    if as_json:
        typer.echo(json.dumps(asdict(found)))
        return
    table = Table("FPIR promised", "false alarms", "observed", "95 % interval", "by the tail")
    for one in found.alarms:
        tail = "" if one.fitted is None else f"{one.fitted:.2%}"
        interval = f"{one.low:.2%} to {one.high:.2%}"
        rate = f"{one.observed / one.searches:.2%}"
        table.add_row(f"{one.promised:.2%}", f"{one.observed} of {one.searches}", rate, interval, tail)
    common.console.print(table)
    typer.echo(f"{found.mated} searches found the subject; {found.undecided} are of people under review")


def _require_new(file: Path, replace: bool) -> None:
    if file.exists() and not replace:
        raise MalformedRequest(f"{file} is there already; remove it, or give another name", "file")


def _settings(jisr: App) -> dict[str, str]:
    """What the pairs depend on, which must not change while a walk goes on."""
    models = {f"{modality} model": model for modality, model in jisr.extractor.models.items()}
    policy = jisr.policy
    return models | {
        "JISR_FPIR_REVIEW": str(policy.fpir_review),
        "JISR_FPIR_DUPLICATE": str(policy.fpir_duplicate),
        "JISR_CANDIDATES": str(policy.candidates),
    }


def _walk(jisr: App, storage: SqlStorage, batch: int, command: BeginWalk) -> Walk:
    """Walk to the end, with progress shown. storage: keeps what is found only while this is the only walk."""
    store, actor = jisr.store, common.actor()
    columns = (*Progress.get_default_columns(), MofNCompleteColumn(), Rate(), TextColumn("{task.fields[found]}"))
    walk = begin_walk(command, actor=actor, storage=storage, clock=store.clock)
    with Progress(*columns, console=common.console, speed_estimate_period=120) as progress:
        loading = progress.add_task("loading the gallery", total=None, found="")
        jisr.replica.start(storage, lambda n: progress.advance(loading, n))
        progress.remove_task(loading)
        searching = progress.add_task("searching", total=len(jisr.replica.index), completed=walk.people, found="")
        steps = walk_on(
            walk.key,
            actor=actor,
            storage=storage,
            replica=jisr.replica,
            clock=store.clock,
            policy=jisr.policy,
            batch=batch,
        )
        for walk in steps:
            found = f"{walk.pairs} pairs" + (f", {walk.cases} cases" if walk.opens_cases else "")
            progress.update(searching, total=len(jisr.replica.index), completed=walk.people, found=found)
    return walk


class Rate(ProgressColumn):
    """People per second, over the last two minutes."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:.0f}/s")

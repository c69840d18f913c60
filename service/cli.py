"""The command line: `jisr serve`, `worker`, `enrol`, `token`, `gallery`."""

import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer
import uvicorn
from pydantic import ValidationError
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, track
from rich.table import Table
from rich.text import Text
from sqlalchemy.exc import OperationalError

from matcher import MatcherError
from service import logs
from service.bootstrap import App, open_app, open_store
from service.domain.access import AccessRole
from service.domain.errors import JisrError
from service.settings import Settings
from service.storage.pairs import PairFile, PairFileUnusable
from service.usecases.access import create_token, revoke_token
from service.usecases.duplicates import find_duplicates
from service.usecases.gallery import count_outdated, extract_again, is_past
from service.usecases.pair_cases import count_raised, open_cases
from service.usecases.process import try_again

if TYPE_CHECKING:
    from service.client import Posted

app = typer.Typer(help="Biometric enrolment and deduplication for social registries.", no_args_is_help=True)
token_app = typer.Typer(help="Bearer tokens for clients and operators.", no_args_is_help=True)
gallery_app = typer.Typer(help="The searchable copy of the registry.", no_args_is_help=True)
app.add_typer(token_app, name="token")
app.add_typer(gallery_app, name="gallery")
console = Console()
logger = logging.getLogger(__name__)

GREETING = """
Jisr is ready on http://{host}:{port}   (what it can do: http://{host}:{port}/docs)
Everything is kept in {home}

To enrol a folder of captures (amina_face.jpg, amina_right_index.png …), in another terminal:
  export JISR_TOKEN=$({set_home}.venv/bin/jisr token create folder-counter --role enroller)
  .venv/bin/jisr enrol FOLDER --consent "what shows their consent" --url http://{host}:{port}
One person at a time, with curl and captures to try it on: see README.md.
"""


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="address to listen on; default JISR_HOST or 127.0.0.1")] = None,
    port: Annotated[int | None, typer.Option(help="port to listen on; default JISR_PORT or 8000")] = None,
) -> None:
    """Start the service, with its worker unless JISR_EMBEDDED_WORKER=false."""
    logs.set_up()
    settings = _settings()
    host, port = host or settings.host, port or settings.port
    with ThreadPoolExecutor(1) as pool:
        opening = pool.submit(_open)
        from service.api.app import create_app  # meanwhile: networks and web framework take a second each

        jisr = opening.result()
    _refuse_outdated(jisr)
    jisr.follower.start(jisr.store.storage)

    class Greeting(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started and settings.embedded_worker:
                jisr.worker.start()  # not before: what it warms up would keep the first requests waiting
            if self.started:
                home = settings.home.absolute()
                set_home = "" if "JISR_HOME" not in os.environ else f"JISR_HOME={home} "
                typer.echo(GREETING.format(host=host, port=port, home=home, set_home=set_home))

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # uvicorn hands the signal on once it has stopped
    try:
        Greeting(uvicorn.Config(create_app(jisr), host, port, log_config=None, access_log=False)).run()
    finally:
        jisr.worker.stop()


@app.command()
def worker() -> None:
    """Process enrolments in a process of its own; for services started with JISR_EMBEDDED_WORKER=false."""
    logs.set_up()
    jisr = _open()
    _refuse_outdated(jisr)
    jisr.follower.start(jisr.store.storage)
    jisr.worker.start()
    logger.info("worker.started")
    stopped = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stopped.set())
    stopped.wait()
    jisr.worker.stop()


@app.command()
def enrol(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="captures of any number of people")],
    token: Annotated[str, typer.Option(envvar="JISR_TOKEN", help="a token of role enroller")],
    url: Annotated[str, typer.Option(envvar="JISR_URL", help="the service")] = "http://127.0.0.1:8000",
    consent: Annotated[str | None, typer.Option(help="what shows their consent, where the JSON does not say")] = None,
    site: Annotated[str, typer.Option(help="where they were captured")] = "import",
    device: Annotated[str, typer.Option(help="what captured them")] = "folder",
    parallel: Annotated[int, typer.Option(min=1, max=16, help="people posted at a time")] = 4,
) -> None:
    """Post a folder of captures to a running service and show what became of each.

    Files are named after person and position: `amina_face.jpg` and `amina_right_index.png`, or `amina/face.jpg`.
    What else there is to say (names, sex, household, exceptions: the API's part `enrolment`) goes into `amina.json`.
    A second run repeats the first and enrols nobody twice.
    """
    import httpx

    from service.client import enrolment_of, post_people, read_folder

    people = read_folder(folder)
    if not people:
        typer.echo(f"{folder}: no file is named after a position, such as amina_face.jpg", err=True)
        raise typer.Exit(2)
    table = Table("person", "status", "number", "household", "remark")
    failed = 0
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=120) as client:
        posted = post_people(people, client, parallel, lambda one: enrolment_of(one, site, device, consent))
        for one in track(posted, "enrolling", total=len(people), console=console):
            failed += not one.accepted
            table.add_row(one.name, *_summary(one))
    console.print(table)
    if failed:
        raise typer.Exit(1)


def _summary(one: "Posted") -> tuple[str, str, str, str]:
    answer = one.answer
    if not one.accepted:
        mends = "; ".join(f"{error['field']}: {error['detail']}" for error in answer.get("errors", ()))
        return "refused", "", "", mends or str(answer.get("detail", ""))
    notes = [f"{each['position']}: {each['detail']}" for each in answer["captures"] if each["problem"]]
    if answer["case"]:
        notes.insert(0, "may be enrolled already")
    return answer["status"], answer["person_number"] or "", answer["household_id"] or "", "; ".join(notes)


@app.command()
def retry(enrolment: Annotated[UUID, typer.Argument(help="its UUID; unusable with reason processing_failed")]) -> None:
    """Process an enrolment again that was given up, once what made it fail is mended."""
    with _plain_errors():
        try_again(enrolment, storage=open_store(_settings()).storage)


@token_app.command("create")
def create(
    name: Annotated[str, typer.Argument(help="who will use it; shown in every decision made with it")],
    role: Annotated[AccessRole, typer.Option(help="what it may do")],
) -> None:
    """Make a token and print it. It is shown this once: only its hash is kept."""
    with _plain_errors():
        store = open_store(_settings())
        typer.echo(create_token(name, role, storage=store.storage, clock=store.clock))


@token_app.command("list")
def index() -> None:
    """Show who has a token."""
    with _plain_errors(), open_store(_settings()).storage.read() as uow:
        tokens = uow.tokens.all()
    table = Table("name", "role", "made", "revoked")
    for one in tokens:
        revoked = f"{one.revoked_at:%Y-%m-%d %H:%M}" if one.revoked_at else ""
        table.add_row(one.name, one.role, f"{one.created_at:%Y-%m-%d %H:%M}", revoked)
    console.print(table)


@token_app.command("revoke")
def revoke(name: Annotated[str, typer.Argument(help="the token's name")]) -> None:
    """Make a token useless at once."""
    with _plain_errors():
        store = open_store(_settings())
        revoke_token(name, storage=store.storage, clock=store.clock)


@gallery_app.command()
def status() -> None:
    """Compare the database with the last snapshot and the present networks."""
    jisr = _open()
    store, engine = jisr.store, jisr.engine
    with store.storage.read() as uow:
        last, loaded = uow.gallery.last(), jisr.follower.load(uow)
    table = Table("", "", show_header=False)
    table.add_row("changes in the database", str(last))
    table.add_row("changes in the snapshot", str(jisr.follower.applied) if loaded else "no usable snapshot")
    table.add_row("people in the snapshot", str(len(engine)))
    table.add_row("templates of other models", str(count_outdated(store.storage, engine.models)))
    for modality, model in engine.models.items():
        table.add_row(f"{modality} model", model)
    console.print(table)


@gallery_app.command()
def rebuild() -> None:
    """Extract again what other networks made, and build the snapshot from the database. Stop the service first."""
    logs.set_up()
    jisr = _open()
    store = jisr.store
    outdated = count_outdated(store.storage, jisr.engine.models)
    columns = (*Progress.get_default_columns(), MofNCompleteColumn())
    with _turn(jisr), Progress(*columns, console=console) as progress:
        extracting = progress.add_task("extracting again", total=outdated)
        extract_again(store.storage, jisr.engine, store.blobs, lambda n: progress.advance(extracting, n))
        building = progress.add_task("building the gallery", total=None)
        jisr.follower.build(store.storage, lambda n: progress.advance(building, n))
        jisr.follower.snapshot()
    typer.echo(f"{len(jisr.engine)} people are in the gallery")


@gallery_app.command()
def compact() -> None:
    """Erase what the snapshot still holds of people who left the gallery. Stop the service first.

    They are in no search from the moment they leave. What is kept of them goes by itself once more than 1,024 people
    and a quarter of those kept have left, from each part of the gallery of which a quarter is theirs; or with this.
    """
    logs.set_up()
    jisr = _open()
    _refuse_outdated(jisr)
    with _plain_errors(), _turn(jisr):
        with console.status("loading the gallery"):
            jisr.follower.start(jisr.store.storage)
        before = _bytes_in(jisr.store.settings.home / "gallery")
        with console.status("compacting"):
            jisr.follower.compact()
    after = _bytes_in(jisr.store.settings.home / "gallery")
    typer.echo(f"{len(jisr.engine)} people are in the gallery; the snapshot went from {before:,} to {after:,} bytes")


def _bytes_in(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


@gallery_app.command()
def duplicates(
    file: Annotated[Path, typer.Argument(dir_okay=False, help="what to write, .csv or .parquet; one row a pair")],
    batch: Annotated[int, typer.Option(min=1, help="people searched at a time")] = 256,
    cases: Annotated[bool, typer.Option("--cases", help="open a case for each pair that none is about yet")] = False,
    restart: Annotated[bool, typer.Option("--restart", help="begin anew, in place of what the file holds")] = False,
) -> None:
    """Search everybody enrolled against everybody else, and write down who may be there twice.

    The thresholds are those of a single search. A run that was stopped goes on where it was: until the end the rows are
    in FILE.rows, and FILE.progress says how far it got.
    """
    jisr = _open()
    _refuse_outdated(jisr)
    storage, clock, rules = jisr.store.storage, jisr.store.clock, jisr.rules
    settings = {
        "models": jisr.engine.models,
        "JISR_FPIR_REVIEW": rules.fpir_review,
        "JISR_FPIR_DUPLICATE": rules.fpir_duplicate,
        "JISR_CANDIDATES": rules.candidates,
        "--cases": cases,
    }
    columns = (*Progress.get_default_columns(), MofNCompleteColumn(), Rate(), TextColumn("{task.fields[found]}"))
    with (
        _plain_errors(),
        PairFile(file, settings, is_past=partial(is_past, storage=storage), now=clock.now(), restart=restart) as pairs,
        Progress(*columns, console=console, speed_estimate_period=120) as progress,
    ):
        loading = progress.add_task("loading the gallery", total=None, found="")
        jisr.follower.start(storage, lambda n: progress.advance(loading, n))
        progress.remove_task(loading)
        searching = progress.add_task("searching", total=len(jisr.engine), completed=pairs.people, found="")
        opened = count_raised(pairs.begun, storage=storage) if cases else 0
        for step in find_duplicates(
            storage=storage,
            engine=jisr.engine,
            follower=jisr.follower,
            rules=rules,
            batch=batch,
            after=pairs.after,
            named=pairs.named(),
        ):
            if cases:  # before the step counts as done: repeated, it opens nothing twice
                opened += open_cases(step, storage=storage, clock=clock)
            pairs.add(step)
            found = f"{pairs.pairs} pairs" + (f", {opened} cases" if cases else "")
            progress.update(searching, total=len(jisr.engine), advance=step.people, found=found)
        pairs.finish()
    outcome = f"{pairs.people} people searched; {pairs.pairs} pairs in {file}"
    typer.echo(f"{outcome}; {opened} cases opened" if cases else outcome)


class Rate(ProgressColumn):
    """People a second, as of late."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:.0f}/s")


def _settings() -> Settings:
    try:
        return Settings()
    except ValidationError as error:
        for one in error.errors():
            name = "".join(f"JISR_{part}: ".upper() for part in one["loc"])
            typer.echo(f"{name}{one['msg'].removeprefix('Value error, ')}", err=True)
        raise typer.Exit(2) from None


def _open() -> App:
    """The whole service. What keeps it from starting is said in a sentence, by name."""
    with _plain_errors():
        return open_app(_settings())


@contextmanager
def _turn(jisr: App) -> Iterator[None]:
    """Be the only one who writes snapshots, or leave: a running service would write its own in place of ours."""
    with jisr.turn() as given:
        if not given:
            typer.echo("a service or worker is running on this registry; stop it first", err=True)
            raise typer.Exit(1)
        yield


def _refuse_outdated(jisr: App) -> None:
    count = count_outdated(jisr.store.storage, jisr.engine.models)
    if count:
        typer.echo(f"{count} templates were made by other models; run `jisr gallery rebuild` first", err=True)
        raise typer.Exit(3)


@contextmanager
def _plain_errors() -> Iterator[None]:
    """Errors of ours as one sentence, not as a traceback."""
    try:
        yield
    except (JisrError, MatcherError, PairFileUnusable) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    except OperationalError as error:
        typer.echo(f"the database does not answer: {str(error.orig).splitlines()[0]}", err=True)
        raise typer.Exit(1) from None

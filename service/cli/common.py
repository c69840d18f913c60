"""What commands share: opening the service, and errors as one sentence."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer
from pydantic import ValidationError
from rich.console import Console

from matcher import MatcherError
from service.bootstrap import App, Store, open_app, open_store
from service.enrolment.usecases.extract_again import count_outdated
from service.kit.actor import Actor, command_line_actor
from service.kit.errors import JisrError, TurnLost
from service.kit.turns import Lock, Turn
from service.settings import Settings

console = Console()


def settings() -> Settings:
    """The settings. A value that is not allowed is named, and the command ends."""
    try:
        return Settings()
    except ValidationError as error:
        for one in error.errors():
            name = "".join(f"JISR_{part}: ".upper() for part in one["loc"])
            typer.echo(f"{name}{one['msg'].removeprefix('Value error, ')}", err=True)
        raise typer.Exit(2) from None


def store() -> Store:
    with plain_errors():
        return open_store(settings())


def whole() -> App:
    """The whole service. What keeps it from starting is reported in a sentence, by name."""
    with plain_errors():
        return open_app(settings())


def actor() -> Actor:
    return command_line_actor()


def refuse_outdated(jisr: App) -> None:
    """End the command where templates were made by other networks than these."""
    count = count_outdated(jisr.extractor.models, actor=actor(), storage=jisr.store.storage)
    if count:
        typer.echo(f"{count} templates were made by other models; run `jisr gallery rebuild` first", err=True)
        raise typer.Exit(3)


def place(site: str | None, area: str | None) -> str:
    """What a token or an operator is bound to, for a table."""
    return site or (f"area {area}" if area else "")


@contextmanager
def worker_lock(jisr: App) -> Iterator[Turn]:
    """Be the only one who writes snapshots, or end: a running service would write its own in place of ours."""
    with jisr.store.lock(Lock.WORKER) as turn:
        if turn is None:
            typer.echo("a service or worker is running on this registry; stop it first", err=True)
            raise typer.Exit(1)
        yield turn


@contextmanager
def plain_errors() -> Iterator[None]:
    """Errors of ours as one sentence, not as a traceback."""
    try:
        yield
    except (JisrError, MatcherError, TurnLost) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None

"""`jisr operator`."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from service.access.domain import AccessRole
from service.access.domain.identities import Identity
from service.access.usecases.operators import create_operator, disable_operator, list_operators, reset_operator
from service.cli import common
from service.kit.errors import MalformedRequest
from service.settings import Settings

app = typer.Typer(help="People who sign in with a password and an authenticator app.", no_args_is_help=True)
WIDE = 160
Named = Annotated[str, typer.Argument(help="the operator's name")]


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="whom they sign in as; shown in every decision of theirs")],
    role: Annotated[AccessRole, typer.Option(help="what they may do")],
    site: Annotated[str | None, typer.Option(help="the one site whose enrolments they see")] = None,
    area: Annotated[str | None, typer.Option(help="in place of a site, all that lie in this area")] = None,
    oidc_subject: Annotated[str | None, typer.Option(help="`sub` by which JISR_OIDC_ISSUER knows them")] = None,
) -> None:
    """Invite an operator, and print the one-time code by which they choose a password within 24 hours."""
    with common.plain_errors():
        store = common.store()
        identity = None if oidc_subject is None else _identity(store.settings, oidc_subject)
        code = create_operator(
            name,
            role,
            site,
            actor=common.actor(),
            storage=store.storage,
            clock=store.clock,
            identity=identity,
            area=area,
        )
        typer.echo(code)


def _identity(settings: Settings, subject: str) -> Identity:
    if not settings.oidc_issuer:
        raise MalformedRequest("--oidc-subject needs JISR_OIDC_ISSUER", "oidc_subject")
    return Identity(settings.oidc_issuer, subject, None, frozenset())


@app.command("list")
def index() -> None:
    """Show who may sign in."""
    with common.plain_errors():
        operators = list_operators(actor=common.actor(), storage=common.store().storage)
    table = Table("name", "role", "site", "invited", "state", "issuer's subject")
    for one in operators:
        invited, place = f"{one.created_at:%Y-%m-%d %H:%M}", common.place(one.site, one.area)
        table.add_row(one.name, one.role, place, invited, one.state, one.oidc_subject or "")
    console = common.console if common.console.is_terminal else Console(width=WIDE)
    console.print(table)


@app.command()
def reset(
    name: Named,
    forget_identity: Annotated[
        bool, typer.Option("--forget-identity", help="who the issuer knows them as counts no more either")
    ] = False,
) -> None:
    """Print a new one-time code, for who lost password or authenticator app. What they had counts no more."""
    with common.plain_errors():
        store = common.store()
        code = reset_operator(
            name, actor=common.actor(), storage=store.storage, clock=store.clock, forget_identity=forget_identity
        )
        typer.echo(code)


@app.command()
def disable(name: Named) -> None:
    """End an operator's sessions, and let them sign in no more."""
    with common.plain_errors():
        store = common.store()
        disable_operator(name, actor=common.actor(), storage=store.storage, clock=store.clock)

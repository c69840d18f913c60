"""`jisr token`."""

from typing import Annotated

import typer
from rich.table import Table

from service.access.domain import AccessRole
from service.access.usecases.tokens import Bounds, create_token, list_tokens, revoke_token
from service.cli import common

app = typer.Typer(help="Bearer tokens for clients and operators.", no_args_is_help=True)


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="who will use it; shown in every decision made with it")],
    role: Annotated[AccessRole, typer.Option(help="what it may do")],
    site: Annotated[str | None, typer.Option(help="the one site whose enrolments it makes and sees")] = None,
    device: Annotated[str | None, typer.Option(help="the one device that an enroller enrols with")] = None,
) -> None:
    """Make a token and print it. It is shown this once: only its hash is kept."""
    with common.plain_errors():
        store = common.store()
        bounds = Bounds(site, device)
        secret = create_token(name, role, actor=common.actor(), storage=store.storage, clock=store.clock, bounds=bounds)
        typer.echo(secret)


@app.command("list")
def index() -> None:
    """Show who has a token."""
    with common.plain_errors():
        tokens = list_tokens(actor=common.actor(), storage=common.store().storage)
    table = Table("name", "role", "site", "device", "made", "revoked")
    for one in tokens:
        revoked = f"{one.revoked_at:%Y-%m-%d %H:%M}" if one.revoked_at else ""
        table.add_row(one.name, one.role, one.site or "", one.device or "", f"{one.created_at:%Y-%m-%d %H:%M}", revoked)
    common.console.print(table)


@app.command()
def revoke(name: Annotated[str, typer.Argument(help="the token's name")]) -> None:
    """Make a token useless at once."""
    with common.plain_errors():
        store = common.store()
        revoke_token(name, actor=common.actor(), storage=store.storage, clock=store.clock)

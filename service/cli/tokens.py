"""`jisr token`."""

from datetime import datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from service.access.domain import AccessRole, Token
from service.access.domain.tokens import TokenState
from service.access.usecases.tokens import Bounds, create_token, list_tokens, revoke_token, rotate_token
from service.cli import common
from service.cli.spans import span, span_until

app = typer.Typer(help="Bearer tokens for clients and operators.", no_args_is_help=True)
WIDE = 200
"""Columns of a table that is written into a file or a pipe."""
Overlap = Annotated[str, typer.Option(help="how long the secret before still works, at most 30d; 0m: not at all")]
Expires = Annotated[str, typer.Option(help="when it ends: a span such as 90d or 24h, a date in UTC, or never")]


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="who will use it; shown in every decision made with it")],
    role: Annotated[AccessRole, typer.Option(help="what it may do")],
    site: Annotated[str | None, typer.Option(help="the one site whose enrolments it makes and sees")] = None,
    device: Annotated[str | None, typer.Option(help="the one device that an enroller enrols with")] = None,
    expires: Expires = "365d",
    *,
    area: Annotated[str | None, typer.Option(help="in place of a site, all that lie in this area")] = None,
) -> None:
    """Make a token and print it. It is shown this once: only its hash is kept."""
    with common.plain_errors():
        store = common.store()
        bounds = Bounds(site, device, span_until(expires, store.clock.now()), area)
        secret = create_token(name, role, actor=common.actor(), storage=store.storage, clock=store.clock, bounds=bounds)
        typer.echo(secret)


@app.command("list")
def index() -> None:
    """Show who has a token, where and until when it may be used, and when it was used last."""
    with common.plain_errors():
        store = common.store()
        tokens, now = list_tokens(actor=common.actor(), storage=store.storage), store.clock.now()
    table = Table("name", "role", "site", "device", "made", "expires", "last used", "state")
    for one in tokens:
        expires = _moment(one.expires_at) if one.expires_at else "never"
        bounds = (common.place(one.site, one.area), one.device or "")
        used = _moment(one.last_used_at)
        table.add_row(one.name, one.role, *bounds, _moment(one.created_at), expires, used, _state(one, now))
    console = common.console if common.console.is_terminal else Console(width=WIDE)
    console.print(table)


@app.command()
def rotate(
    name: Annotated[str, typer.Argument(help="the token's name")],
    overlap: Overlap = "24h",
    expires: Expires = "365d",
) -> None:
    """Give a token a new secret and print it. Name, role, site and device stay."""
    with common.plain_errors():
        store = common.store()
        lifetime = span_until(expires, store.clock.now())
        secret = rotate_token(
            name, span(overlap), actor=common.actor(), storage=store.storage, clock=store.clock, lifetime=lifetime
        )
        typer.echo(secret)


@app.command()
def revoke(name: Annotated[str, typer.Argument(help="the token's name")]) -> None:
    """Make a token useless at once."""
    with common.plain_errors():
        store = common.store()
        revoke_token(name, actor=common.actor(), storage=store.storage, clock=store.clock)


def _moment(at: datetime | None) -> str:
    return "" if at is None else f"{at:%Y-%m-%d %H:%M}"


def _state(one: Token, now: datetime) -> str:
    """With when it was revoked, or how long the secret before still works."""
    state = one.state(now)
    if state is TokenState.REVOKED:
        return f"{state} {_moment(one.revoked_at)}"
    if state is TokenState.ACTIVE and one.previous_until is not None and now < one.previous_until:
        return f"{state}, secret before until {_moment(one.previous_until)}"
    return state

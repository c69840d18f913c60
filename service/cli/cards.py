"""`jisr card`: household cards."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from service.api.paper.card import household_card
from service.api.paper.language import Language, Paper
from service.audit.storage.files import PUBLIC_KEY
from service.cli import common
from service.cli.files import write_new
from service.kit.ids import new_uuid
from service.registry.domain.card_payload import checked_key, key_id_of, read_payload
from service.registry.domain.cards import CardReason
from service.registry.domain.revoked_cards import RevokedCards, read_revoked
from service.registry.usecases.cards import IssueCard, issue_card, list_cards, read_card, revoke_card, revoked_serials

app = typer.Typer(help="Household cards: what families carry.", no_args_is_help=True)
Household = Annotated[str, typer.Argument(help="a household ID, or the UUID a client gave the household")]
Serial = Annotated[str, typer.Argument(help="of the card, as printed on it")]


@app.command()
def issue(
    household: Household,
    reason: Annotated[CardReason, typer.Option(help="why; any but `first` makes the cards from before useless")],
) -> None:
    """Make a card in the name of the head of household, and print its serial."""
    store = common.store()
    with common.plain_errors():
        view = issue_card(
            IssueCard(new_uuid(), household, reason),
            actor=common.actor(),
            storage=store.storage,
            clock=store.clock,
            signer=store.card_signer,
        )
    typer.echo(view.card.serial)


@app.command("list")
def index(household: Household) -> None:
    """Show the cards of a household."""
    with common.plain_errors():
        found = list_cards(household, actor=common.actor(), storage=common.store().storage)
    table = Table("card", "household", "issued", "by", "reason", "revoked")
    for view in found:
        one = view.card
        revoked = "" if one.revoked_at is None else f"{one.revoked_at:%Y-%m-%d %H:%M}"
        table.add_row(one.serial, view.household_id, str(one.issued_on), one.issued_by, one.reason, revoked)
    common.console.print(table)


@app.command("print")
def print_card(
    serial: Serial,
    file: Annotated[Path, typer.Argument(help="PDF to write", dir_okay=False)],
    language: Annotated[Language, typer.Option(help="of the words")] = Language.FRENCH,
    paper: Annotated[Paper, typer.Option(help="`card`: 85.6 by 54 mm; `a4`: a sheet to cut it out of")] = Paper.CARD,
) -> None:
    """Write a card as a PDF. The same card has the same bytes."""
    with common.plain_errors():
        view = read_card(serial, actor=common.actor(), storage=common.store().storage)
    write_new(file, household_card(view.card, view.household_id, language, paper))


@app.command()
def revoke(serial: Serial) -> None:
    """Have a card count no more, without another in its place."""
    store = common.store()
    with common.plain_errors():
        revoke_card(serial, actor=common.actor(), storage=store.storage, clock=store.clock)


@app.command()
def revoked(file: Annotated[Path, typer.Argument(help="list to write, for counters without network")]) -> None:
    """Write the signed list of the cards that count no more."""
    store = common.store()
    with common.plain_errors():
        signer = store.card_signer
        made = RevokedCards(store.clock.now(), tuple(revoked_serials(actor=common.actor(), storage=store.storage)))
    write_new(file, made.written(signer.sign(made.statement()), signer.public_key).encode())
    typer.echo(f"{len(made.serials)} cards")


@app.command()
def verify(
    payload: Annotated[str, typer.Argument(help="the text of the QR code, as a scanner reads it")],
    key: Annotated[
        list[Path] | None,
        typer.Option(help="file of a public key; by default this registry's, cards/signing.pub of JISR_HOME"),
    ] = None,
    revoked: Annotated[Path | None, typer.Option(help="list of `jisr card revoked`")] = None,
) -> None:
    """Tell whether a card is genuine. Needs neither network nor database, only the public key."""
    files = key or [common.settings().home / "cards" / PUBLIC_KEY]
    with common.plain_errors():
        keys = [checked_key(_read(one)) for one in files]
        facts = read_payload(payload, keys)
        listed = None if revoked is None else read_revoked(_read(revoked), keys)
    if listed is not None and facts.serial in listed.serials:
        typer.echo(f"card {facts.serial} counts no more (list of {listed.at:%Y-%m-%d})", err=True)
        raise typer.Exit(1)
    table = Table(show_header=False)
    table.add_row("household", facts.household_id)
    table.add_row("head", facts.name)
    table.add_row("card", f"{facts.serial}, issued on {facts.issued_on}")
    table.add_row("key", facts.key_id)
    common.console.print(table)
    if listed is None:
        typer.echo("genuine; whether it was revoked, only `--revoked` or the service can tell")
    else:
        typer.echo(f"genuine, and not revoked by {listed.at:%Y-%m-%d %H:%M} UTC")


@app.command("key")
def public_key() -> None:
    """Print the public key by which counters verify cards, and its ID."""
    with common.plain_errors():
        found = common.store().card_signer.public_key
    typer.echo(f"{found} {key_id_of(found)}")


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        typer.echo(f"{file} cannot be read: {type(error).__name__}", err=True)
        raise typer.Exit(1) from None

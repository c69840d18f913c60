"""`jisr person` and `jisr household`: what the registry holds of them, now and over time."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Annotated
from uuid import UUID

import typer
from pydantic import BaseModel
from rich.table import Table

from service.api.households import DifferenceOut, HouseholdOut, MemberChangeOut
from service.api.people import PersonOut
from service.api.shapes import NameShape
from service.api.timelines import TimelineEntryOut
from service.cli import common
from service.registry.usecases.histories import (
    TimelineEntry,
    TimelineQuery,
    compare_days,
    household_timeline,
    person_timeline,
    read_household_then,
)
from service.registry.usecases.look_up import read_household, read_person

person = typer.Typer(help="People: what the registry holds of one, now and over time.", no_args_is_help=True)
household = typer.Typer(help="Households: who lives in one, now and over time.", no_args_is_help=True)
PAGE = 200
DAY = ["%Y-%m-%d"]
Number = Annotated[str, typer.Argument(help="a person number, also one of before a merge")]
HouseholdName = Annotated[str, typer.Argument(help="a household ID, also one of before a merge, or a client's UUID")]
Json = Annotated[bool, typer.Option("--json", help="print what the service would answer")]


@person.command("show")
def show_person(number: Number, json: Json = False) -> None:
    """Show a person as they stand today."""
    with common.plain_errors():
        one = PersonOut.of(read_person(number, actor=common.actor(), storage=common.store().storage))
    if json:
        typer.echo(as_json(one))
        return
    born = one.birth_date or one.birth_year or ""
    aliases = ", ".join(one.aliases)
    home = f"{one.household_id} ({one.household_role})" if one.household_id else ""
    _card(
        {
            "number": one.number or "",
            "former numbers": aliases,
            "name": people_names(one.names),
            "sex": one.sex,
            "born": f"{born}{' (estimated)' if one.birth_estimated else ''}",
            "status": one.status,
            "household": home,
        }
    )


@person.command("timeline")
def show_person_timeline(number: Number, json: Json = False) -> None:
    """Show what changed about a person, under every number they had, in the order in which it was recorded."""
    storage, actor = common.store().storage, common.actor()
    _timeline(lambda after: person_timeline(TimelineQuery(number, after, PAGE), actor=actor, storage=storage), json)


@household.command("show")
def show_household(
    name: HouseholdName,
    as_of: Annotated[datetime | None, typer.Option(formats=DAY, help="who lived there on this day")] = None,
    known_at: Annotated[datetime | None, typer.Option(help="as was known at this instant, in UTC")] = None,
    json: Json = False,
) -> None:
    """Show a household: who lives there, who its payees are, and what waits for somebody to see to."""
    storage, actor = common.store().storage, common.actor()
    with common.plain_errors():
        if as_of is None and known_at is None:
            one = HouseholdOut.of(read_household(name, actor=actor, storage=storage))
        else:
            instant = None if known_at is None else known_at.replace(tzinfo=UTC)
            one = HouseholdOut.then(read_household_then(name, _day(as_of), instant, actor=actor, storage=storage))
    if json:
        typer.echo(as_json(one))
        return
    ranks = {payee.number: payee.rank for payee in one.payees}
    table = Table("number", "name", "role", "since", "until", "payee", title=f"{one.id or one.client_id}, {one.status}")
    for member in one.members:
        role = member.role if member.resides else f"{member.role}, lives elsewhere"
        days = (str(member.since), str(member.until or ""))
        table.add_row(member.number or "", people_names(member.names), role, *days, ranks.get(member.number, ""))
    common.console.print(table)
    for task in one.tasks:
        typer.echo(f"{task.kind} since {task.opened_at:%Y-%m-%d}: {task.id}")


@household.command("timeline")
def show_household_timeline(name: HouseholdName, json: Json = False) -> None:
    """Show what changed in a household, and in those whose IDs lead to it by now, in the order it was recorded."""
    storage, actor = common.store().storage, common.actor()
    _timeline(lambda after: household_timeline(TimelineQuery(name, after, PAGE), actor=actor, storage=storage), json)


@household.command("difference")
def show_difference(
    name: HouseholdName,
    first: Annotated[datetime, typer.Argument(formats=DAY, help="the earlier day")],
    last: Annotated[datetime, typer.Argument(formats=DAY, help="the later day")],
    json: Json = False,
) -> None:
    """Show who came, who left and whose role changed between two days."""
    with common.plain_errors():
        found = compare_days(name, first.date(), last.date(), actor=common.actor(), storage=common.store().storage)
    one = DifferenceOut.of(found, first.date(), last.date())
    if json:
        typer.echo(as_json(one))
        return
    table = Table("", "number", "name", "role before", "role after")
    for word, some in (("came", one.joined), ("left", one.left), ("changed", one.changed)):
        for member in some:
            table.add_row(word, *_changed(member))
    common.console.print(table)


def people_names(names: Iterable[NameShape]) -> str:
    return " · ".join(one.full for one in names)


def as_json(one: BaseModel) -> str:
    return one.model_dump_json(indent=2)


def _changed(one: MemberChangeOut) -> tuple[str, str, str, str]:
    return one.number or "", people_names(one.names), one.role_before or "", one.role_after or ""


def _day(one: datetime | None) -> date | None:
    return None if one is None else one.date()


def _card(rows: dict[str, str]) -> None:
    table = Table(show_header=False)
    for what, text in rows.items():
        table.add_row(what, text)
    common.console.print(table)


def _timeline(page: Callable[[UUID | None], Sequence[TimelineEntry]], json: bool) -> None:
    """Page by page; as JSON, an object per line."""
    after, count = None, 0
    while True:
        with common.plain_errors():
            entries = page(after)
        shown = [TimelineEntryOut.of(one) for one in entries]
        if json:
            for one in shown:
                typer.echo(one.model_dump_json())
        elif shown:
            common.console.print(_table(shown))
        count += len(shown)
        if len(shown) < PAGE:
            break
        after = shown[-1].id
    if not json:
        typer.echo(f"{count} changes")


def _table(entries: Sequence[TimelineEntryOut]) -> Table:
    table = Table("recorded", "from", "change", "by", "households", "people", "ID")
    for one in entries:
        kind = f"{one.kind} (taken back)" if one.undone else one.kind
        homes, people = "\n".join(one.households), "\n".join(one.numbers)
        recorded = f"{one.recorded_at:%Y-%m-%d %H:%M}"
        table.add_row(recorded, str(one.effective), kind, one.by, homes, people, str(one.id))
    return table

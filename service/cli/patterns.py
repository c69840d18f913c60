"""`jisr patterns`: what no single search can see."""

import json
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.table import Table

from service.cli import common
from service.kit import logs
from service.kit.turns import Lock
from service.oversight.domain.findings import Finding
from service.oversight.usecases.find_patterns import find_patterns


def patterns(
    since: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], help="first day to look at, in UTC; by default 30 days for prints, 90 for cases"
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print the outcome as JSON too, as the last line")] = False,
) -> None:
    """Look for patterns over many enrolments, and show the findings that no one has closed.

    poor_prints_burst: a device or sender with far more poor prints on one day than the registry has.
    exceptions_with_matching_face: fingers declared missing while the face matches somebody who has them.
    sender_in_enrolments: one sender's unrelated enrolments resemble the same person, perhaps the sender.
    new_fingers_for_a_face: one face comes with ever new fingers.
    resolution_drift: a scanner's ridges do not fit its resolution.

    The service does this by itself every night. A finding accuses no one: it names devices, senders and enrolments to
    look into, and marks their open cases. An honest registry sees about one per month by chance. Given again, the
    command changes nothing unless there is something new. Findings are closed with POST /v1/findings/ID/close.
    """
    logs.set_up("WARNING")
    with common.plain_errors():
        store = common.store()
        with store.lock(Lock.PATTERNS) as turn:
            if turn is None:
                typer.echo("another process is looking for patterns; try again when it has ended", err=True)
                raise typer.Exit(1)
            start = None if since is None else since.replace(tzinfo=UTC)
            storage = store.storage.in_turn(turn)
            report = find_patterns(since=start, actor=common.actor(), storage=storage, clock=store.clock)
    new = {one.id for one in report.new}
    table = Table("", "pattern", "about", "scope", "count", "of", "expected", "since")
    for one in report.open_now:
        table.add_row("new" if one.id in new else "", *_cells(one))
    if report.open_now:
        common.console.print(table)
    typer.echo(f"{len(new)} new findings, {len(report.open_now)} open; {report.marked} cases marked")
    if as_json:
        counts = {"new": len(new), "ended": len(report.ended), "marked": report.marked}
        typer.echo(json.dumps({**counts, "open": [_as_json(one) for one in report.open_now]}))


def _cells(one: Finding) -> tuple[str, ...]:
    about = " ".join(filter(None, (one.kind.value, one.site, one.name)))
    numbers = (str(one.count), str(one.of), f"{one.expected:g}")
    return (one.pattern.value, about, one.scope, *numbers, f"{one.since:%Y-%m-%d}")


def _as_json(one: Finding) -> dict[str, Any]:
    return {
        "id": str(one.id),
        "pattern": one.pattern.value,
        "kind": one.kind.value,
        "name": one.name,
        "site": one.site or None,
        "scope": one.scope or None,
        "count": one.count,
        "of": one.of,
        "expected": one.expected,
        "since": one.since.isoformat(),
        "until": one.until.isoformat(),
        "measured": one.measured,
        "usual": one.usual,
        "enrolments": [str(each) for each in one.enrolments],
    }

"""Spans of time as commands are given them: `90d`, `24h`, `30m`; and ends, also as a date or `never`."""

import re
from datetime import UTC, date, datetime, time, timedelta

import typer

UNITS = {"d": "days", "h": "hours", "m": "minutes"}


def span(text: str) -> timedelta:
    """Raises BadParameter."""
    found = re.fullmatch(r"(\d{1,6})([dhm])", text)
    if found is None:
        raise typer.BadParameter(f"{text!r} is no span of time, such as 90d, 24h or 30m")
    return timedelta(**{UNITS[found[2]]: int(found[1])})


def span_until(text: str, now: datetime) -> timedelta | None:
    """How long it is until what `text` names; None for never. A date ends at midnight in UTC. Raises BadParameter."""
    if text == "never":
        return None
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        try:
            day = date.fromisoformat(text)
        except ValueError:
            raise typer.BadParameter(f"{text!r} is no date") from None
        return datetime.combine(day, time.max, UTC) - now
    return span(text)

"""Recording changes: each writes versions and supersedes others, and alters nothing else."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import TypeVar

from service.kit.actor import Actor
from service.kit.ids import new_uuid
from service.registry.domain.changes import Change, ChangeKind, Version
from service.registry.ports import RegistryUnit

V = TypeVar("V", bound=Version)
AHEAD = timedelta(days=1)
"""A counter's day may have begun before the server's, which is of UTC."""


def day_of(at: datetime, now: datetime) -> date:
    """The day of an event that a client dates, no later than tomorrow, whatever its clock says."""
    return min(at.date(), (now + AHEAD).date())


def new_change(kind: ChangeKind, effective: date, now: datetime, actor: Actor) -> Change:
    """What follows from another act, by its actor."""
    return Change(new_uuid(), kind, effective, now, actor.id, actor.role, actor.place)


def begin(uow: RegistryUnit, changes: Sequence[Change]) -> None:
    """Record changes, so that they have keys. The order of keys is that of `recorded_at`: a clock may be set back.

    To be called under the lock of the change feed, so that no other transaction numbers changes meanwhile.
    """
    last = uow.history.last_recorded()
    for one in changes:
        if last is not None:
            one.recorded_at = max(one.recorded_at, last)
    uow.history.add(*changes)
    uow.flush()


def end(uow: RegistryUnit, versions: Iterable[V], on: date, change: Change) -> Sequence[V]:
    """Have versions end on a day, by a change; what they are now."""
    ended = list(versions)
    uow.history.supersede(ended, change.key)
    after = [one.ended(on, change.key) for one in ended]
    uow.history.write(*after)
    return after

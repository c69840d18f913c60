"""Failed sign-ins and refused requests: noted, and bounded, so that a flood of them fills no disk."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Lock

from service.audit.domain.actions import Action
from service.audit.ports import AuditUnit
from service.kit.actor import Actor
from service.kit.addresses import network, wide_network
from service.kit.clock import Clock
from service.kit.unit import Storage

MOST = 200
"""Callers of each kind told apart in one minute; beyond, see `_ways_to_tell`."""
OTHERS = "others"
STRANGER = "unknown"


@dataclass(frozen=True, slots=True)
class _Caller:
    """kind: strangers and those who signed in are told apart up to MOST each, so that neither hide the others."""

    kind: str
    minute: datetime
    action: Action
    actor: str
    address: str | None


@dataclass(slots=True)
class _Count:
    """begun: whether the first is noted, or being noted."""

    actor: Actor
    count: int = 0
    begun: bool = False


class Refusals:
    """Notes the first refusal of a caller in a minute at once, and how many there were once the minute is over.

    So there are two entries per caller and minute at most, and a bounded number of callers are told apart. A crash
    loses the count of the minute, never the first.
    Safe to share between threads.
    """

    def __init__(self, storage: Storage[AuditUnit], clock: Clock) -> None:
        self._storage, self._clock = storage, clock
        self._guard = Lock()
        self._counts: dict[_Caller, _Count] = {}

    def count(self, action: Action, actor: Actor) -> None:
        """Raises StorageUnavailable where the first of a minute cannot be kept; the next is the first then."""
        self.flush()
        with self._guard:
            caller = self._told_apart(action, actor, self._minute())
            actor = replace(actor, id=caller.actor)
            counted = self._counts.setdefault(caller, _Count(actor))
            counted.actor, counted.count = actor, counted.count + 1
            first, counted.begun = not counted.begun, True
        if first:
            try:
                self._note([(caller, actor, 1)])
            except Exception:
                self._put_back(caller, _Count(actor, -1), begun=False)
                raise

    def _told_apart(self, action: Action, actor: Actor, minute: datetime) -> _Caller:
        for kind, name, address in _ways_to_tell(actor):
            caller = _Caller(kind, minute, action, name, address)
            if caller in self._counts or sum(one.kind == kind for one in self._counts) < MOST:
                return caller
        return _Caller(OTHERS, minute, action, OTHERS, None)

    def flush(self, *, all_of_them: bool = False) -> None:
        """Note the counts of minutes that are over; all_of_them: also of this one, for the service ends.

        What cannot be noted is kept for the next time.
        """
        minute = self._minute()
        with self._guard:
            over = [one for one in self._counts if all_of_them or one.minute != minute]
            ended = {one: self._counts.pop(one) for one in over}
        try:
            self._note([(one, each.actor, each.count) for one, each in ended.items() if each.count > each.begun])
        except Exception:
            for one, each in ended.items():
                self._put_back(one, each, begun=each.begun)
            raise

    def _put_back(self, caller: _Caller, some: _Count, *, begun: bool) -> None:
        """Add to what was counted meanwhile. begun: whether the first of the minute is noted."""
        with self._guard:
            counted = self._counts.setdefault(caller, _Count(some.actor))
            counted.count, counted.begun = counted.count + some.count, begun
            if counted.count <= 0:
                del self._counts[caller]

    def _minute(self) -> datetime:
        return self._clock.now().replace(second=0, microsecond=0)

    def _note(self, some: Sequence[tuple[_Caller, Actor, int]]) -> None:
        if not some:
            return
        with self._storage.read() as uow:
            for caller, actor, count in some:
                details = {"count": count, "minute": caller.minute}
                uow.audit.note(replace(actor, address=caller.address), caller.action, details=details)


def _ways_to_tell(actor: Actor) -> Iterator[tuple[str, str, str | None]]:
    """Kind, name and address that a caller is counted as; the next once there are too many of a kind.

    A stranger with many addresses, of one provider or of a few, ends up as few networks; who signed in and comes from
    many places, as one name.
    """
    address = actor.address or ""
    if actor.id == STRANGER:
        yield "stranger", actor.id, network(address) or None
        yield "strangers of a network", actor.id, wide_network(address) or None
    else:
        yield "known", actor.id, network(address) or None
        yield "known from anywhere", actor.id, None

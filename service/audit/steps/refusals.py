"""Failed sign-ins and refused requests: noted, and bounded, so that a flood of them fills no disk."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from ipaddress import IPv6Address, ip_address, ip_network
from threading import Lock

from service.audit.domain.actions import Action
from service.audit.ports import AuditUnit
from service.kit.actor import Actor
from service.kit.clock import Clock
from service.kit.unit import Storage

MOST = 200
"""Callers told apart in one minute; those who come after them are counted together, as `others`."""
IPV6_BITS = 64
"""Of an IPv6 address: one customer has as many addresses as they like below it (RFC 6177)."""
OTHERS = "others"


@dataclass(frozen=True, slots=True)
class _Caller:
    minute: datetime
    action: Action
    actor: str
    address: str | None


class Refusals:
    """Notes the first refusal of a caller in a minute at once, and how many there were once the minute is over.

    So there are two entries per caller and minute at most. A crash loses the count of the minute, never the first.
    Safe to share between threads.
    """

    def __init__(self, storage: Storage[AuditUnit], clock: Clock) -> None:
        self._storage, self._clock = storage, clock
        self._guard = Lock()
        self._counts: Counter[_Caller] = Counter()
        self._last: dict[_Caller, Actor] = {}

    def count(self, action: Action, actor: Actor) -> None:
        """Raises StorageUnavailable where the first of a minute cannot be kept."""
        self.flush()
        minute = self._minute()
        caller = _Caller(minute, action, actor.id, network_of(actor.address))
        with self._guard:
            if caller not in self._counts and len(self._counts) >= MOST:
                actor = replace(actor, id=OTHERS, address=None)
                caller = _Caller(minute, action, OTHERS, None)
            self._counts[caller] += 1
            self._last[caller] = actor
            first = self._counts[caller] == 1
        if first:
            self._note([(caller, actor, 1)])

    def flush(self, *, all_of_them: bool = False) -> None:
        """Note the counts of minutes that are over; all_of_them: also of this one, for the service ends."""
        minute = self._minute()
        with self._guard:
            over = [one for one in self._counts if all_of_them or one.minute != minute]
            ended = [(one, self._last.pop(one), self._counts.pop(one)) for one in over]
        self._note([one for one in ended if one[2] > 1])

    def _minute(self) -> datetime:
        return self._clock.now().replace(second=0, microsecond=0)

    def _note(self, some: Sequence[tuple[_Caller, Actor, int]]) -> None:
        if not some:
            return
        with self._storage.read() as uow:
            for caller, actor, count in some:
                details = {"count": count, "minute": caller.minute}
                uow.audit.note(replace(actor, address=caller.address), caller.action, details=details)


def network_of(address: str | None) -> str | None:
    """An IPv4 address as it is, of an IPv6 address the network; what is neither, as it is."""
    try:
        found = ip_address(address or "")
    except ValueError:
        return address
    return str(ip_network((found, IPV6_BITS), strict=False)) if isinstance(found, IPv6Address) else str(found)

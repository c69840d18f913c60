"""Is every stored byte accounted for? Rows without bytes, bytes without a row, and bytes that have changed."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice

from service.audit.domain.actions import Action
from service.audit.ports import AuditUnit
from service.kit.actor import Actor
from service.kit.blobs import BlobRecord, Blobs, StoredName
from service.kit.clock import Clock
from service.kit.errors import BlobMissing, BlobUnreadable
from service.kit.unit import Storage, UnitOfWork

IN_PROGRESS = timedelta(hours=1)
"""Bytes are written before their row; younger ones may be of a request that is still being answered."""
PAGE = 1000


@dataclass(frozen=True, slots=True)
class StoreReport:
    """missing, damaged: names of rows whose bytes are gone, or are not those that were stored.

    unowned: names of bytes without a row, partial writes among them. recent: how many of these are too young to judge.
    """

    rows: int
    size: int
    missing: Sequence[str]
    damaged: Sequence[str]
    unowned: Sequence[str]
    recent: int

    @property
    def sound(self) -> bool:
        return not (self.missing or self.damaged or self.unowned)


def verify_store(
    *,
    actor: Actor,
    storage: Storage[AuditUnit],
    blobs: Blobs,
    clock: Clock,
    progress: Callable[[int], None] = lambda rows: None,
) -> StoreReport:
    """Read every stored byte and compare it with its row. progress: called with the rows each step checked."""
    rows = size = 0
    missing, damaged = [], []
    for row in _rows(storage):
        rows, size = rows + 1, size + row.size
        match _sound(row, blobs):
            case None:
                missing.append(row.name)
            case False:
                damaged.append(row.name)
        progress(1)
    unowned = list(_unowned(storage, blobs))
    old = [one.name for one in unowned if _is_old(one, clock)]
    with storage.read() as uow:
        counts = {"rows": rows, "missing": len(missing), "damaged": len(damaged), "unowned": len(old)}
        uow.audit.note(actor, Action.STORE_VERIFY, details=counts)
    return StoreReport(rows, size, missing, damaged, old, len(unowned) - len(old))


def delete_unowned(
    report: StoreReport, *, actor: Actor, storage: Storage[AuditUnit], blobs: Blobs, clock: Clock
) -> int:
    """Delete the bytes that a report found without a row, if they still have none and are not newer; how many.

    A request that was cut off may be sent again, and then stores the same bytes under the same name: bytes are written
    before their row, so those written within the last hour stay, whatever the report states.
    """
    with storage.read() as uow:
        owned = uow.blobs.of_names(report.unowned)
        uow.audit.note(
            actor, Action.STORE_DELETE, details={"names": [one for one in report.unowned if one not in owned]}
        )
    return sum(blobs.delete_older(name, clock.now() - IN_PROGRESS) for name in report.unowned if name not in owned)


def delete_partial(*, actor: Actor, blobs: Blobs, clock: Clock) -> int:
    """Delete what writes left behind that a crash ended, but for those of the last hour; how many."""
    partial = [one.name for one in blobs.partial() if _is_old(one, clock)]
    return sum(blobs.delete_older(name, clock.now() - IN_PROGRESS) for name in partial)


def _rows(storage: Storage[UnitOfWork]) -> Iterator[BlobRecord]:
    """All rows, in short transactions: reading every byte of a registry takes hours."""
    after = 0
    while True:
        with storage.read() as uow:
            page = uow.blobs.page(after, PAGE)
        if not page:
            return
        yield from page
        after = page[-1].key


def _unowned(storage: Storage[UnitOfWork], blobs: Blobs) -> Iterator[StoredName]:
    """Names first, then their rows: what is stored meanwhile has a row by then, or is young."""
    names = blobs.names()
    while some := list(islice(names, PAGE)):
        with storage.read() as uow:
            owned = uow.blobs.of_names([one.name for one in some])
        yield from (one for one in some if one.name not in owned)


def _sound(row: BlobRecord, blobs: Blobs) -> bool | None:
    """None where there are no bytes."""
    try:
        content = blobs.get(row.name)
    except BlobMissing:
        return None
    except BlobUnreadable:
        return False
    return hashlib.sha256(content).hexdigest() == row.sha256


def _is_old(one: StoredName, clock: Clock) -> bool:
    return clock.now() - one.written_at > IN_PROGRESS

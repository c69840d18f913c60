"""Is every stored byte accounted for? Rows without bytes, bytes without a row, and bytes that have changed."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from service.kit.actor import Actor
from service.kit.blobs import BlobRecord, Blobs, StoredName
from service.kit.clock import Clock
from service.kit.unit import Storage, UnitOfWork

IN_PROGRESS = timedelta(hours=1)
"""Bytes are written before their row; younger ones may be of a request that is still being answered."""


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
    storage: Storage[UnitOfWork],
    blobs: Blobs,
    clock: Clock,
    progress: Callable[[int], None] = lambda rows: None,
) -> StoreReport:
    """Read every stored byte and compare it with its row. progress: called with the rows each step checked."""
    names = list(blobs.names())  # before the rows: what is stored meanwhile has a row without being listed
    owned: set[str] = set()
    missing, damaged, size = [], [], 0
    with storage.read() as uow:
        for row in uow.blobs.all():
            owned.add(row.name)
            size += row.size
            match _sound(row, blobs):
                case None:
                    missing.append(row.name)
                case False:
                    damaged.append(row.name)
            progress(1)
    unowned = [one for one in names if one.name not in owned]
    old = [one for one in unowned if _is_old(one, clock)]
    return StoreReport(len(owned), size, missing, damaged, [one.name for one in old], len(unowned) - len(old))


def delete_unowned(report: StoreReport, *, actor: Actor, storage: Storage[UnitOfWork], blobs: Blobs) -> int:
    """Delete the bytes that a report found without a row, if they still have none; how many."""
    with storage.read() as uow:
        owned = uow.blobs.of_names(report.unowned)
    gone = [name for name in report.unowned if name not in owned]
    for name in gone:
        blobs.delete(name)
    return len(gone)


def _sound(row: BlobRecord, blobs: Blobs) -> bool | None:
    """None where there are no bytes."""
    try:
        content = blobs.get(row.name)
    except FileNotFoundError:
        return None
    return hashlib.sha256(content).hexdigest() == row.sha256


def _is_old(one: StoredName, clock: Clock) -> bool:
    return clock.now() - one.written_at > IN_PROGRESS

"""Destroying what is kept no longer, class by class, in small transactions, each with its entry in the audit."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from service.audit.domain.actions import Action
from service.kit.actor import Actor
from service.kit.blobs import Blobs
from service.kit.clock import Clock
from service.kit.sealing import KeyClass
from service.kit.unit import Storage
from service.privacy.domain.retention import Kept, Periods
from service.privacy.ports import Cleaner, PrivacyUnit
from service.privacy.steps.forget import forget
from service.privacy.steps.scope import of_refused

logger = structlog.get_logger(__name__)
AT_ONCE = 20
"""Enrolments or findings destroyed in one transaction."""
LAST_USE = timedelta(days=1)
"""After its end, a month's key may still be used by a transaction that began before."""
Progress = Callable[[Kept, int], None]
"""Called with how many of a class each step destroyed."""


@dataclass(slots=True)
class Purged:
    """items: by class. files, keys: destroyed with them. months: classes and months whose own keys were destroyed."""

    items: dict[Kept, int] = field(default_factory=lambda: dict.fromkeys(Kept, 0))
    files: int = 0
    keys: int = 0
    months: Sequence[str] = ()


def count_due(periods: Periods, *, actor: Actor, storage: Storage[PrivacyUnit], clock: Clock) -> Mapping[Kept, int]:
    """How many of each class a purge would destroy now."""
    found = dict.fromkeys(Kept, 0)
    with storage.read() as uow:
        for kept, _, end in periods.ends(clock.now()):
            found[kept] = uow.holdings.count_due(kept, end)
    return found


def purge(
    periods: Periods,
    *,
    actor: Actor,
    storage: Storage[PrivacyUnit],
    blobs: Blobs,
    cleaner: Cleaner,
    clock: Clock,
    progress: Progress = lambda kept, count: None,
) -> Purged:
    """Destroy what is older than its period. Stopped at any moment, the next purge goes on.

    What is still due is settled in the transaction that destroys it; its bytes follow. At the end the
    database's own files are written anew, if anything was destroyed or erased since the last time.
    """
    report, now = Purged(), clock.now()
    _delete_aside(storage, blobs)
    steps = {Kept.CAPTURES: _purge_captures, Kept.REFUSED: _purge_refused, Kept.FINDINGS: _purge_findings}
    for kept, days, end in periods.ends(now):
        by = _Purging(actor, storage, blobs, clock, days, end)
        while count := steps[kept](by, report):
            report.items[kept] += count
            progress(kept, count)
    with storage.write() as uow:
        report.months = uow.keys.destroy_spent((now - LAST_USE).strftime("%Y-%m"))
        items = {kept.value: count for kept, count in report.items.items()}
        uow.audit.note(actor, Action.DATA_PURGE, details={"purged": items, "keys_of_months": report.months})
        uow.commit()
    _rewrite(storage, cleaner)
    logger.info("data.purged", files=report.files, keys=report.keys, **items)
    return report


def _rewrite(storage: Storage[PrivacyUnit], cleaner: Cleaner) -> None:
    """What others still read is left for the next purge."""
    with storage.read() as uow:
        wanted = uow.erasures.rewriting_wanted()
    if wanted is not None and cleaner.rewrite():
        with storage.write() as uow:
            uow.erasures.note_rewritten(wanted)
            uow.commit()


@dataclass(slots=True)
class _Purging:
    """One class. after: the key of the last enrolment looked at, so that each batch goes on from there."""

    actor: Actor
    storage: Storage[PrivacyUnit]
    blobs: Blobs
    clock: Clock
    days: int
    end: datetime
    after: int = 0

    def note(self, uow: PrivacyUnit, kept: Kept, people: Sequence[UUID], **counts: int) -> None:
        details = {"class": kept, "days": self.days, "before": self.end, **counts}
        uow.audit.note(self.actor, Action.DATA_PURGE, people=people, details=details)
        uow.erasures.want_rewriting(self.clock.now())


def _purge_captures(by: _Purging, report: Purged) -> int:
    with by.storage.write() as uow:
        uow.changes.lock()  # no case opens meanwhile
        due = uow.holdings.due_captures(by.end, AT_ONCE, by.after)
        if not due:
            return 0
        by.after = due[-1].key
        names = uow.holdings.set_aside([one.id for one in due])
        keys = uow.keys.destroy([f"enrolment/{one.id}" for one in due], KeyClass.CAPTURE)
        people = uow.people.by_keys({one.person_key for one in due if one.person_key is not None})
        ids = [one.id for one in people.values()]
        by.note(uow, Kept.CAPTURES, ids, enrolments=len(due), files=len(names), keys=keys)
        uow.commit()
    _delete_aside(by.storage, by.blobs)
    report.files, report.keys = report.files + len(names), report.keys + keys
    return len(due)


def _purge_refused(by: _Purging, report: Purged) -> int:
    files = keys = 0
    with by.storage.write() as uow:
        uow.changes.lock()
        due = uow.holdings.due_refused(by.end, AT_ONCE, by.after)
        if not due:
            return 0
        by.after = due[-1].key
        people: list[UUID] = []
        for one in due:
            scope = of_refused(uow, one)
            enrolments = uow.enrolments.by_keys(scope.enrolments).values()
            files += len(uow.holdings.set_aside([each.id for each in enrolments]))
            destroyed = forget(uow, scope, by.clock.now(), by.actor)
            people += [each.id for each in destroyed.people]
            keys += len(destroyed.keys)
        by.note(uow, Kept.REFUSED, people, enrolments=len(due), files=files, keys=keys)
        uow.commit()
    _delete_aside(by.storage, by.blobs)
    report.files, report.keys = report.files + files, report.keys + keys
    return len(due)


def _purge_findings(by: _Purging, report: Purged) -> int:
    with by.storage.write() as uow:
        due = uow.holdings.due_findings(by.end, AT_ONCE)
        uow.holdings.forget_findings(due)
        keys = uow.keys.destroy([f"finding/{one}" for one in due])
        if due:
            by.note(uow, Kept.FINDINGS, (), findings=len(due), keys=keys)
        uow.commit()
    report.keys += keys
    return len(due)


def _delete_aside(storage: Storage[PrivacyUnit], blobs: Blobs) -> None:
    """Bytes before their rows, so that a purge that was cut short leaves none without, and the next one goes on."""
    with storage.read() as uow:
        names = uow.holdings.aside()
    if not names:
        return
    for name in names:
        blobs.delete(name)
    with storage.write() as uow:
        uow.holdings.forget_bytes(names)
        uow.commit()

"""Sign how far every lane has come, and keep that outside the database too."""

from collections.abc import Sequence

import structlog

from service.audit.domain.checkpoints import Checkpoint, statement
from service.audit.ports import AuditUnit, Copies, Signer
from service.kit.actor import Actor
from service.kit.clock import Clock
from service.kit.unit import Storage

logger = structlog.get_logger(__name__)
_AT_ONCE = 1000


def make_checkpoint(
    *, actor: Actor, storage: Storage[AuditUnit], signer: Signer, copies: Sequence[Copies], clock: Clock
) -> bool:
    """Whether there was anything new to sign. Copies that lack checkpoints, new or earlier ones, are given them.

    First the database, then the copies: a crash between the two leaves copies behind, never ahead. One process at a
    time calls this, under `Lock.AUDIT`. A place for copies that fails is logged and tried again next time.
    """
    new = _is_new(storage)
    if new:
        with storage.write() as uow:
            before, heads = uow.audit_records.last_checkpoint(), uow.audit_records.heads()
            number, now = (0 if before is None else before.number) + 1, clock.now()
            stated = statement(number, now, heads, before)
            uow.audit_records.add_checkpoint(Checkpoint(number, now, stated, signer.sign(stated), signer.public_key))
            uow.commit()
    for one in copies:
        try:
            _bring_up_to_date(one, storage)
        except OSError as error:
            logger.error("audit.copy_failed", place=one.name, reason=error.strerror)
    return new


def _is_new(storage: Storage[AuditUnit]) -> bool:
    with storage.read() as uow:
        before = uow.audit_records.last_checkpoint()
        return before is None or before.heads != uow.audit_records.heads()


def _bring_up_to_date(copies: Copies, storage: Storage[AuditUnit]) -> None:
    """Append what is missing. How many lines there are states where to go on: one per checkpoint, from the first."""
    after = copies.count()
    while True:
        with storage.read() as uow:
            some = uow.audit_records.checkpoints(after, _AT_ONCE)
        if not some:
            return
        copies.append([one.line() for one in some])
        after = some[-1].number

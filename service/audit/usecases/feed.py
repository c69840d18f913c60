"""Hand entries on to those who watch the service: a SIEM's file, or syslog."""

from service.audit.ports import AuditUnit, FeedTarget
from service.kit.actor import Actor
from service.kit.unit import Storage

_AT_ONCE = 500


def send_on(*, actor: Actor, storage: Storage[AuditUnit], target: FeedTarget) -> int:
    """Send what the target has not taken yet; how many entries. Raises FeedDown.

    What was sent is noted afterwards: a crash between the two has some entries sent twice, none left out. One process
    at a time calls this, under `Lock.AUDIT`.
    """
    count = 0
    with storage.read() as uow:
        heads, sent = uow.audit_records.heads(), uow.audit_records.sent()
    for lane, head in heads.items():
        after = sent.get(lane, 0)
        while after < head.number:
            with storage.read() as uow:
                some = uow.audit_records.page(lane, after, _AT_ONCE)
            target.send(some)
            after = some[-1].number
            with storage.write() as uow:
                uow.audit_records.set_sent(lane, after)
                uow.commit()
            count += len(some)
    return count


def count_behind(*, actor: Actor, storage: Storage[AuditUnit]) -> int:
    """Entries that the target has not taken yet."""
    with storage.read() as uow:
        heads, sent = uow.audit_records.heads(), uow.audit_records.sent()
    return sum(head.number - sent.get(lane, 0) for lane, head in heads.items())

"""Is the audit as it was written? Every entry against its chain, every chain against the signed checkpoints.

Found is whatever was altered, removed, inserted, moved or cut off, by the first place at which it shows. What is newer
than the last checkpoint could still be written anew, hashes and all, by an attacker who changes the database and has
the triggers removed: the service signs every few seconds, and the feed has taken these entries elsewhere.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from service.audit.domain.actions import Action
from service.audit.domain.checkpoints import Checkpoint, Head
from service.audit.domain.entries import BEGINNING, Entry, digest
from service.audit.ports import AuditUnit, Copies
from service.kit.actor import Actor
from service.kit.unit import Storage

PAGE = 1000


@dataclass(frozen=True, slots=True)
class Fault:
    """The first thing that is wrong. place: `entry LANE-NUMBER`, `lane LANE`, `checkpoint NUMBER` or a file's line."""

    place: str
    what: str


@dataclass(frozen=True, slots=True)
class AuditReport:
    """entries, checkpoints: that were found right. unsigned: entries newer than the last checkpoint."""

    entries: int
    checkpoints: int
    unsigned: int
    fault: Fault | None


class _Faulty(Exception):
    """Ends the verification."""

    def __init__(self, place: str, what: str) -> None:
        super().__init__(place, what)
        self.fault = Fault(place, what)


@dataclass(slots=True)
class _Count:
    entries: int = 0
    checkpoints: int = 0
    unsigned: int = 0


def count_entries(*, actor: Actor, storage: Storage[AuditUnit]) -> int:
    """As the lanes state them, for the progress to be shown of."""
    with storage.read() as uow:
        return sum(one.number for one in uow.audit_records.heads().values())


def verify_audit(
    *,
    actor: Actor,
    storage: Storage[AuditUnit],
    public_key: str | None,
    copies: Sequence[Copies],
    progress: Callable[[int], None] = lambda entries: None,
) -> AuditReport:
    """Verify all that is there when it begins; others may write meanwhile.

    public_key: of the only key that may have signed, raw, in hex; None where there is none yet. progress: called with
    the entries that each step verified. The entry of this very act is written afterwards, with what was found.
    """
    count = _Count()
    fault = None
    try:
        _verify(storage, public_key, copies, progress, count)
    except _Faulty as found:
        fault = found.fault
    with storage.write() as uow:
        uow.audit.note(actor, Action.AUDIT_VERIFY, details={"entries": count.entries, "fault": fault and fault.place})
        uow.commit()
    return AuditReport(count.entries, count.checkpoints, count.unsigned, fault)


def _verify(
    storage: Storage[AuditUnit],
    public_key: str | None,
    copies: Sequence[Copies],
    progress: Callable[[int], None],
    count: _Count,
) -> None:
    kept = [(one, _lines(one)) for one in copies]  # before the database, which they are never ahead of
    last = _verify_checkpoints(storage, public_key, kept, count)
    with storage.read() as uow:  # after the checkpoints, which state no more than is there by now
        heads = uow.audit_records.heads()
    signed = {} if last is None else last.heads
    missing = signed.keys() - heads.keys()
    if missing or not heads:
        raise _Faulty(f"lane {min(missing, default=1)}", "is missing")
    for lane, head in heads.items():
        found = _verify_lane(storage, lane, head, progress)
        _verify_end(storage, lane, found, head, signed.get(lane))
        count.entries += found.number
        count.unsigned += found.number - (signed[lane].number if lane in signed else 0)


def _verify_checkpoints(
    storage: Storage[AuditUnit], public_key: str | None, kept: Sequence[tuple[Copies, Sequence[str]]], count: _Count
) -> Checkpoint | None:
    """Each signed, in a row, and the same wherever a copy is kept; the last of them."""
    before: Checkpoint | None = None
    for one in _checkpoints(storage):
        place = f"checkpoint {count.checkpoints + 1}"
        _verify_checkpoint(one, before, public_key, place)
        for copies, lines in kept:
            if one.number <= len(lines) and lines[one.number - 1] != one.line():
                raise _Faulty(place, f"is not the one that {copies.name} has on line {one.number}")
        before, count.checkpoints = one, count.checkpoints + 1
    for copies, lines in kept:
        if len(lines) > count.checkpoints:
            raise _Faulty(f"checkpoint {count.checkpoints + 1}", f"is missing: {copies.name} has {len(lines)}")
    return before


def _verify_checkpoint(one: Checkpoint, before: Checkpoint | None, public_key: str | None, place: str) -> None:
    if one.number != (0 if before is None else before.number) + 1:
        raise _Faulty(place, f"is missing: after it comes {one.number}")
    if public_key is None or not one.is_signed_by(public_key):
        raise _Faulty(place, "is not signed by this registry's key")
    if not one.is_of_its_row:
        raise _Faulty(place, "has another number or time than it states")
    if one.previous != (BEGINNING if before is None else before.digest()):
        raise _Faulty(place, "does not follow the one before it")
    earlier = {} if before is None else before.heads
    if any(lane not in one.heads or one.heads[lane].number < head.number for lane, head in earlier.items()):
        raise _Faulty(place, "states fewer entries than the one before it")


def _verify_lane(storage: Storage[AuditUnit], lane: int, head: Head, progress: Callable[[int], None]) -> Head:
    """Every entry, from the first to the head as it was when the verification began; the last that is there."""
    anchors = _anchors(storage, lane)
    anchor = next(anchors, None)
    number, previous = 0, BEGINNING
    while number < head.number and (page := _page(storage, lane, number, head.number)):
        with storage.read() as uow:
            concerned = uow.audit_records.concerned(lane, page[0].number, page[-1].number)
        for one in page:
            _verify_entry(one, lane, number + 1, previous, concerned)
            number, previous = one.number, one.hash
            while anchor is not None and anchor[1].number <= number:
                if anchor[1] != Head(number, previous):
                    raise _Faulty(f"entry {one.place}", f"is not the one that checkpoint {anchor[0]} signed")
                anchor = next(anchors, None)
        progress(len(page))
    return Head(number, previous)


def _verify_end(storage: Storage[AuditUnit], lane: int, found: Head, head: Head, signed: Head | None) -> None:
    """found: the last entry that is there. head: what the lane states. signed: what the last checkpoint states."""
    if found.number < max(head.number, signed.number if signed else 0):
        raise _Faulty(f"entry {lane}-{found.number + 1}", "is missing: the end is cut off")
    if found != head:
        raise _Faulty(f"lane {lane}", "states another last entry than it has")
    with storage.read() as uow:
        _verify_nothing_beyond(uow, lane)


def _verify_nothing_beyond(uow: AuditUnit, lane: int) -> None:
    """No entry that the lane, as it is now, does not count."""
    last = uow.audit_records.last_number(lane)  # first: entries may be added between the two statements
    if last > uow.audit_records.heads()[lane].number:
        raise _Faulty(f"entry {lane}-{last}", "is inserted: the lane does not count it")


def _verify_entry(one: Entry, lane: int, expected: int, previous: str, concerned: Mapping[int, set[UUID]]) -> None:
    place = f"entry {lane}-{expected}"
    if one.number != expected:
        raise _Faulty(place, f"is missing: after it comes {one.place}")
    if digest(one.content(), previous) != one.hash:
        raise _Faulty(place, "is altered, or is not the one that stood here")
    if concerned.get(one.number, set()) != set(one.person_ids):
        raise _Faulty(place, "is found by other people than it states")


def _page(storage: Storage[AuditUnit], lane: int, after: int, last: int) -> Sequence[Entry]:
    with storage.read() as uow:
        return uow.audit_records.page(lane, after, min(PAGE, last - after))


def _anchors(storage: Storage[AuditUnit], lane: int) -> Iterator[tuple[int, Head]]:
    """What checkpoints state of a lane that has entries, in order: the checkpoint's number, and the head."""
    for one in _checkpoints(storage):
        head = one.heads.get(lane)
        if head is not None and head.number > 0:
            yield one.number, head


def _checkpoints(storage: Storage[AuditUnit]) -> Iterator[Checkpoint]:
    after = 0
    while True:
        with storage.read() as uow:
            some = uow.audit_records.checkpoints(after, PAGE)
        if not some:
            return
        yield from some
        after = some[-1].number


def _lines(copies: Copies) -> Sequence[str]:
    try:
        return copies.lines()
    except OSError as error:
        raise _Faulty(copies.name, f"cannot be read: {error.strerror}") from None

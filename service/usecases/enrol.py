"""Take an enrolment in: refuse what can never be used, keep everything else before answering."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pydantic import TypeAdapter

from service.domain.enrolments import (
    CaptureRecord,
    Consent,
    Enrolment,
    HouseholdClaim,
    PositionException,
)
from service.domain.errors import (
    ContradictedException,
    EnrolmentDiffers,
    NothingToEnrol,
    UnknownHousehold,
)
from service.domain.identifiers import is_household_id
from service.domain.people import Demographics
from service.ports import AlreadyThere, Blobs, Clock, Engine, Storage, UnitOfWork
from service.usecases.captures import SentCapture, check_captures, check_positions, one_a_position


@dataclass(frozen=True, slots=True)
class EnrolCommand:
    """What a counter asks. id: chosen by the client, so that asking twice does no harm."""

    id: UUID
    site: str
    device: str
    captured_at: datetime
    consent: Consent
    demographics: Demographics
    claim: HouseholdClaim | None = None
    exceptions: tuple[PositionException, ...] = ()


_canonical = TypeAdapter(EnrolCommand)


def submit(
    command: EnrolCommand,
    captures: Sequence[SentCapture],
    *,
    storage: Storage,
    engine: Engine,
    blobs: Blobs,
    clock: Clock,
) -> UUID:
    """Accept an enrolment; when this returns, all of it is on disk and a worker will find it.

    Raises Refused or CapturesRefused, keeping nothing, and EnrolmentDiffers when the UUID was used for something else.
    """
    _check_whole(command, captures)
    digest = content_hash(command, captures)
    with storage.read() as uow:
        if _is_repeat(uow, command.id, digest):
            return command.id
        _check_household(uow, command.claim)
    single = one_a_position(captures, [one.position for one in command.exceptions], engine)
    check_captures(single, engine)
    records = [_keep(command.id, digest, one, blobs) for one in single]
    for slap in captures:
        if slap not in single:  # kept whole as well: it may be cut better one day
            _keep(command.id, digest, slap, blobs)
    try:
        with storage.write() as uow:
            _record(uow, command, digest, records, clock.now())
            uow.commit()
    except AlreadyThere:  # the same post arrived twice at once
        with storage.read() as uow:
            _is_repeat(uow, command.id, digest)
    return command.id


def content_hash(command: EnrolCommand, captures: Sequence[SentCapture]) -> str:
    """SHA-256 over everything sent, the same whatever order the parts came in."""
    digest = hashlib.sha256(_canonical.dump_json(command))
    for one in sorted(captures, key=lambda capture: capture.position):
        said = f"{one.position} {one.dpi} {one.liveness}"
        digest.update(f"\n{said} {hashlib.sha256(one.content).hexdigest()}".encode())
    return digest.hexdigest()


def _check_whole(command: EnrolCommand, captures: Sequence[SentCapture]) -> None:
    check_positions(captures)
    if not captures and not command.exceptions:
        raise NothingToEnrol("send at least one capture, or say in `exceptions` why there is none", "captures")
    both = {one.position for one in captures} & {one.position for one in command.exceptions}
    if both:
        position = min(both)
        raise ContradictedException(f"{position} is both captured and declared impossible", position)


def _is_repeat(uow: UnitOfWork, enrolment_id: UUID, digest: str) -> bool:
    known = uow.enrolments.by_id(enrolment_id)
    if known is None:
        return False
    if known.content_hash != digest:
        raise EnrolmentDiffers(f"enrolment {enrolment_id} was already sent with other content")
    return True


def _check_household(uow: UnitOfWork, claim: HouseholdClaim | None) -> None:
    if claim is not None and is_household_id(claim.id) and uow.households.by_registry_id(claim.id) is None:
        raise UnknownHousehold(f"no household has the registry ID {claim.id}", "enrolment.household.id")


def _keep(enrolment_id: UUID, digest: str, sent: SentCapture, blobs: Blobs) -> CaptureRecord:
    """Write one capture down. The name carries the content, so that a differing post cannot overwrite it."""
    name = f"{enrolment_id}/{digest[:16]}-{sent.position}"
    blobs.put(name, sent.content)
    sha256 = hashlib.sha256(sent.content).hexdigest()
    return CaptureRecord(0, sent.position, name, sha256, len(sent.content), sent.dpi, liveness=sent.liveness)


def _record(
    uow: UnitOfWork, command: EnrolCommand, digest: str, records: Sequence[CaptureRecord], now: datetime
) -> None:
    enrolment = Enrolment(
        command.id,
        digest,
        command.site,
        command.device,
        command.captured_at,
        now,
        command.consent,
        command.demographics,
        command.exceptions,
        command.claim,
    )
    uow.enrolments.add(enrolment)
    uow.flush()
    for record in records:
        record.enrolment_key = enrolment.key
        uow.enrolments.add_capture(record)

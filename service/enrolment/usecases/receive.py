"""Receive an enrolment: refuse what can never be used, keep everything else before answering."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from service.audit.domain.actions import Action
from service.audit.domain.entries import Target
from service.enrolment.domain.content import content_hash
from service.enrolment.domain.enrolments import (
    CaptureRecord,
    EnrolCommand,
    Enrolment,
    EnrolmentStatus,
    SentCapture,
    SlapRecord,
)
from service.enrolment.errors import (
    ContradictedException,
    EnrolmentDiffers,
    EnrolmentErased,
    NothingToEnrol,
    OtherDevice,
    OtherSite,
    QueueFull,
)
from service.enrolment.ports import EnrolmentUnit, Extractor
from service.enrolment.steps.captures import Warnings, check_captures, check_positions, one_per_position
from service.kit.actor import Actor
from service.kit.blobs import BlobRecord, Blobs, sealed_blob
from service.kit.clock import Clock
from service.kit.errors import AlreadyThere
from service.kit.sealing import DataKey, KeyClass, new_key
from service.kit.unit import Storage
from service.registry.domain.people import Person
from service.registry.steps.people import find_person, no_such_person, require_there
from service.registry.steps.residence import require_household
from service.registry.steps.sight import seen


def receive_enrolment(
    command: EnrolCommand,
    captures: Sequence[SentCapture],
    *,
    actor: Actor,
    storage: Storage[EnrolmentUnit],
    extractor: Extractor,
    blobs: Blobs,
    clock: Clock,
    most_waiting: int,
) -> UUID:
    """Accept an enrolment; when this returns, all of it is on disk and a worker will find it.

    most_waiting: enrolments that may wait for their outcome. Raises Refused, keeping nothing, EnrolmentDiffers when the
    UUID was used for something else, EnrolmentErased when what it was used for was erased, and QueueFull; for captures
    that are added to a person, NoSuchPerson and PersonErased.
    """
    _check_bounds(command, actor)
    _check_whole(command, captures)
    digest = content_hash(command, captures)
    with storage.read() as uow:
        if _is_repeat(uow, command.id, digest):
            return command.id
        if uow.enrolments.count_waiting() >= most_waiting:
            raise QueueFull(f"{most_waiting} enrolments wait for their outcome; send this one again later")
        require_household(uow, command.claim, "enrolment.household.id")
        owner = _owner(uow, command.adds_to, actor)
    single = one_per_position(captures, [one.position for one in command.exceptions], extractor)
    warnings = check_captures(single, extractor)
    slaps = [one for one in captures if one not in single]
    key = new_key(f"enrolment/{command.id}", KeyClass.CAPTURE)
    stored = [_keep(command.id, one, key, blobs, clock.now()) for one in (*single, *slaps)]
    names = [one.name for one in stored]
    try:
        with storage.write() as uow:
            uow.keys.add(key)
            for one in stored:
                uow.blobs.add(one)
            enrolment = _record(uow, command, digest, owner, actor=actor, now=clock.now())
            _record_captures(uow, enrolment, zip(single, names[: len(single)], strict=True), warnings)
            _record_slaps(uow, enrolment, zip(slaps, names[len(single) :], strict=True))
            uow.audit.note(
                actor,
                Action.ENROLMENT_RECEIVE if owner is None else Action.CAPTURES_RECEIVE,
                Target("enrolment", str(command.id)),
                people=[] if owner is None else [owner.id],
                details={
                    "site": command.site,
                    "device": command.device,
                    "captures": sorted(one.position for one in captures),
                    "exceptions": sorted(one.position for one in command.exceptions),
                },
            )
            uow.commit()
    except AlreadyThere:  # the same UUID arrived twice at once
        with storage.read() as uow:
            _keep_only_owned(uow, names, blobs)
            if not _is_repeat(uow, command.id, digest):
                raise
    return command.id


def _check_bounds(command: EnrolCommand, actor: Actor) -> None:
    """An actor that is bound to a site or a device enrols there, and states so."""
    if not actor.reaches(command.site):
        raise OtherSite(f"this token enrols at the site {actor.place!r} only", "enrolment.site")
    if actor.device is not None and command.device != actor.device:
        raise OtherDevice(f"this token enrols with the device {actor.device!r} only", "enrolment.device")


def _check_whole(command: EnrolCommand, captures: Sequence[SentCapture]) -> None:
    check_positions(captures)
    if not captures and command.adds_to is not None:
        raise NothingToEnrol("send at least one capture to add", "captures")
    if not captures and not command.exceptions:
        raise NothingToEnrol("send at least one capture, or state in `exceptions` why there is none", "captures")
    both = {one.position for one in captures} & {one.position for one in command.exceptions}
    if both:
        position = min(both)
        raise ContradictedException(f"{position} is both captured and declared impossible", position)


def _owner(uow: EnrolmentUnit, number: str | None, actor: Actor) -> Person | None:
    """The person to whom captures are added. Raises NoSuchPerson, also for one not seen, and PersonErased."""
    if number is None:
        return None
    view = find_person(uow, number)
    if not seen(uow, actor, [view.person.key]):
        raise no_such_person(number)
    require_there(view)
    return view.person


def _is_repeat(uow: EnrolmentUnit, enrolment_id: UUID, digest: str) -> bool:
    known = uow.enrolments.by_id(enrolment_id)
    if known is None:
        return False
    if known.status is EnrolmentStatus.ERASED:  # whatever is sent now: who compares learns what was
        raise EnrolmentErased(f"enrolment {enrolment_id} was erased; enrol the person under a new UUID")
    if known.content_hash != digest:
        raise EnrolmentDiffers(f"enrolment {enrolment_id} was already sent with other content")
    return True


def _keep(enrolment_id: UUID, sent: SentCapture, key: DataKey, blobs: Blobs, now: datetime) -> BlobRecord:
    """Write one capture to the store, sealed. Each post has a key of its own, and so names of its own."""
    one = sealed_blob(key, str(enrolment_id), sent.position, sent.content)
    blobs.put(one.name, one.content)
    return BlobRecord(one.name, one.sha256, len(one.content), key.owner, now)


def _record(
    uow: EnrolmentUnit, command: EnrolCommand, digest: str, owner: Person | None, *, actor: Actor, now: datetime
) -> Enrolment:
    enrolment = Enrolment(
        id=command.id,
        content_hash=digest,
        sent_by=actor.id,
        site=command.site,
        device=command.device,
        captured_at=command.captured_at,
        received_at=now,
        consent=command.consent,
        demographics=command.demographics,
        exceptions=command.exceptions,
        claim=command.claim,
        adds_to_key=None if owner is None else owner.key,
    )
    uow.enrolments.add(enrolment)
    uow.flush()
    return enrolment


def _record_captures(
    uow: EnrolmentUnit, enrolment: Enrolment, named: Iterable[tuple[SentCapture, str]], warnings: Warnings
) -> None:
    for sent, name in named:
        record = CaptureRecord(enrolment.key, sent.position, name, sent.dpi, liveness=sent.liveness)
        record.warnings = list(warnings[sent.position])
        uow.enrolments.add_capture(record)


def _record_slaps(uow: EnrolmentUnit, enrolment: Enrolment, named: Iterable[tuple[SentCapture, str]]) -> None:
    for sent, name in named:
        uow.enrolments.add_slap(SlapRecord(enrolment.key, sent.position, name, sent.dpi))


def _keep_only_owned(uow: EnrolmentUnit, names: Sequence[str], blobs: Blobs) -> None:
    """Delete what no row owns: bytes of a post that lost against another with the same UUID."""
    owned = uow.blobs.of_names(names)
    for name in names:
        if name not in owned:
            blobs.delete(name)

"""Make templates anew when the networks have changed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import structlog

from matcher import CaptureError
from service.audit.domain.actions import Action
from service.audit.domain.entries import Target
from service.enrolment.domain.enrolments import CaptureRecord
from service.enrolment.ports import EnrolmentUnit, Extractor
from service.enrolment.steps.captures import to_capture, to_record
from service.kit.actor import Actor
from service.kit.blobs import Blobs
from service.kit.errors import BlobAltered, BlobMissing, BlobUnreadable
from service.kit.unit import Storage

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Outdated:
    """Templates that stay outdated. lost: names of bytes that are missing or altered. without: how many have none."""

    lost: Sequence[str]
    without: int

    def __bool__(self) -> bool:
        return bool(self.lost or self.without)


def count_outdated(models: Mapping[str, str], *, actor: Actor, storage: Storage[EnrolmentUnit]) -> int:
    """Templates that the present networks cannot be compared with. models: modality to the hash of its networks."""
    with storage.read() as uow:
        return len(uow.templates.outdated(models["face"], models["finger"]))


def extract_again(
    *,
    actor: Actor,
    storage: Storage[EnrolmentUnit],
    extractor: Extractor,
    blobs: Blobs,
    progress: Callable[[int], None],
    forgo: bool = False,
) -> Outdated:
    """Make every outdated template anew from its capture, each in a transaction of its own.

    A capture that the present networks cannot use loses its template; the person stays enrolled. Where a capture's
    bytes are missing or altered its template stays as it is, outdated. Where their period was over it stays too, unless
    `forgo`: then it is deleted, and no search finds the person by it any more.
    """
    lost: list[str] = []
    without = 0
    with storage.read() as uow:
        outdated = uow.templates.outdated(extractor.models["face"], extractor.models["finger"])
    for template_key, capture_key in outdated:
        progress(1)
        with storage.write() as uow:
            record = uow.enrolments.capture(capture_key)
            if record.blob is None:
                without += 1
                if forgo:
                    uow.templates.drop(template_key)
                    _note(uow, actor, record, extractor)
                    uow.commit()
                continue
            row = uow.blobs.of_names([record.blob])[record.blob]
            try:
                (found,) = extractor.extract([to_capture(record, row, blobs)])
            except (BlobMissing, BlobUnreadable, BlobAltered) as error:
                logger.error("capture.lost", capture=capture_key, reason=f"{type(error).__name__}: {error}")
                lost.append(record.blob)
                continue
            if isinstance(found, CaptureError):
                logger.warning("template.lost", capture=capture_key, problem=type(found).__name__)
                uow.templates.drop(template_key)
            else:
                uow.templates.replace(template_key, to_record(found, capture_key))
            _note(uow, actor, record, extractor)
            uow.commit()
    return Outdated(lost, 0 if forgo else without)


def _note(uow: EnrolmentUnit, actor: Actor, record: CaptureRecord, extractor: Extractor) -> None:
    enrolment = uow.enrolments.by_key(record.enrolment_key)
    people = [] if enrolment.person_key is None else [uow.people.by_key(enrolment.person_key).id]
    details = {"position": record.position, "models": extractor.models}
    target = Target("enrolment", str(enrolment.id))
    uow.audit.note(actor, Action.TEMPLATE_EXTRACT, target, people=people, details=details)

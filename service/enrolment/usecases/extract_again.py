"""Make templates anew when the networks have changed."""

from collections.abc import Callable, Mapping

import structlog

from matcher import CaptureError
from service.enrolment.ports import EnrolmentUnit, Extractor
from service.enrolment.steps.captures import to_capture, to_record
from service.kit.actor import Actor
from service.kit.blobs import Blobs
from service.kit.unit import Storage

logger = structlog.get_logger(__name__)


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
) -> int:
    """Make every outdated template anew from its capture, each in a transaction of its own; how many there were.

    A capture that the present networks cannot use loses its template; the person stays enrolled.
    """
    with storage.read() as uow:
        outdated = uow.templates.outdated(extractor.models["face"], extractor.models["finger"])
    for template_key, capture_key in outdated:
        with storage.write() as uow:
            record = uow.enrolments.capture(capture_key)
            (found,) = extractor.extract([to_capture(record, blobs)])
            if isinstance(found, CaptureError):
                logger.warning("template.lost", capture=capture_key, problem=type(found).__name__)
                uow.templates.drop(template_key)
            else:
                uow.templates.replace(template_key, to_record(found, capture_key))
            uow.commit()
        progress(1)
    return len(outdated)

"""A quick answer at the counter."""

from matcher import Capture, CaptureError, Position, Quality
from service.audit.domain.actions import Action
from service.audit.ports import AuditUnit
from service.enrolment.domain.enrolments import SentCapture
from service.enrolment.errors import CapturesRefused, UnknownPosition
from service.enrolment.ports import Extractor
from service.enrolment.steps.captures import POSITIONS, refusal
from service.kit.actor import Actor
from service.kit.unit import Storage


def judge_capture(sent: SentCapture, *, actor: Actor, storage: Storage[AuditUnit], extractor: Extractor) -> Quality:
    """How well one capture would serve; nothing is kept. Raises UnknownPosition or CapturesRefused."""
    if sent.position not in POSITIONS:
        raise UnknownPosition(f"{sent.position!r} is not one position", sent.position)
    try:
        found = extractor.quality(Capture(Position(sent.position), sent.content, sent.dpi))
    except CaptureError as error:
        raise CapturesRefused([refusal(sent.position, error)]) from None
    with storage.read() as uow:
        uow.audit.note(actor, Action.CAPTURE_JUDGE, details={"position": sent.position, "score": found.score})
    return found

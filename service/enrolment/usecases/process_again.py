"""Give an enrolment that was given up another chance."""

from uuid import UUID

from service.audit.domain.actions import Action
from service.audit.domain.entries import Target
from service.enrolment.domain.enrolments import REOPENED
from service.enrolment.errors import NoSuchEnrolment, NotGivenUp
from service.enrolment.ports import EnrolmentUnit
from service.kit.actor import Actor
from service.kit.unit import Storage


def process_again(enrolment_id: UUID, *, actor: Actor, storage: Storage[EnrolmentUnit]) -> None:
    """Let an enrolment be processed again that ended by no fault of its captures.

    Raises NoSuchEnrolment, NotGivenUp.
    """
    with storage.write() as uow:
        enrolment = uow.enrolments.by_id(enrolment_id)
        if enrolment is None:
            raise NoSuchEnrolment(f"there is no enrolment {enrolment_id}")
        if enrolment.reason not in REOPENED:
            raise NotGivenUp(f"enrolment {enrolment_id} is {enrolment.status}")
        before = {"status": enrolment.status, "reason": enrolment.reason}
        enrolment.reopen()
        target = Target("enrolment", str(enrolment_id))
        after = {"status": enrolment.status}
        uow.audit.note(actor, Action.ENROLMENT_RETRY, target, details={"before": before, "after": after})
        uow.commit()

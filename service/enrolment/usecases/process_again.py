"""Give an enrolment that was given up another chance."""

from uuid import UUID

from service.enrolment.domain.enrolments import PROCESSING_FAILED
from service.enrolment.errors import NoSuchEnrolment, NotGivenUp
from service.enrolment.ports import EnrolmentUnit
from service.kit.actor import Actor
from service.kit.unit import Storage


def process_again(enrolment_id: UUID, *, actor: Actor, storage: Storage[EnrolmentUnit]) -> None:
    """Let an enrolment that was given up be processed again. Raises NoSuchEnrolment, NotGivenUp."""
    with storage.write() as uow:
        enrolment = uow.enrolments.by_id(enrolment_id)
        if enrolment is None:
            raise NoSuchEnrolment(f"there is no enrolment {enrolment_id}")
        if enrolment.reason != PROCESSING_FAILED:
            raise NotGivenUp(f"enrolment {enrolment_id} is {enrolment.status}")
        enrolment.reopen()
        uow.commit()

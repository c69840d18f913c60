"""Which enrolments need somebody: those that ended unusable, and why."""

from collections.abc import Sequence

from service.enrolment.domain.enrolments import Enrolment
from service.enrolment.errors import NoSuchEnrolment
from service.enrolment.ports import EnrolmentQuery, EnrolmentUnit
from service.kit.actor import Actor
from service.kit.unit import Storage


def list_enrolments(query: EnrolmentQuery, *, actor: Actor, storage: Storage[EnrolmentUnit]) -> Sequence[Enrolment]:
    """Enrolments, oldest first. Raises NoSuchEnrolment for an unknown `after`."""
    with storage.read() as uow:
        if query.after is not None and uow.enrolments.by_id(query.after) is None:
            raise NoSuchEnrolment(f"there is no enrolment {query.after} to go on from")
        return uow.enrolments.page(query)

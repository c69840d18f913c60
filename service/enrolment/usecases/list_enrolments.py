"""Which enrolments need somebody: those that ended unusable, and why."""

from collections.abc import Sequence
from dataclasses import replace

from service.audit.domain.actions import Action
from service.enrolment.domain.enrolments import Enrolment
from service.enrolment.errors import NoSuchEnrolment
from service.enrolment.ports import EnrolmentQuery, EnrolmentUnit
from service.kit.actor import Actor
from service.kit.unit import Storage


def list_enrolments(query: EnrolmentQuery, *, actor: Actor, storage: Storage[EnrolmentUnit]) -> Sequence[Enrolment]:
    """Enrolments, oldest first; of the actor's site, where it is bound to one.

    Raises NoSuchEnrolment for an unknown `after`.
    """
    with storage.read() as uow:
        if query.after is not None:
            last = uow.enrolments.by_id(query.after)
            if last is None or not actor.reaches(last.site):
                raise NoSuchEnrolment(f"there is no enrolment {query.after} to go on from")
        found = uow.enrolments.page(replace(query, sites=actor.sites))
        people = uow.people.by_keys(one.person_key for one in found if one.person_key is not None)
        uow.audit.note(
            actor,
            Action.ENROLMENT_LIST,
            people=[one.id for one in people.values()],
            details={"status": query.status, "reason": query.reason, "enrolments": [one.id for one in found]},
        )
        return found

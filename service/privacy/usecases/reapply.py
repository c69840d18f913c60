"""Erasing once more who came back with a restored database."""

from collections.abc import Iterable, Sequence
from uuid import UUID

import structlog

from service.audit.domain.actions import Action
from service.enrolment.domain.enrolments import ERASED_HASH, Consent, Enrolment, EnrolmentStatus
from service.kit.actor import Actor
from service.kit.clock import Clock
from service.kit.unit import Storage
from service.privacy.domain.certificates import Listed
from service.privacy.domain.erasures import Order
from service.privacy.ports import ErasureList, PrivacyUnit, Scope
from service.privacy.steps.forget import forget, leave_open_cases, record
from service.privacy.steps.listed import orders_in
from service.registry.domain.people import Demographics, Person, PersonStatus

logger = structlog.get_logger(__name__)


def reapply(
    *,
    actor: Actor,
    storage: Storage[PrivacyUnit],
    lists: Sequence[ErasureList],
    public_key: str | None,
    clock: Clock,
    number_length: int,
) -> int:
    """Carry out every order of the lists that this database does not know; how many.

    A database that was restored from a copy, or whose history was cut, is told so. Only orders that this registry's key
    signed count. Whom the copy does not hold leaves a tombstone too, so that number and UUIDs are never used again.
    public_key: raw, in hex; None where there is none yet. number_length: of whom this leaves with nothing to decide.
    """
    with storage.read() as uow:
        known = uow.erasures.ids()
    missing = [one for one in _listed(lists, public_key) if one.id not in known]
    for one in missing:
        with storage.write() as uow:
            uow.changes.lock()
            if uow.erasures.by_id(one.id) is None:  # another process may be at the same
                _carry_out(uow, one, actor, clock, number_length)
                uow.commit()
        logger.warning("erasure.reapplied", erasure=str(one.id))
    return len(missing)


def _carry_out(uow: PrivacyUnit, one: Listed, actor: Actor, clock: Clock, number_length: int) -> None:
    _leave_tombstones(uow, one)
    people = [key for each in one.people for key in uow.holdings.keys_of([each.id])]
    merged = uow.people.aliases_of_many(people)
    people += [alias.key for some in merged.values() for alias in some if alias.key not in people]
    enrolments = [each.key for name in one.enrolments if (each := uow.enrolments.by_id(name)) is not None]
    enrolments += [each.key for each in uow.holdings.enrolments_of(people) if each.key not in enrolments]
    scope = Scope(people, enrolments)
    closed = leave_open_cases(uow, scope, actor.id, clock.now(), number_length)
    destroyed = forget(uow, scope, clock.now(), actor)
    details = {"erasure": one.id, "ordered_by": one.by, "at": one.at, "closed": closed}
    uow.audit.note(actor, Action.ERASURES_REAPPLY, details=details)
    record(uow, one.id, destroyed, Order(one.ground, one.reference), actor=actor, at=clock.now())


def _leave_tombstones(uow: PrivacyUnit, one: Listed) -> None:
    """For whom the database does not hold, or not yet with the number they were erased with."""
    for person in one.people:
        taken = person.number is None or uow.people.by_number(person.number) is not None
        number, keys = None if taken else person.number, uow.holdings.keys_of([person.id])
        if not keys:
            uow.people.add(Person(person.id, Demographics(names=()), one.at, PersonStatus.ERASED, number))
        elif (there := uow.people.by_key(keys[0])).number is None:
            there.number = number
    for name in one.enrolments:
        if uow.enrolments.by_id(name) is None:
            uow.enrolments.add(_tombstone(name, one))
    uow.flush()


def _tombstone(enrolment_id: UUID, one: Listed) -> Enrolment:
    return Enrolment(
        id=enrolment_id,
        content_hash=ERASED_HASH,
        sent_by="unknown",
        site="",
        device="",
        captured_at=one.at,
        received_at=one.at,
        consent=Consent(given=False),
        demographics=Demographics(names=()),
        exceptions=(),
        status=EnrolmentStatus.ERASED,
        finished_at=one.at,
    )


def _listed(lists: Iterable[ErasureList], public_key: str | None) -> Sequence[Listed]:
    """Each once, whichever place has it."""
    found: dict[UUID, Listed] = {}
    for place in lists:
        orders = orders_in(place, public_key) or {}
        found |= {one.id: one for _, one in orders.values() if one.id not in found}
    return list(found.values())

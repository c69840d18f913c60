"""Erasing a person: what would go, the transaction that does it, and what an erasure became."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from service.audit.domain.actions import Action
from service.audit.domain.entries import Target
from service.enrolment.errors import EnrolmentErased
from service.kit.actor import Actor
from service.kit.clock import Clock
from service.kit.ids import new_uuid
from service.kit.unit import Storage
from service.privacy.domain.erasures import Erasure, Order
from service.privacy.errors import NoSuchErasure
from service.privacy.ports import PrivacyUnit
from service.privacy.steps.forget import forget, owners_of, record
from service.privacy.steps.scope import find_scope, require_settled
from service.registry.errors import PersonErased
from service.registry.steps.sight import seen

LOOK_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Preview:
    """What an erasure would destroy. numbers: of the person, the first, and of those merged into them.

    size: of the files, in bytes. open_cases: that have to be decided before.
    """

    numbers: Sequence[str]
    enrolments: Sequence[UUID]
    files: int
    size: int
    keys: int
    counts: Mapping[str, int]
    open_cases: Sequence[UUID]


def preview(name: str, *, actor: Actor, storage: Storage[PrivacyUnit]) -> Preview:
    """name: a person's number, or the UUID of an enrolment that became no one.

    Raises NoSuchPerson, PersonErased, NoSuchEnrolment, EnrolmentErased, NothingToErase.
    """
    with storage.read() as uow:
        scope = find_scope(uow, name, actor)
        people = [uow.people.by_keys(scope.people)[key] for key in scope.people]
        enrolments = list(uow.enrolments.by_keys(scope.enrolments).values())
        findings, cases = uow.holdings.findings([one.id for one in people]), uow.holdings.cases(scope)
        blobs = uow.holdings.blobs([one.id for one in enrolments])
        owners = owners_of(people, enrolments, cases, findings, uow.holdings.tasks(scope))
        owners += [f"fact/{one}" for one in uow.holdings.fact_ids(scope)]
        owners += [f"card/{one.id}" for one in uow.holdings.cards(scope.people)]
        owners += [f"consent/{one}" for one in uow.holdings.consent_ids(scope)]
        owners += [f"registry_change/{one.id}" for one in uow.holdings.changes(scope.people)]
        target = Target("person", str(people[0].id)) if people else Target("enrolment", str(enrolments[0].id))
        uow.audit.note(actor, Action.ERASURE_PREVIEW, target, people=[one.id for one in people])
        return Preview(
            numbers=[one.number for one in people if one.number is not None],
            enrolments=[one.id for one in enrolments],
            files=len(blobs),
            size=sum(one.size for one in blobs),
            keys=len(uow.keys.ids_of(owners)),
            counts={**uow.holdings.counts(scope), "findings": len(findings)},
            open_cases=[one.id for one in uow.holdings.open_cases(scope)],
        )


def begin_erasure(name: str, order: Order, *, actor: Actor, storage: Storage[PrivacyUnit], clock: Clock) -> Erasure:
    """Erase in the database; when this returns, nothing personal can be read. `finish_erasure` does the rest.

    Who was erased already keeps that erasure. Raises NoSuchPerson, NoSuchEnrolment, NothingToErase, CaseOpen,
    EnrolmentWaiting.
    """
    with storage.write() as uow:
        uow.changes.lock()  # no one enrols, merges or decides meanwhile
        try:
            scope = find_scope(uow, name, actor)
        except (PersonErased, EnrolmentErased):
            found = uow.erasures.of_name(name)
            if found is None:  # by its period, not by an order
                raise
            _note_read(uow, found, actor)
            uow.commit()
            return found
        require_settled(uow, scope)
        destroyed = forget(uow, scope, clock.now(), actor)
        one = record(uow, new_uuid(), destroyed, order, actor=actor, at=clock.now())
        uow.commit()
    return one


def wait_for(one: Erasure, seconds: float, *, actor: Actor, storage: Storage[PrivacyUnit]) -> Erasure:
    """An erasure once a worker has finished it, or as it stands when the time is up."""
    until = time.monotonic() + seconds
    while not one.done and time.monotonic() < until:
        time.sleep(LOOK_SECONDS)
        with storage.read() as uow:
            found = uow.erasures.by_id(one.id)
        assert found is not None
        one = found
    return one


def read_erasure(name: str, *, actor: Actor, storage: Storage[PrivacyUnit]) -> Erasure:
    """What became of an erasure, with its certificate. Raises NoSuchErasure, also for a person not seen."""
    with storage.read() as uow:
        found = uow.erasures.of_name(name)
        if found is None or not _reaches(uow, found, actor):
            raise NoSuchErasure(f"no one was erased who had the number {name}")
        _note_read(uow, found, actor)
        return found


def _note_read(uow: PrivacyUnit, found: Erasure, actor: Actor) -> None:
    people = [one.id for one in found.destroyed.people]
    uow.audit.note(actor, Action.ERASURE_READ, Target("erasure", str(found.id)), people=people)


def _reaches(uow: PrivacyUnit, found: Erasure, actor: Actor) -> bool:
    """By an enrolment of its site's, or a person whom it may see: an enrolment that became no one has no number."""
    if actor.people_of is None:
        return True
    enrolments = (uow.enrolments.by_id(one) for one in found.destroyed.enrolments)
    if any(one is not None and actor.reaches(one.site) for one in enrolments):
        return True
    numbers = [one.number for one in found.destroyed.people if one.number is not None]
    people = [person for number in numbers if (person := uow.people.by_number(number)) is not None]
    return bool(seen(uow, actor, [one.key for one in people]))

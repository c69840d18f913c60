"""Consent: recorded, read, and asked before anything is shared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from service.audit.domain.actions import Action
from service.audit.domain.entries import Target
from service.kit.actor import Actor
from service.kit.clock import Clock
from service.kit.unit import Storage
from service.registry.domain.births import is_child
from service.registry.domain.consents import ConsentAct, ConsentRecord, StatedConsent, is_allowed, newest
from service.registry.domain.people import Person
from service.registry.errors import ConsentDiffers, UnfitConsent
from service.registry.ports import RegistryUnit
from service.registry.steps.named import named_person
from service.registry.steps.people import PersonView, find_person, ids_in, no_such_person, require_there
from service.registry.steps.sight import seen


@dataclass(frozen=True, slots=True)
class ConsentView:
    """records: oldest first. guardians: those whom the actor may see, by the key that a record names."""

    records: Sequence[ConsentRecord]
    guardians: Mapping[int, Person]


def record_consent(
    number: str, stated: StatedConsent, *, actor: Actor, storage: Storage[RegistryUnit], clock: Clock
) -> ConsentView:
    """Record that consent was given or revoked, once: sent again it is answered as the first time.

    It counts from the instant it is recorded. Raises NoSuchPerson, PersonErased, UnknownPerson, UnfitConsent,
    ConsentDiffers.
    """
    with storage.write() as uow:
        uow.changes.lock()
        view = _found(uow, number, actor)
        guardian = None if stated.guardian is None else _guardian(uow, stated.guardian, view, actor, clock.now().date())
        key = None if guardian is None else guardian.key
        known = uow.consents.by_id(stated.id)
        if known is None:
            known = _new(uow, stated, view, guardian, actor=actor, clock=clock)
            uow.consents.add(known)
            details = {"consent": stated.id, "purpose": stated.purpose, "programme": stated.programme, "act": known.act}
            people = ids_in([view]) | (set() if guardian is None else {guardian.id})
            target = Target("person", str(view.person.id))
            uow.audit.note(actor, Action.CONSENT_RECORD, target, people=people, details=details)
            uow.commit()
        elif known.person_key not in _keys(view) or not known.states(stated, key):
            raise ConsentDiffers(f"another consent was recorded under the ID {stated.id}")
        return ConsentView([known], {} if guardian is None else {guardian.key: guardian})


def read_consents(number: str, *, actor: Actor, storage: Storage[RegistryUnit]) -> ConsentView:
    """All of a person, under every number they had. Raises NoSuchPerson, PersonErased."""
    with storage.read() as uow:
        view = _found(uow, number, actor)
        records = uow.consents.of_people(_keys(view))
        named = {one.guardian_key for one in records if one.guardian_key is not None}
        today = uow.people.survivors_of(named) if named else {}
        visible = seen(uow, actor, (one.key for one in today.values()))
        guardians = {key: one for key, one in today.items() if one.key in visible}
        people = ids_in([view]) | {one.id for one in guardians.values()}
        uow.audit.note(actor, Action.CONSENT_READ, Target("person", str(view.person.id)), people=people)
        return ConsentView(records, guardians)


def check_consent(
    number: str, purpose: str, programme: str | None, *, actor: Actor, storage: Storage[RegistryUnit]
) -> bool:
    """Whether a person's data may be shared now. Raises NoSuchPerson, PersonErased."""
    with storage.read() as uow:
        view = _found(uow, number, actor)
        allowed = is_allowed(uow.consents.of_people(_keys(view)), purpose, programme)
        details = {"purpose": purpose, "programme": programme, "allowed": allowed}
        target = Target("person", str(view.person.id))
        uow.audit.note(actor, Action.CONSENT_CHECK, target, people=ids_in([view]), details=details)
        return allowed


def _found(uow: RegistryUnit, number: str, actor: Actor) -> PersonView:
    view = find_person(uow, number)
    if not seen(uow, actor, [view.person.key]):
        raise no_such_person(number)
    require_there(view)
    return view


def _keys(view: PersonView) -> set[int]:
    return {view.person.key, *(one.key for one in view.aliases)}


def _guardian(uow: RegistryUnit, name: str, view: PersonView, actor: Actor, today: date) -> Person:
    found = named_person(uow, actor, name, "guardian")
    if found.key == view.person.key:
        raise UnfitConsent("a guardian is another person", "guardian")
    if is_child(found.demographics, today):
        raise UnfitConsent("a guardian is no child", "guardian")
    return found


def _new(
    uow: RegistryUnit, stated: StatedConsent, view: PersonView, guardian: Person | None, *, actor: Actor, clock: Clock
) -> ConsentRecord:
    now, before = clock.now(), uow.consents.of_people(_keys(view))
    if stated.given and not stated.by_guardian and is_child(view.person.demographics, now.date()):
        raise UnfitConsent("a guardian gives consent for a child; state who", "guardian")
    last = newest(before, stated.purpose, stated.programme)
    given = ConsentAct.CHANGED if last is not None and last.stands else ConsentAct.GIVEN
    return ConsentRecord(
        id=stated.id,
        person_key=view.person.key,
        purpose=stated.purpose,
        programme=stated.programme,
        act=given if stated.given else ConsentAct.REVOKED,
        at=max([now, *(one.at for one in before)]),
        by=actor.id,
        role=actor.role,
        site=actor.place,
        text_version=stated.text_version,
        guardian_key=None if guardian is None else guardian.key,
        guardian_name=stated.guardian_name,
        paper=stated.paper,
        words=stated.words,
    )

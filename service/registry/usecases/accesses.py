"""Who read or changed a person's data: what that person may ask for."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from service.audit.domain.actions import Action
from service.audit.domain.entries import Entry, Target
from service.audit.errors import NoSuchEntry
from service.audit.ports import EntryQuery
from service.kit.actor import Actor
from service.kit.unit import Storage
from service.registry.ports import RegistryUnit
from service.registry.steps.people import PersonView, find_person, ids_in, no_such_person, require_there
from service.registry.steps.sight import seen


@dataclass(frozen=True, slots=True)
class AccessQuery:
    """A page, oldest first. number: after a merge also an old one. after: the place of the last entry before."""

    number: str
    after: tuple[int, int] | None = None
    limit: int = 50


def list_accesses(query: AccessQuery, *, actor: Actor, storage: Storage[RegistryUnit]) -> Sequence[Entry]:
    """Entries that concern a person, under every number they had, and their enrolments.

    Asking is such an entry too. Raises NoSuchPerson, PersonErased, NoSuchEntry.
    """
    with storage.read() as uow:
        view = _found(uow, query.number, actor)
        after = None
        if query.after is not None:
            after = uow.audit_records.at(*query.after)
            if after is None:
                raise NoSuchEntry(f"there is no entry {query.after[0]}-{query.after[1]} to go on from")
        found = uow.audit_records.find(EntryQuery(people=_ids(view), after=after, limit=query.limit))
        target = Target("person", str(view.person.id))
        uow.audit.note(actor, Action.PERSON_ACCESSES, target, people=ids_in([view]))
        return found


def person_ids(number: str, *, actor: Actor, storage: Storage[RegistryUnit]) -> set[UUID]:
    """The IDs that entries name a person by, to search them. What is then shown is noted there.

    Raises NoSuchPerson, PersonErased.
    """
    with storage.read() as uow:
        return _ids(_found(uow, number, actor))


def _found(uow: RegistryUnit, number: str, actor: Actor) -> PersonView:
    view = find_person(uow, number)
    if not seen(uow, actor, [view.person.key]):
        raise no_such_person(number)
    require_there(view)
    return view


def _ids(view: PersonView) -> set[UUID]:
    return ids_in([view]) | {one.id for one in view.aliases}

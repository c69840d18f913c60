"""Facts about a household or a person: as they are, were on a day, and were known."""

from collections.abc import Sequence
from datetime import date, datetime

from service.audit.domain.actions import Action
from service.audit.domain.entries import Target
from service.kit.actor import Actor
from service.kit.unit import Storage
from service.registry.errors import NoSuchHousehold
from service.registry.ports import AsOf, RegistryUnit
from service.registry.steps.composition import compositions
from service.registry.steps.household_then import household_on
from service.registry.steps.people import find_person, ids_in, no_such_person, require_there
from service.registry.steps.shown_facts import ShownFact, show_facts
from service.registry.steps.sight import seen, seen_today
from service.registry.usecases.look_up import checked_household


def read_person_facts(
    number: str, day: date | None, known_at: datetime | None, *, actor: Actor, storage: Storage[RegistryUnit]
) -> Sequence[ShownFact]:
    """Facts about a person, under every number they had, and relationships that others stated to them.

    day, known_at: as of `read_household_then`. Raises NoSuchPerson, PersonErased.
    """
    with storage.read() as uow:
        view = find_person(uow, number)
        if not seen(uow, actor, [view.person.key]):
            raise no_such_person(number)
        require_there(view)
        asked = _asked(uow, day, known_at)
        keys = {view.person.key, *(one.key for one in view.aliases)}
        facts = [*uow.facts.of_people(keys, asked), *uow.facts.of_others(keys, asked)]
        shown = show_facts(uow, list({one.key: one for one in facts}.values()), keys, actor)
        others = {one.other.id for one in shown if one.other is not None}
        uow.audit.note(actor, Action.FACTS_READ, Target("person", str(view.person.id)), people=ids_in([view]) | others)
        return shown


def read_household_facts(
    name: str, day: date | None, known_at: datetime | None, *, actor: Actor, storage: Storage[RegistryUnit]
) -> Sequence[ShownFact]:
    """Facts about a household, to whom sees one of its members. Raises MalformedHousehold, NoSuchHousehold."""
    with storage.read() as uow:
        asked = _asked(uow, day, known_at)
        found = household_on(uow, checked_household(name, "household_id"), asked or AsOf())
        people = compositions(uow, [found.key], asked)[found.key].people()
        visible = seen_today(uow, actor, people)
        if actor.people_of is not None and not visible:
            raise NoSuchHousehold(f"no household has the ID {name}")
        shown = show_facts(uow, uow.facts.of_households([found.key], asked), (), actor)
        target = Target("household", found.household_id or str(found.client_id))
        concerned = [one.id for one in uow.people.by_keys(visible).values()]
        uow.audit.note(actor, Action.FACTS_READ, target, people=concerned)
        return shown


def _asked(uow: RegistryUnit, day: date | None, known_at: datetime | None) -> AsOf | None:
    if day is None and known_at is None:
        return None
    return AsOf(day, None if known_at is None else uow.history.known_at(known_at))

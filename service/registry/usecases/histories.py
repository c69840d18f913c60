"""Households and people over time: as they were on a day, what changed, and what differs between two days."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from service.audit.domain.actions import Action
from service.audit.domain.entries import Target
from service.kit.actor import Actor
from service.kit.unit import Storage
from service.registry.domain.changes import Change
from service.registry.domain.households import Household
from service.registry.domain.people import Person
from service.registry.errors import NoSuchChange, NoSuchHousehold
from service.registry.ports import AsOf, RegistryUnit
from service.registry.steps.composition import Composition, compositions
from service.registry.steps.household_then import household_on
from service.registry.steps.people import find_person, ids_in, no_such_person, require_there
from service.registry.steps.residence import find_named
from service.registry.steps.sight import seen, seen_today
from service.registry.steps.undo import undone_among
from service.registry.usecases.look_up import checked_household


@dataclass(frozen=True, slots=True)
class HouseholdThen:
    """A household as it was. people: its members of then by key, as their records state them today.

    visible: the keys of those whom the actor may see.
    """

    household: Household
    composition: Composition
    people: Mapping[int, Person]
    visible: Collection[int]


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs between two days. people: all members of either, by key."""

    household: Household
    before: Composition
    after: Composition
    people: Mapping[int, Person]
    visible: Collection[int]


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One change. undone: whether it was taken back. households, people: whom it touched, as far as they are seen."""

    change: Change
    undone: bool
    undoes: UUID | None
    households: Sequence[Household]
    people: Sequence[Person]


@dataclass(frozen=True, slots=True)
class TimelineQuery:
    """A page of changes in the order they were recorded. after: the ID of the last of the page before."""

    name: str
    after: UUID | None = None
    limit: int = 50


def read_household_then(
    name: str, day: date | None, known_at: datetime | None, *, actor: Actor, storage: Storage[RegistryUnit]
) -> HouseholdThen:
    """Who lived in a household on a day, as was known at an instant; None: what has no end, what is known now.

    An ID that was an alias then leads where it led then. Raises MalformedHousehold, NoSuchHousehold.
    """
    with storage.read() as uow:
        asked = AsOf(day, None if known_at is None else uow.history.known_at(known_at))
        found = household_on(uow, checked_household(name, "household_id"), asked)
        composition = compositions(uow, [found.key], asked)[found.key]
        people, visible = _members(uow, actor, composition.people())
        if actor.people_of is not None and not visible:
            raise NoSuchHousehold(f"no household has the ID {name}")
        _note(uow, actor, found, [one.id for key, one in people.items() if key in visible])
        return HouseholdThen(found, composition, people, visible)


def compare_days(name: str, first: date, last: date, *, actor: Actor, storage: Storage[RegistryUnit]) -> Difference:
    """A household on two days, as known now. Raises MalformedHousehold, NoSuchHousehold."""
    with storage.read() as uow:
        found = household_on(uow, checked_household(name, "household_id"), AsOf(last))
        before, after = (compositions(uow, [found.key], AsOf(day))[found.key] for day in (first, last))
        people, visible = _members(uow, actor, before.people() | after.people())
        if actor.people_of is not None and not visible:
            raise NoSuchHousehold(f"no household has the ID {name}")
        _note(uow, actor, found, [one.id for key, one in people.items() if key in visible])
        return Difference(found, before, after, people, visible)


def household_timeline(
    query: TimelineQuery, *, actor: Actor, storage: Storage[RegistryUnit]
) -> Sequence[TimelineEntry]:
    """What changed in a household, and in those that are aliases of it.

    Raises MalformedHousehold, NoSuchHousehold, NoSuchChange.
    """
    with storage.read() as uow:
        name = checked_household(query.name, "household_id")
        found = find_named(uow, [name]).get(name)
        if found is None:
            raise NoSuchHousehold(f"no household has the ID {name}")
        today = uow.households.survivor_of(found)
        keys = {found.key, today.key, *uow.households.aliases_of(today.key)}
        changes = uow.history.of_households(keys, _after(uow, query.after), query.limit)
        entries, shown = _entries(uow, changes, actor)
        if actor.people_of is not None and not shown:  # as on a page of changes of the household alone
            members = {one.person_key for some in uow.households.members_of_many(keys).values() for one in some}
            if not seen_today(uow, actor, members):
                raise NoSuchHousehold(f"no household has the ID {name}")
        target = Target("household", today.household_id or str(today.client_id))
        uow.audit.note(actor, Action.HOUSEHOLD_TIMELINE, target, people=[one.id for one in shown])
        return entries


def person_timeline(query: TimelineQuery, *, actor: Actor, storage: Storage[RegistryUnit]) -> Sequence[TimelineEntry]:
    """What changed about a person, under every number they had. Raises NoSuchPerson, PersonErased, NoSuchChange."""
    with storage.read() as uow:
        view = find_person(uow, query.name)
        if not seen(uow, actor, [view.person.key]):
            raise no_such_person(query.name)
        require_there(view)
        keys = {view.person.key, *(one.key for one in view.aliases)}
        changes = uow.history.of_people(keys, _after(uow, query.after), query.limit)
        entries, shown = _entries(uow, changes, actor)
        people = ids_in([view]) | {one.id for one in shown}
        uow.audit.note(actor, Action.PERSON_TIMELINE, Target("person", str(view.person.id)), people=people)
        return entries


def _members(uow: RegistryUnit, actor: Actor, keys: Collection[int]) -> tuple[Mapping[int, Person], set[int]]:
    return uow.people.by_keys(keys), seen_today(uow, actor, keys)


def _note(uow: RegistryUnit, actor: Actor, home: Household, people: Sequence[UUID]) -> None:
    target = Target("household", home.household_id or str(home.client_id))
    uow.audit.note(actor, Action.HOUSEHOLD_READ, target, people=people)


def _after(uow: RegistryUnit, change_id: UUID | None) -> int:
    if change_id is None:
        return 0
    found = uow.history.by_id(change_id)
    if found is None:
        raise NoSuchChange(f"there is no change {change_id} to go on from")
    return found.key


def _entries(
    uow: RegistryUnit, changes: Sequence[Change], actor: Actor
) -> tuple[Sequence[TimelineEntry], Sequence[Person]]:
    """In a constant number of queries; the people shown."""
    about = uow.history.about([one.key for one in changes])
    keys = {one.person_key for some in about.values() for one in some if one.person_key is not None}
    people, visible = _members(uow, actor, keys)
    homes = uow.households.by_keys(
        {one.household_key for some in about.values() for one in some if one.household_key is not None}
    )
    undone = undone_among(uow, [one.key for one in changes])
    former = {one.undoes_key for one in changes if one.undoes_key is not None}
    undoes = uow.history.by_keys(former) if former else {}
    entries = [
        TimelineEntry(
            one,
            one.key in undone,
            None if one.undoes_key is None else undoes[one.undoes_key].id,
            [homes[key] for key in dict.fromkeys(each.household_key for each in about[one.key]) if key is not None],
            [people[key] for key in dict.fromkeys(each.person_key for each in about[one.key]) if key in visible],
        )
        for one in changes
    ]
    return entries, [people[key] for key in visible if key in people]

"""Changing households and who lives in them: one intention at a time, each with its way back."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from service.audit.domain.actions import Action
from service.audit.domain.entries import Target
from service.audit.steps.words import seal_words
from service.kit.actor import Actor
from service.kit.canonical import canonical
from service.kit.clock import Clock
from service.kit.unit import Storage
from service.registry.domain.changes import Change, ChangeAbout, ChangeKind
from service.registry.domain.facts import KINDS
from service.registry.domain.households import Household, HouseholdStatus
from service.registry.domain.intentions import Intention, Order, RecordFacts, UndoOrder
from service.registry.domain.people import Person
from service.registry.errors import ChangeDiffers, NoSuchChange, NotInTime
from service.registry.ports import AsOf, RegistryUnit
from service.registry.steps.checked_facts import FactRules
from service.registry.steps.composition import Composition, compositions
from service.registry.steps.follow_facts import follow_facts
from service.registry.steps.heads import review_heads
from service.registry.steps.intentions import Work, carry_out
from service.registry.steps.named import named_household, named_person
from service.registry.steps.record import AHEAD, begin
from service.registry.steps.shown_facts import ShownFact, show_facts
from service.registry.steps.sight import seen, seen_today
from service.registry.steps.undo import require_standing, take_back, undone_among

FACT_RULES = FactRules()
_OF_FACTS = (ChangeKind.FACTS_RECORDED, ChangeKind.FACTS_WITHDRAWN, ChangeKind.UNDONE)


@dataclass(frozen=True, slots=True)
class HouseholdEffect:
    """What a change made of one household: as it was known before it, and after it."""

    household: Household
    before: Composition
    after: Composition


@dataclass(frozen=True, slots=True)
class ChangeView:
    """people: whom it touched or who live in a household that it touched, by key; those that the actor may see.

    undoes: the ID of the change that it takes back. facts_before, facts_after: those it replaced and those it wrote,
    about whom the actor may see.
    """

    change: Change
    undone: bool
    undoes: UUID | None
    effects: Sequence[HouseholdEffect]
    people: dict[int, Person]
    facts_before: Sequence[ShownFact]
    facts_after: Sequence[ShownFact]


def make_change(
    order: Order,
    *,
    actor: Actor,
    storage: Storage[RegistryUnit],
    clock: Clock,
    number_length: int,
    rules: FactRules = FACT_RULES,
) -> ChangeView:
    """Carry an order out, once: sent again it is answered as the first time.

    Raises UnknownPerson, UnknownHousehold, MalformedHousehold, NotInTime, UnfitFact, ChangeDiffers, and the conflicts
    that `service.registry.steps.intentions` raises.
    """
    with storage.write() as uow:
        uow.changes.lock()
        if (known := _repeated(uow, order.id, _hash_of(order))) is None:
            known = _carry_out(uow, order, actor, clock, number_length=number_length, rules=rules)
            view = _view(uow, known, actor)
            _note(uow, view, actor, Action.CHANGE_MAKE)
        else:
            view = _again(uow, known, actor)
        uow.commit()
        return view


def preview_change(
    order: Order,
    *,
    actor: Actor,
    storage: Storage[RegistryUnit],
    clock: Clock,
    number_length: int,
    rules: FactRules = FACT_RULES,
) -> ChangeView:
    """What an order would do, of which nothing is kept. Raises what `make_change` raises."""
    with storage.write() as uow:
        uow.changes.lock()
        known = _repeated(uow, order.id, _hash_of(order))
        if known is None:
            known = _carry_out(uow, order, actor, clock, number_length=number_length, rules=rules)
        elif known.by != actor.id:
            _found(uow, order.id, actor)
        view = _view(uow, known, actor)
    _note_seen(view, Action.CHANGE_PREVIEW, actor, storage)
    return view


def undo_change(order: UndoOrder, *, actor: Actor, storage: Storage[RegistryUnit], clock: Clock) -> ChangeView:
    """Take a change back. Raises NoSuchChange, ChangeStands, BuiltOn, ChangeDiffers."""
    with storage.write() as uow:
        uow.changes.lock()
        if (known := _repeated(uow, order.id, _hash_of(order))) is None:
            known = _undo(uow, order, actor, clock)
            view = _view(uow, known, actor)
            _note(uow, view, actor, Action.CHANGE_UNDO)
        else:
            view = _again(uow, known, actor)
        uow.commit()
        return view


def read_change(change_id: UUID, *, actor: Actor, storage: Storage[RegistryUnit]) -> ChangeView:
    """One change with its effects. Raises NoSuchChange, also for one about people whom the actor may not see."""
    with storage.read() as uow:
        view = _view(uow, _found(uow, change_id, actor), actor)
        uow.audit.note(actor, Action.CHANGE_READ, Target("change", str(change_id)), people=_shown(view))
        return view


def _again(uow: RegistryUnit, known: Change, actor: Actor) -> ChangeView:
    """What was carried out before, to who ordered it or may see it; to be shown it is to read it."""
    if known.by != actor.id:
        _found(uow, known.id, actor)
    view = _view(uow, known, actor)
    uow.audit.note(actor, Action.CHANGE_READ, Target("change", str(known.id)), people=_shown(view))
    return view


def _shown(view: ChangeView) -> set[UUID]:
    """Everyone who is named, also as somebody's relative."""
    others = [one.other for one in (*view.facts_before, *view.facts_after) if one.other is not None]
    return {one.id for one in (*view.people.values(), *others)}


def _carry_out(
    uow: RegistryUnit, order: Order, actor: Actor, clock: Clock, *, number_length: int, rules: FactRules
) -> Change:
    now = clock.now()
    if order.effective > (now + AHEAD).date():
        raise NotInTime("a change is ordered once it is so, not before", "effective")
    change = Change(
        order.id,
        order.intention.KIND,
        order.effective,
        now,
        actor.id,
        actor.role,
        actor.place,
        order.reason,
        order.words,
        order.document,
        order_hash=_hash_of(order),
    )
    begin(uow, [change])
    person, home = partial(named_person, uow, actor), partial(named_household, uow, actor)
    work = Work(uow, change, number_length, person, home, rules)
    carry_out(order.intention, work)
    _finish(uow, change)
    return change


def _undo(uow: RegistryUnit, order: UndoOrder, actor: Actor, clock: Clock) -> Change:
    former = _found(uow, order.change_id, actor)
    if actor.people_of is not None and (touched := _people(uow, former)) - seen(uow, actor, touched):
        raise NoSuchChange(f"change {former.id} is also about people whom others enrolled; they take it back")
    require_standing(uow, former)
    change = Change(
        order.id,
        ChangeKind.UNDONE,
        former.effective,
        clock.now(),
        actor.id,
        actor.role,
        actor.place,
        former.reason,
        order.words,
        undoes_key=former.key,
        order_hash=_hash_of(order),
    )
    begin(uow, [change])
    take_back(uow, former, change)
    _finish(uow, change)
    return change


def _finish(uow: RegistryUnit, change: Change) -> None:
    """What follows from a change once it is complete: aliases, and tasks."""
    uow.flush()
    homes = _homes(uow, change)
    states = uow.households.states_of_many(homes)
    for key, home in uow.households.by_keys(homes).items():
        state = states.get(key)
        home.survivor_key = state.into_key if state is not None and state.status is HouseholdStatus.MERGED else None
    follow_facts(uow, change)
    review_heads(uow, homes, by=change.by, now=change.recorded_at)


def _homes(uow: RegistryUnit, change: Change) -> list[int]:
    about = uow.history.about([change.key]).get(change.key, ())
    return sorted({one.household_key for one in about if one.household_key is not None})


def _repeated(uow: RegistryUnit, change_id: UUID, order_hash: str) -> Change | None:
    """The change that was carried out under this ID. Raises ChangeDiffers where that was by another order."""
    known = uow.history.by_id(change_id)
    if known is not None and known.order_hash != order_hash:
        raise ChangeDiffers(f"change {change_id} was another order")
    return known


def _hash_of(order: Order | UndoOrder) -> str:
    """Of what was meant: a field that has its default is left out, so that one added later changes no hash."""
    what = [type(order).__name__] if isinstance(order, UndoOrder) else _kinds(order.intention)
    return hashlib.sha256(canonical({"what": what, "order": order})).hexdigest()


def _kinds(one: Intention) -> list[str]:
    stated = [KINDS[type(each.value)] for each in one.facts] if isinstance(one, RecordFacts) else []
    return [one.KIND, *stated]


def _found(uow: RegistryUnit, change_id: UUID, actor: Actor) -> Change:
    found = uow.history.by_id(change_id)
    if found is None:
        raise NoSuchChange(f"there is no change {change_id}")
    if actor.people_of is not None and not seen(uow, actor, _people(uow, found) | _of_homes(uow, found)):
        raise NoSuchChange(f"there is no change {change_id}")
    return found


def _people(uow: RegistryUnit, change: Change) -> set[int]:
    """Of today, whom a change touched."""
    return _today(uow, uow.history.about([change.key]).get(change.key, ()))


def _today(uow: RegistryUnit, about: Sequence[ChangeAbout]) -> set[int]:
    asked = {one.person_key for one in about if one.person_key is not None}
    return {one.key for one in uow.people.survivors_of(asked).values()} if asked else set()


def _view(uow: RegistryUnit, change: Change, actor: Actor) -> ChangeView:
    about = uow.history.about([change.key]).get(change.key, ())
    homes = sorted({one.household_key for one in about if one.household_key is not None})
    before = compositions(uow, homes, AsOf(known=change.key - 1))
    after = compositions(uow, homes, AsOf(known=change.key))
    households = uow.households.by_keys(homes)
    effects = [HouseholdEffect(households[key], before[key], after[key]) for key in homes]
    shown = _today(uow, about).union(*(one.before.people() | one.after.people() for one in effects))
    undoes = None if change.undoes_key is None else uow.history.by_key(change.undoes_key).id
    visible = uow.people.by_keys(seen_today(uow, actor, shown))
    facts = _facts(uow, change, visible, actor, of_homes=bool(visible) or not shown)
    undone = bool(undone_among(uow, [change.key]))
    return ChangeView(change, undone, undoes, effects, dict(visible), *facts)


def _facts(
    uow: RegistryUnit, change: Change, visible: Collection[int], actor: Actor, *, of_homes: bool
) -> tuple[Sequence[ShownFact], Sequence[ShownFact]]:
    """Those that a change replaced, and those that it wrote. of_homes: also those of households."""
    if change.kind not in _OF_FACTS:
        return (), ()
    touched = uow.facts.touched(change.key)
    facts = [one for one in touched if (of_homes if one.person_key is None else one.person_key in visible)]
    of = {one.person_key for one in facts if one.person_key is not None}
    shown = show_facts(uow, facts, of, actor) if facts else ()
    before = [one for one in shown if one.fact.recorded_by != change.key]
    return before, [one for one in shown if one.fact.recorded_by == change.key]


def _note(uow: RegistryUnit, view: ChangeView, actor: Actor, action: Action) -> None:
    """What was changed, by identifiers and codes, and who is named in the answer; the words are sealed."""
    change = view.change
    concerned = uow.people.by_keys(_people(uow, change) | _of_homes(uow, change) | _related(uow, change))
    people = {one.id for one in concerned.values()} | _shown(view)
    homes = uow.households.by_keys(_homes(uow, change)).values()
    details = {
        "kind": change.kind,
        "effective": change.effective.isoformat(),
        "households": [one.household_id or str(one.client_id) for one in homes],
    }
    target = Target("change", str(change.id))
    words = None if change.words is None else seal_words(change.words, target, uow.keys)
    uow.audit.note(actor, action, target, people=people, details=details, reason=change.reason, payload=words)


def _of_homes(uow: RegistryUnit, change: Change) -> set[int]:
    """Who lives where a change recorded or ended facts of a household: these are about them too."""
    facts = uow.facts.touched(change.key) if change.kind in _OF_FACTS else ()
    homes = {one.household_key for one in facts if one.household_key is not None}
    members = uow.households.members_of_many(homes) if homes else {}
    return {one.person_key for some in members.values() for one in some}


def _related(uow: RegistryUnit, change: Change) -> set[int]:
    """With whom a change recorded or ended a relationship."""
    facts = uow.facts.touched(change.key) if change.kind in _OF_FACTS else ()
    return {one.other_key for one in facts if one.other_key is not None}


def _note_seen(view: ChangeView, action: Action, actor: Actor, storage: Storage[RegistryUnit]) -> None:
    """In a transaction of its own: that of a preview keeps nothing."""
    with storage.read() as uow:
        uow.audit.note(actor, action, Target("change", str(view.change.id)), people=_shown(view))

"""Facts as an actor may see them, in the order in which they are to be shown."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from service.kit.actor import Actor
from service.registry.domain.changes import Change
from service.registry.domain.fact_values import INVERSE, Relationship, Value
from service.registry.domain.facts import Fact, in_conflict, in_order, same_document
from service.registry.domain.people import Person
from service.registry.ports import RegistryUnit
from service.registry.steps.sight import seen


@dataclass(frozen=True, slots=True)
class ShownFact:
    """value: of a relationship that the other one stated, its inverse. other: with whom, as far as the actor sees them.

    change: that recorded it. disputed: a document that is stated of another person too.
    """

    fact: Fact
    value: Value
    other: Person | None
    change: Change
    conflict: bool
    disputed: bool


def show_facts(uow: RegistryUnit, facts: Sequence[Fact], of: Collection[int], actor: Actor) -> Sequence[ShownFact]:
    """In a constant number of queries. of: the keys of the person whose facts these are; of a household none."""
    ordered = in_order(facts)
    changes = uow.history.by_keys({one.recorded_by for one in ordered})
    conflicts, disputed = in_conflict(ordered), _disputed(uow, ordered)
    others = _others(uow, ordered, of, actor)
    shown = []
    for one in ordered:
        inverse = isinstance(one.value, Relationship) and one.person_key not in of
        value = Relationship(INVERSE[one.value.type]) if inverse and isinstance(one.value, Relationship) else one.value
        other = one.person_key if inverse else one.other_key
        shown.append(
            ShownFact(
                one,
                value,
                None if other is None else others.get(other),
                changes[one.recorded_by],
                one.key in conflicts,
                one.key in disputed,
            )
        )
    return shown


def _disputed(uow: RegistryUnit, facts: Sequence[Fact]) -> set[int]:
    """The keys of documents that stand of other people too."""
    tokens = {one.token for one in facts if one.token is not None}
    claims = uow.facts.claims(tokens)
    people = {one.person_key for one in (*claims, *facts) if one.person_key is not None}
    survivors = uow.people.survivors_of(people) if claims else {}
    today: dict[int | None, int] = {key: one.key for key, one in survivors.items()}
    return {
        one.key
        for one in facts
        for other in claims
        if same_document(one, other) and today.get(one.person_key) != today.get(other.person_key)
    }


def _others(uow: RegistryUnit, facts: Sequence[Fact], of: Collection[int], actor: Actor) -> Mapping[int, Person]:
    """Those with whom these state a relationship, as they stand today, by the key that it names."""
    keys = {key for one in facts if one.other_key is not None for key in (one.other_key, one.person_key)}
    asked = {key for key in keys if key is not None and key not in of}
    today = uow.people.survivors_of(asked) if asked else {}
    visible = seen(uow, actor, (one.key for one in today.values()))
    return {key: one for key, one in today.items() if one.key in visible}

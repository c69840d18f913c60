"""Who a person is stated to be: what stands first of the facts about it, otherwise what was stated at enrolment."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from service.registry.domain.changes import Change
from service.registry.domain.fact_values import Born, Named, OfSex, Value
from service.registry.domain.facts import IDENTITY, Fact, in_order
from service.registry.domain.people import Demographics, Person
from service.registry.ports import RegistryUnit
from service.registry.steps.heads import review_heads
from service.registry.steps.index import index_people
from service.tasks.steps.due import note_birth_changed


def follow_identity(uow: RegistryUnit, people: Sequence[Person], change: Change) -> None:
    """Have the records of people state what facts about them state. To be called once a change is complete.

    A head may be a child by another birth, or no child any more.
    """
    changed = set()
    facts = uow.facts.of_people([one.key for one in people])
    for person in people:
        of_person = [one for one in in_order(facts) if one.person_key == person.key and one.kind in IDENTITY]
        before = person.demographics
        original = person.stated or before
        now_stated = _with_facts(original, of_person)
        person.stated = original if of_person else None
        if now_stated != before:
            person.demographics = now_stated
            note_identity_changed(uow, person, change.recorded_at)
            changed.add(person.key)
    homes = {one.household_key for one in uow.households.current_of_many(changed).values()} if changed else set()
    if homes:
        review_heads(uow, homes, by=change.by, now=change.recorded_at)


def note_identity_changed(uow: RegistryUnit, person: Person, now: datetime) -> None:
    """Have all follow that is derived from a person's names, birth and sex, once their record states others."""
    note_birth_changed(uow, person.key, now.date())
    index_people(uow, {person.key: person.demographics})


def _with_facts(who: Demographics, facts: Sequence[Fact]) -> Demographics:
    """facts: in order; the first of each kind counts."""
    for one in reversed(facts):
        who = _with(who, one.value)
    return who


def _with(who: Demographics, value: Value) -> Demographics:
    match value:
        case Named():
            return replace(who, names=value.names, no_name=None)
        case Born():
            return replace(
                who,
                birth_date=value.birth_date,
                birth_year=value.birth_year,
                birth_estimated=value.birth_estimated,
            )
        case OfSex():
            return replace(who, sex=value.sex)
    raise TypeError(type(value))

"""What follows from facts and from who is there, once a change is complete, or was taken back."""

from collections.abc import Collection, Sequence
from datetime import timedelta

from service.registry.domain.changes import Change
from service.registry.domain.fact_values import Document
from service.registry.domain.facts import IDENTITY, Fact, FactKind
from service.registry.domain.households import LifeStatus, PersonState
from service.registry.ports import RegistryUnit
from service.registry.steps.disputed import review_disputes
from service.registry.steps.identity import follow_identity
from service.registry.steps.index import REACHED_BY, index_facts
from service.tasks.steps.due import drop_dues, note_birth_changed, plan_expiry


def follow_facts(uow: RegistryUnit, change: Change) -> None:
    """Records, and days that are known before, as the facts are now: the same however they came to be so."""
    touched = [*uow.history.recorded(change.key), *uow.history.superseded(change.key)]
    facts = [one for one in touched if isinstance(one, Fact)]
    people = {one.person_key for one in facts if one.kind in IDENTITY and one.person_key is not None}
    if people:
        follow_identity(uow, list(uow.people.by_keys(people).values()), change)
    reached = {one.person_key for one in facts if one.kind in REACHED_BY and one.person_key is not None}
    if reached:
        uow.flush()
        index_facts(uow, reached, uow.facts.of_people(reached))
    lives = [one for one in touched if isinstance(one, PersonState)]
    came_or_left = {one.person_key for one in lives if one.status is not LifeStatus.PRESENT}
    _plan_again(uow, came_or_left, change)
    documents = [one for one in facts if one.kind is FactKind.DOCUMENT]
    if documents:
        standing = uow.facts.standing({one.id for one in documents})
        plan_expiries(uow, documents, standing.values())
        review_disputes(uow, documents, standing.values(), change)
    uow.flush()


def plan_expiries(uow: RegistryUnit, touched: Sequence[Fact], standing: Collection[Fact]) -> None:
    """A day for each document that stands and ends, and none for the others."""
    there = _present(uow, {one.person_key for one in touched if one.person_key is not None})
    for one in touched:
        assert one.person_key is not None
        plan_expiry(uow, one.person_key, str(one.id), None)
    for one in standing:
        assert isinstance(one.value, Document)
        if one.person_key in there and one.value.valid_until is not None:
            plan_expiry(uow, one.person_key, str(one.id), one.value.valid_until + timedelta(days=1))


def _plan_again(uow: RegistryUnit, people: Collection[int], change: Change) -> None:
    """Nothing becomes due of those who died or left; of those who are there, what their birth and documents bring."""
    if not people:
        return
    there = _present(uow, people)
    drop_dues(uow, people)
    for key in there:
        note_birth_changed(uow, key, change.recorded_at.date())
    documents = [one for one in uow.facts.of_people(there) if one.kind is FactKind.DOCUMENT]
    plan_expiries(uow, documents, documents)


def _present(uow: RegistryUnit, people: Collection[int]) -> set[int]:
    lives = uow.households.lives_of_many(people)
    return {key for key in people if key not in lives or lives[key].status is LifeStatus.PRESENT}

"""Opening tasks on the days that bring them: who comes of age, whose captures are due again, what has expired.

Births are sealed. Each is opened once, the night after the person was recorded, and leaves in plain the months in which
something is due; so a night costs what was recorded since the last, and what is due.
"""

from calendar import monthrange
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from service.audit.domain.actions import Action
from service.kit.actor import Actor
from service.kit.clock import Clock
from service.kit.unit import Storage
from service.registry.domain.births import MAJORITY, still_to_come
from service.registry.domain.households import LifeStatus
from service.registry.domain.people import Person
from service.registry.ports import RegistryUnit
from service.tasks.domain.due import OF_BIRTH, Due, DueKind, Reading
from service.tasks.domain.tasks import of_person
from service.tasks.steps.open import Wanted, open_tasks

PAGE = 500
"""People read, or days looked at, in one transaction."""


@dataclass(frozen=True, slots=True)
class Opened:
    """read: births. tasks: opened."""

    read: int
    tasks: int


def open_due(
    ages: Sequence[int], *, actor: Actor, storage: Storage[RegistryUnit], clock: Clock, page: int = PAGE
) -> Opened:
    """Open what has become due. Stopped at any moment, the next call goes on.

    ages: in years, at which captures are taken again. Where they are others than before, all births are read again.
    """
    today = clock.now().date()
    by = _Opening(tuple(ages), actor, storage, clock, today, page)
    _begin_anew(by)
    return Opened(_each(lambda: _read_births(by)), _each(lambda: _open(by)))


@dataclass(frozen=True, slots=True)
class _Opening:
    ages: tuple[int, ...]
    actor: Actor
    storage: Storage[RegistryUnit]
    clock: Clock
    today: date
    page: int


def _each(step: Callable[[], int | None]) -> int:
    """The sum of what a step did, until there is nothing more to do."""
    total = 0
    while (count := step()) is not None:
        total += count
    return total


def _begin_anew(by: _Opening) -> None:
    with by.storage.write() as uow:
        known = uow.dues.reading()
        if known is None or known.ages != by.ages:
            uow.dues.drop(None, OF_BIRTH)
            uow.dues.set_reading(Reading(0, by.ages))
            uow.commit()


def _read_births(by: _Opening) -> int | None:
    """The next page of people recorded since, and how many they were."""
    with by.storage.write() as uow:
        known = uow.dues.reading()
        assert known is not None
        people = uow.people.searched_after(known.after, by.page)
        if not people:
            return None
        _plan(uow, by, people)
        uow.dues.set_reading(Reading(people[-1].key, by.ages))
        uow.commit()
    return len(people)


def _plan(uow: RegistryUnit, by: _Opening, people: Sequence[Person]) -> None:
    dues = [
        Due(kind, one.key, month, str(age))
        for one in people
        for kind, ages in ((DueKind.TURNING_18, (MAJORITY,)), (DueKind.CAPTURES_DUE, by.ages))
        for age, month in still_to_come(one.demographics, ages, by.today)
    ]
    uow.dues.drop([one.key for one in people], OF_BIRTH)
    uow.dues.put(dues)
    uow.audit.note(by.actor, Action.BIRTH_READ, people=[one.id for one in people], details={"planned": len(dues)})


def _open(by: _Opening) -> int | None:
    """The next page of days that have come, and how many tasks they opened."""
    with by.storage.write() as uow:
        come = uow.dues.come(by.today, by.page)
        if not come:
            return None
        uow.dues.remove(come)
        today = uow.people.survivors_of({one.person for one in come})
        lives = uow.households.lives_of_many({one.key for one in today.values()})
        gone = {key for key, life in lives.items() if life.status is not LifeStatus.PRESENT}
        there = [one for one in come if today[one.person].key not in gone and _is_there(one, today[one.person])]
        changed = [today[one.person] for one in there if one.kind is DueKind.BIRTH_CHANGED]
        if changed:
            _plan(uow, by, changed)
        opened = _open_tasks(uow, by, [one for one in there if one.kind is not DueKind.BIRTH_CHANGED], today)
        uow.commit()
    return opened


def _is_there(one: Due, person: Person) -> bool:
    """Whether a day still counts. person: who they are today; of a survivor's birth, the survivor's own days tell."""
    return person.searched and (one.kind is DueKind.DOCUMENT_EXPIRED or person.key == one.person)


def _open_tasks(uow: RegistryUnit, by: _Opening, come: Sequence[Due], today: Mapping[int, Person]) -> int:
    if not come:
        return 0
    tasks = open_tasks(uow, [_wanted(one, today[one.person].key) for one in come], by.clock.now())
    concerned: set[UUID] = {today[one.person].id for one in come}
    uow.audit.note(by.actor, Action.TASK_OPEN, people=concerned, details={"tasks": [one.id for one in tasks]})
    return len(tasks)


def _wanted(one: Due, person: int) -> Wanted:
    if one.kind is DueKind.DOCUMENT_EXPIRED:
        return Wanted(one.kind.task, of_person(person, one.ref))
    last = one.on.replace(day=monthrange(one.on.year, one.on.month)[1])
    return Wanted(one.kind.task, of_person(person), last, {"age": int(one.ref)})

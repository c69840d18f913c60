"""Opening tasks, and closing those that settle themselves, in the transaction of what made them so."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from service.kit.ids import new_uuid
from service.tasks.domain.tasks import About, Outcome, Task, TaskKind
from service.tasks.ports import TaskUnit


@dataclass(frozen=True, slots=True)
class Wanted:
    """A task that should be there. due, details: as of `Task`."""

    kind: TaskKind
    about: About
    due: date | None = None
    details: Mapping[str, str | int] | None = None


def open_task(
    uow: TaskUnit,
    kind: TaskKind,
    about: About,
    *,
    now: datetime,
    due: date | None = None,
    details: Mapping[str, str | int] | None = None,
) -> Task:
    """The task of this kind about this subject: the one that is not closed yet, or a new one."""
    return open_tasks(uow, [Wanted(kind, about, due, details)], now)[0]


def open_tasks(uow: TaskUnit, wanted: Sequence[Wanted], now: datetime) -> list[Task]:
    """One for each wanted, in one query. details: codes and figures; nothing personal, for they are not sealed."""
    if not wanted:
        return []
    found = uow.tasks.unclosed({one.kind for one in wanted}, [one.about for one in wanted])
    known = {(one.kind, one.about.subject): one for one in found}
    tasks = []
    for one in wanted:
        place = one.kind, one.about.subject
        if place not in known:
            about = one.about
            known[place] = Task(
                id=new_uuid(),
                kind=one.kind,
                household_key=about.household,
                person_key=about.person,
                ref=about.ref,
                opened_at=now,
                due=one.due,
                details=dict(one.details or {}),
            )
            uow.tasks.add(known[place])
        tasks.append(known[place])
    return tasks


def settle_task(
    uow: TaskUnit, kind: TaskKind, about: About, outcome: Outcome, *, by: str, now: datetime
) -> Task | None:
    """Close the task of this kind about this subject, where there is one: what it asked for has happened.

    by: the ID of the actor who made it so.
    """
    found = next(iter(uow.tasks.unclosed([kind], [about])), None)
    if found is not None:
        found.close(outcome, None, by, now)
    return found


def cancel_tasks(
    uow: TaskUnit, *, household: int | None = None, person: int | None = None, by: str, now: datetime
) -> None:
    """Close all tasks about a household or about a person, where it was dissolved, or they died or were withdrawn.

    What a household waits for because this person left it stays.
    """
    for one in _about(uow, household, person):
        if one.household_key == household:
            one.close(Outcome.NOT_NEEDED, None, by, now)


def move_tasks(
    uow: TaskUnit,
    *,
    household: tuple[int, int] | None = None,
    person: tuple[int, int] | None = None,
    by: str,
    now: datetime,
) -> None:
    """After a merge, from the loser to the survivor, each by key. Where the survivor has the same, theirs remains."""
    if household is not None:
        loser, survivor = household
        _move(uow, [(one, replace(one.about, household=survivor)) for one in _about(uow, loser, None)], by, now)
    if person is not None:
        loser, survivor = person
        _move(uow, [(one, replace(one.about, person=survivor)) for one in _about(uow, None, loser)], by, now)


def _move(uow: TaskUnit, some: Sequence[tuple[Task, About]], by: str, now: datetime) -> None:
    found = uow.tasks.unclosed({one.kind for one, _ in some}, [to for _, to in some])
    there = {(one.kind, one.about.subject) for one in found}
    for one, to in some:
        if to.subject != one.about.subject and (one.kind, to.subject) in there:
            one.close(Outcome.NOT_NEEDED, None, by, now)
        else:
            one.household_key, one.person_key = to.household, to.person


def _about(uow: TaskUnit, household: int | None, person: int | None) -> Sequence[Task]:
    """Unclosed tasks about this household, and about this person, also as a member of a household."""
    households = () if household is None else (household,)
    people = () if person is None else (person,)
    return uow.tasks.unclosed_of(households=households, people=people)

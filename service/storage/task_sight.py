"""Which tasks are there for who is bound to sites: in SQL, over tables that the context of tasks knows nothing of."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, or_, select
from sqlalchemy.orm import aliased

from service.enrolment.storage import enrolment
from service.registry.storage.households import membership
from service.registry.storage.people import person
from service.registry.storage.versions import at
from service.tasks.storage import task


def seen_from(sites: Collection[str]) -> ColumnElement[bool]:
    """Whether these sites enrolled the person of a task or a member of its household, also under an alias.

    A person whom no site enrolled, such as a child born since, is seen with whom they live with. The same as
    `service.registry.steps.sight.seen`, for a page of tasks at once. Each way by itself: with an OR inside, a database
    reads everyone for each task.
    """
    own, stay = enrolment.alias("own"), membership.alias("stay")
    never_enrolled = ~exists().where(own.c.person_key == task.c.person_key).correlate(task)
    lasts = stay.c.superseded_by.is_(None) & stay.c.valid_to.is_(None)
    the_person = select(person.c.key).where(person.c.key == task.c.person_key)
    member = select(membership.c.person_key.label("key")).where(at(membership, None))
    at_home = member.where(membership.c.household_key == task.c.household_key)
    beside = member.join(stay, stay.c.household_key == membership.c.household_key).where(
        stay.c.person_key == task.c.person_key, lasts, never_enrolled
    )
    return or_(*(_enrolled(one, sites) for one in (the_person, at_home, beside)))


def _enrolled(people: Select[Any], sites: Collection[str]) -> ColumnElement[bool]:
    """Whether these sites enrolled one of these people, or anyone merged into them."""
    names = people.correlate(task).cte("names", recursive=True, nesting=True)
    merged = aliased(person)
    names = names.union_all(select(merged.c.key).where(merged.c.survivor_key == names.c.key))
    return exists(
        select(names.c.key).where(enrolment.c.person_key == names.c.key, enrolment.c.site.in_(sites)).correlate(task)
    )

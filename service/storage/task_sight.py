"""Which tasks are there for who is bound to sites: in SQL, over tables that the context of tasks knows nothing of."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import aliased

from service.enrolment.storage import enrolment
from service.registry.storage.households import membership
from service.registry.storage.people import person
from service.registry.storage.versions import at
from service.tasks.storage import task


def seen_from(sites: Collection[str]) -> ColumnElement[bool]:
    """Whether these sites enrolled the person of a task or a member of its household, also under an alias.

    The same as `service.registry.steps.sight.seen`, for a page of tasks at once.
    """
    members = select(membership.c.person_key).where(
        membership.c.household_key == task.c.household_key, at(membership, None)
    )
    start = select(person.c.key).where(
        or_(person.c.key == task.c.person_key, person.c.key.in_(members.correlate(task)))
    )
    names = start.correlate(task).cte("names", recursive=True, nesting=True)
    merged = aliased(person)
    names = names.union_all(select(merged.c.key).where(merged.c.survivor_key == names.c.key))
    return exists(
        select(names.c.key).where(enrolment.c.person_key == names.c.key, enrolment.c.site.in_(sites)).correlate(task)
    )

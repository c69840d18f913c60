"""Whether households have a head: exactly one where an adult is there. What is amiss is a task, never an error."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from service.registry.domain.births import is_child
from service.registry.domain.households import Membership, Role
from service.registry.ports import RegistryUnit
from service.tasks.domain.tasks import Outcome, TaskKind, of_household
from service.tasks.steps.open import Wanted, open_tasks

_OF_HEADS = (TaskKind.HEAD_MISSING, TaskKind.TWO_HEADS, TaskKind.CHILD_HEADED)
_SETTLED = {
    TaskKind.HEAD_MISSING: Outcome.HEAD_NAMED,
    TaskKind.TWO_HEADS: Outcome.HEAD_CONFIRMED,
    TaskKind.CHILD_HEADED: Outcome.HEAD_NAMED,
}
"""How each ends once a household has its one head; where nobody is left in it, it is not needed."""


def review_heads(uow: RegistryUnit, household_keys: Collection[int], *, by: str, now: datetime) -> None:
    """Open the tasks that these households want, and settle those they want no more, in a constant number of queries.

    To be called once a change is complete: the same members give the same tasks, whatever order they came in.
    """
    uow.flush()
    members = uow.households.members_of_many(household_keys)
    children = _children(uow, members.values(), now)
    wanted = {key: _wanted(members.get(key, ()), children) for key in household_keys}
    abouts = [of_household(key) for key in household_keys]
    for one in uow.tasks.unclosed(_OF_HEADS, abouts):
        assert one.household_key is not None
        still = wanted[one.household_key]
        if still is None or one.kind is not still[0]:
            has_members = bool(members.get(one.household_key))
            one.close(_SETTLED[one.kind] if has_members else Outcome.NOT_NEEDED, None, by, now)
    uow.flush()
    tasks = [Wanted(one[0], of_household(key, one[1])) for key, one in wanted.items() if one is not None]
    open_tasks(uow, tasks, now)


def _wanted(members: Sequence[Membership], children: Collection[int]) -> tuple[TaskKind, int | None] | None:
    """What is amiss, and whom it is about. children: those of the members, by key."""
    heads = [one for one in members if one.role is Role.HEAD]
    if len(heads) > 1:
        return TaskKind.TWO_HEADS, max(one.person_key for one in heads)
    if not members:
        return None
    if heads:
        head = heads[0].person_key
        return (TaskKind.CHILD_HEADED, head) if head in children else None
    all_children = all(one.person_key in children for one in members)
    return (TaskKind.CHILD_HEADED if all_children else TaskKind.HEAD_MISSING), None


def _children(uow: RegistryUnit, homes: Iterable[Sequence[Membership]], now: datetime) -> set[int]:
    """Of those whose age matters: the head, or everyone where there is none."""
    asked: set[int] = set()
    for members in homes:
        heads = [one for one in members if one.role is Role.HEAD]
        if len(heads) < 2:
            asked |= {one.person_key for one in (heads or members)}
    if not asked:
        return set()
    return {key for key, who in uow.people.by_keys(asked).items() if is_child(who.demographics, now.date())}

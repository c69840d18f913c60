"""Whom tasks are about, as the registry has them today."""

from collections.abc import Mapping, Sequence

from service.kit.actor import Actor
from service.registry.domain.households import Household
from service.registry.domain.people import Person
from service.registry.ports import RegistryUnit
from service.registry.steps.sight import seen
from service.tasks.domain.tasks import Task
from service.tasks.ports import Named


class TaskSubjects:
    def __init__(self, uow: RegistryUnit) -> None:
        self._uow = uow

    def named(self, some: Sequence[Task], actor: Actor) -> Sequence[Named]:
        """A household is named to everyone to whom its task is; a person only to whom may see them."""
        people = self._uow.people.survivors_of({one.person_key for one in some if one.person_key is not None})
        homes = self._uow.households.survivors_of({one.household_key for one in some if one.household_key is not None})
        visible = seen(self._uow, actor, (one.key for one in people.values()))
        return [_named(one, {key: who for key, who in people.items() if who.key in visible}, homes) for one in some]


def _named(one: Task, people: Mapping[int, Person], homes: Mapping[int, Household]) -> Named:
    person = None if one.person_key is None else people.get(one.person_key)
    home = None if one.household_key is None else homes[one.household_key]
    return Named(
        household=None if home is None else home.household_id,
        number=None if person is None else person.number,
        people=frozenset() if person is None else frozenset({person.id}),
    )

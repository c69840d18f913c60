"""What waits for a person after two were found to be one."""

from collections.abc import Mapping
from datetime import datetime

from service.registry.domain.households import Membership
from service.registry.domain.people import Person
from service.registry.ports import RegistryUnit
from service.tasks.domain.tasks import TaskKind, of_person
from service.tasks.steps.open import move_tasks, open_task


def follow_merge(
    uow: RegistryUnit, loser: Person, survivor: Person, homes: Mapping[int, Membership], *, by: str, now: datetime
) -> None:
    """Have the loser's tasks be the survivor's. homes: where each lived until then, by person; by: the actor's ID.

    Where both were members of one household, it has two records of one person, which contradict each other at least in
    the role: an operator is to look.
    """
    move_tasks(uow, person=(loser.key, survivor.key), by=by, now=now)
    if len(homes) == 2 and homes[loser.key].household_key == homes[survivor.key].household_key:
        open_task(uow, TaskKind.DEMOGRAPHIC_CONFLICT, of_person(survivor.key), now=now)

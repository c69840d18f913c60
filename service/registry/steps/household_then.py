"""Which household an ID led to on a day, as was known then."""

from service.registry.domain.households import Household, HouseholdStatus
from service.registry.errors import NoSuchHousehold
from service.registry.ports import AsOf, RegistryUnit
from service.registry.steps.residence import find_named


def household_on(uow: RegistryUnit, name: str, asked: AsOf) -> Household:
    """Where an ID led on a day, as was known then. Raises NoSuchHousehold."""
    found = find_named(uow, [name]).get(name)
    passed: set[int] = set()
    while found is not None and found.key not in passed:
        passed.add(found.key)
        state = uow.households.states_of_many([found.key], asked).get(found.key)
        if state is None or state.status is not HouseholdStatus.MERGED or state.into_key is None:
            return found
        found = uow.households.by_key(state.into_key)
    raise NoSuchHousehold(f"no household has the ID {name}")

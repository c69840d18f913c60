"""Households as they were on a day, as was known then."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from service.registry.domain.households import HouseholdState, HouseholdStatus, Membership, Payee, PayeeRank
from service.registry.ports import AsOf, RegistryUnit


@dataclass(frozen=True, slots=True)
class Composition:
    """Who belonged to a household, oldest first, who its payees were, and what it was; None: active."""

    members: Sequence[Membership]
    payees: Sequence[Payee]
    state: HouseholdState | None

    @property
    def status(self) -> HouseholdStatus:
        return HouseholdStatus.ACTIVE if self.state is None else self.state.status

    def rank_of(self, person_key: int) -> PayeeRank | None:
        return next((one.rank for one in self.payees if one.person_key == person_key), None)

    def people(self) -> set[int]:
        return {one.person_key for one in self.members} | {one.person_key for one in self.payees}


def compositions(
    uow: RegistryUnit, household_keys: Collection[int], asked: AsOf | None = None
) -> Mapping[int, Composition]:
    """By key, in three queries however many."""
    members = uow.households.members_of_many(household_keys, asked)
    payees = uow.households.payees_of_many(household_keys, asked)
    states = uow.households.states_of_many(household_keys, asked)
    return {key: Composition(members.get(key, ()), payees.get(key, ()), states.get(key)) for key in household_keys}

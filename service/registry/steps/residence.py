"""Who lives with whom, and when a household gets its household ID."""

from datetime import datetime
from uuid import UUID

from service.registry.domain.households import Household, HouseholdClaim, Membership
from service.registry.domain.identifiers import is_household_id, new_household_id
from service.registry.domain.people import Person, PersonStatus
from service.registry.errors import UnknownHousehold
from service.registry.ports import RegistryUnit


def find_household(uow: RegistryUnit, name: str) -> Household | None:
    """The household under a client's UUID or a household ID, following merges."""
    if is_household_id(name):
        known = uow.households.by_household_id(name)
    else:
        known = uow.households.by_client_id(UUID(name))
    return None if known is None else uow.households.survivor_of(known)


def require_household(uow: RegistryUnit, claim: HouseholdClaim | None, field: str) -> None:
    """Raise UnknownHousehold where a claim names a household ID that was never issued. A new UUID is fine."""
    if claim is not None and is_household_id(claim.id) and uow.households.by_household_id(claim.id) is None:
        raise UnknownHousehold(f"no household has the household ID {claim.id}", field)


def join(uow: RegistryUnit, claim: HouseholdClaim, person: Person, now: datetime) -> Household:
    """Put a person into the household of their claim, making it for its first member."""
    household = find_household(uow, claim.id)
    if household is None:
        household = Household(UUID(claim.id), now)  # a household ID was checked when the enrolment was received
        uow.households.add(household)
        uow.flush()
    uow.households.add_membership(Membership(household.key, person.key, claim.role, now))
    return household


def complete_household(uow: RegistryUnit, person: Person) -> None:
    """Give the household of a settled person its household ID, if it has none yet."""
    membership = uow.households.current_of(person.key)
    if membership is None or person.status is not PersonStatus.ACTIVE:
        return
    household = uow.households.by_key(membership.household_key)
    if household.household_id is None:
        household.household_id = new_household_id(uow.households.household_id_taken)


def leave(uow: RegistryUnit, person: Person, now: datetime) -> Membership | None:
    """End the person's present membership, and return it."""
    membership = uow.households.current_of(person.key)
    if membership is not None:
        membership.until = now
        uow.flush()
    return membership


def hand_over(uow: RegistryUnit, loser: Person, survivor: Person, now: datetime) -> None:
    """What becomes of the loser's membership in a merge.

    A survivor without a household takes the loser's place. One who has a household stays there; where the loser's then
    stands empty it becomes an alias of the survivor's, so that one family keeps one household ID.
    """
    left = leave(uow, loser, now)
    if left is None:
        return
    home = uow.households.current_of(survivor.key)
    if home is None:
        uow.households.add_membership(Membership(left.household_key, survivor.key, left.role, now))
        uow.flush()
    elif home.household_key != left.household_key and not uow.households.members(left.household_key):
        uow.households.by_key(left.household_key).survivor_key = home.household_key

"""Who lives with whom, and when a household gets its registry ID."""

from datetime import datetime
from uuid import UUID

from service.domain.enrolments import Enrolment, HouseholdClaim
from service.domain.households import Household, Membership
from service.domain.identifiers import is_household_id, new_household_id
from service.domain.people import Person, PersonStatus
from service.ports import UnitOfWork


def find(uow: UnitOfWork, name: str) -> Household | None:
    """The household under a client's UUID or a registry ID, following merges."""
    if is_household_id(name):
        known = uow.households.by_registry_id(name)
    else:
        known = uow.households.by_client_id(UUID(name))
    return None if known is None else uow.households.survivor_of(known)


def join(uow: UnitOfWork, enrolment: Enrolment, person: Person, now: datetime) -> None:
    """Put a newcomer into the household they named, making it if they are its first."""
    if enrolment.claim is None:
        return
    household = _found_or_made(uow, enrolment.claim, now)
    enrolment.household_key = household.key
    uow.households.add_membership(Membership(household.key, person.key, enrolment.claim.role, now))


def _found_or_made(uow: UnitOfWork, claim: HouseholdClaim, now: datetime) -> Household:
    household = find(uow, claim.id)
    if household is None:
        household = Household(UUID(claim.id), now)  # a registry ID was checked when the enrolment was taken in
        uow.households.add(household)
        uow.flush()
    return household


def complete(uow: UnitOfWork, person: Person) -> None:
    """Give the household of a settled person its registry ID, if it has none yet."""
    membership = uow.households.current_of(person.key)
    if membership is None or person.status is not PersonStatus.ACTIVE:
        return
    household = uow.households.by_key(membership.household_key)
    if household.registry_id is None:
        household.registry_id = new_household_id(uow.households.registry_id_taken)


def leave(uow: UnitOfWork, person: Person, now: datetime) -> Membership | None:
    """End the person's present membership, and say which it was."""
    membership = uow.households.current_of(person.key)
    if membership is not None:
        membership.until = now
        uow.flush()
    return membership


def hand_over(uow: UnitOfWork, loser: Person, survivor: Person, now: datetime) -> None:
    """What becomes of the loser's membership in a merge.

    A survivor without a household takes the loser's place. One who has a household stays there; where the loser's then
    stands empty it becomes another name of the survivor's, so that one family keeps one ID.
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

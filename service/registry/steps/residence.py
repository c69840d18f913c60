"""Who lives with whom, and when a household gets its household ID."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from service.registry.domain.households import (
    Household,
    HouseholdClaim,
    HouseholdEvent,
    HouseholdEventKind,
    Membership,
    Role,
)
from service.registry.domain.identifiers import is_household_id, new_household_ids
from service.registry.domain.people import Person
from service.registry.errors import UnknownHousehold
from service.registry.ports import RegistryUnit


def find_households(uow: RegistryUnit, names: Collection[str]) -> dict[str, Household]:
    """The households under clients' UUIDs or household IDs, by name, following merges; unknown names are left out."""
    ids = {name for name in names if is_household_id(name)}
    known = dict(uow.households.by_household_ids(ids)) if ids else {}
    clients = {UUID(name): name for name in names if name not in ids}
    if clients:
        known |= {clients[client]: one for client, one in uow.households.by_client_ids(clients.keys()).items()}
    merged = [one.key for one in known.values() if one.survivor_key is not None]
    survivors = uow.households.survivors_of(merged) if merged else {}
    return {name: survivors.get(one.key, one) for name, one in known.items()}


def require_household(uow: RegistryUnit, claim: HouseholdClaim | None, field: str) -> None:
    """Raise UnknownHousehold where a claim names a household ID that was never issued. A new UUID is fine."""
    if claim is not None and is_household_id(claim.id) and not find_households(uow, [claim.id]):
        raise UnknownHousehold(f"no household has the household ID {claim.id}", field)


def join(uow: RegistryUnit, claims: Sequence[tuple[HouseholdClaim, Person]], now: datetime) -> Sequence[Household]:
    """Put people into the households of their claims, making one for its first member; by claim."""
    if not claims:
        return ()
    known = find_households(uow, {claim.id for claim, _ in claims})
    for claim, _ in claims:
        if claim.id not in known:  # a household ID was checked when the enrolment was received
            known[claim.id] = Household(UUID(claim.id), now)
            uow.households.add(known[claim.id])
    uow.flush()
    _note_second_heads(uow, [(known[claim.id], claim, person) for claim, person in claims], now)
    for claim, person in claims:
        uow.households.add_membership(Membership(known[claim.id].key, person.key, claim.role, now))
    return [known[claim.id] for claim, _ in claims]


def _note_second_heads(
    uow: RegistryUnit, joining: Sequence[tuple[Household, HouseholdClaim, Person]], now: datetime
) -> None:
    """joining: who is about to move where. Refusing them would send a family away for what can be settled later."""
    coming = [(home.key, person.key) for home, claim, person in joining if claim.role is Role.HEAD]
    if not coming:
        return
    headed = set(uow.households.heads_of_many({home for home, _ in coming}))
    for home, person in coming:
        if home in headed:
            uow.households.add_event(HouseholdEvent(home, HouseholdEventKind.SECOND_HEAD, person, now))
        headed.add(home)


def complete_households(uow: RegistryUnit, people: Sequence[Person]) -> None:
    """Give the households of settled people their household ID, where they have none yet."""
    memberships = uow.households.current_of_many([one.key for one in people])
    keys = {one.household_key for one in memberships.values()}
    nameless = [one for one in uow.households.by_keys(keys).values() if one.household_id is None] if keys else []
    if nameless:
        ids = new_household_ids(len(nameless), lambda drawn: uow.households.by_household_ids(drawn).keys())
        for household, household_id in zip(nameless, ids, strict=True):
            household.household_id = household_id


def leave(uow: RegistryUnit, person: Person, now: datetime) -> Membership | None:
    """End the person's present membership, and return it."""
    membership = uow.households.current_of(person.key)
    if membership is not None:
        membership.end(now)
        uow.flush()
    return membership


def note_missing_head(uow: RegistryUnit, left: Membership, now: datetime) -> None:
    """Where a head has left people behind, say so. To be called once it is known who takes the place."""
    if left.role is not Role.HEAD or uow.households.heads_of_many([left.household_key]):
        return
    if uow.households.members(left.household_key):
        event = HouseholdEvent(left.household_key, HouseholdEventKind.HEAD_MISSING, left.person_key, now)
        uow.households.add_event(event)


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
    note_missing_head(uow, left, now)

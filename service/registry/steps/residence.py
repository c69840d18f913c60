"""Who lives with whom, and when a household gets its household ID."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from service.kit.actor import Actor
from service.registry.domain.changes import Change, ChangeKind
from service.registry.domain.households import (
    Household,
    HouseholdClaim,
    HouseholdEvent,
    HouseholdEventKind,
    HouseholdState,
    HouseholdStatus,
    Membership,
    Payee,
    Role,
)
from service.registry.domain.identifiers import is_household_id, new_household_ids
from service.registry.domain.people import Person
from service.registry.errors import UnknownHousehold
from service.registry.ports import RegistryUnit
from service.registry.steps.record import begin, end, new_change


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


@dataclass(frozen=True, slots=True)
class Joining:
    """Someone who says where they live, and since when for all the registry knows."""

    claim: HouseholdClaim
    person: Person
    since: date


def join(uow: RegistryUnit, joining: Sequence[Joining], now: datetime, actor: Actor) -> Sequence[Household]:
    """Put people into the households of their claims, making one for its first member; by claim.

    The same whatever the order: who says to be the head beside another is taken in, and a task asks who it is.
    """
    if not joining:
        return ()
    known = find_households(uow, {one.claim.id for one in joining})
    for one in joining:
        if one.claim.id not in known:  # a household ID was checked when the enrolment was received
            known[one.claim.id] = Household(UUID(one.claim.id), now)
            uow.households.add(known[one.claim.id])
    changes = [new_change(ChangeKind.ENROLLED, one.since, now, actor) for one in joining]
    begin(uow, changes)
    homes = [known[one.claim.id] for one in joining]
    _note_second_heads(uow, [(home, one.claim, one.person) for home, one in zip(homes, joining, strict=True)], now)
    uow.history.write(
        *(
            Membership(
                household_key=home.key,
                person_key=one.person.key,
                role=one.claim.role,
                valid_from=one.since,
                recorded_by=change.key,
            )
            for home, one, change in zip(homes, joining, changes, strict=True)
        )
    )
    return homes


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


def leave(uow: RegistryUnit, person: Person, change: Change) -> Membership | None:
    """End the person's stay in the household they live in, and what they are payee of there; the stay that ended."""
    membership = uow.households.current_of(person.key)
    if membership is None:
        return None
    end(uow, _ranks(uow, person, membership.household_key), change.effective, change)
    return end(uow, [membership], change.effective, change)[0]


def _ranks(uow: RegistryUnit, person: Person, household_key: int) -> Sequence[Payee]:
    return [one for one in uow.households.payee_ranks_of([person.key]) if one.household_key == household_key]


def note_missing_head(uow: RegistryUnit, left: Membership, now: datetime) -> None:
    """Where a head has left people behind, say so. To be called once it is known who takes the place."""
    if left.role is not Role.HEAD or uow.households.heads_of_many([left.household_key]):
        return
    if uow.households.members(left.household_key):
        event = HouseholdEvent(left.household_key, HouseholdEventKind.HEAD_MISSING, left.person_key, now)
        uow.households.add_event(event)


def hand_over(uow: RegistryUnit, loser: Person, survivor: Person, change: Change) -> None:
    """What becomes of the loser's membership in a merge.

    A survivor without a household takes the loser's place. One who has a household stays there; where the loser's then
    stands empty it becomes an alias of the survivor's, so that one family keeps one household ID.
    """
    lived = uow.households.current_of(loser.key)
    if lived is None:
        return
    ranks = _ranks(uow, loser, lived.household_key)
    left = leave(uow, loser, change)
    assert left is not None
    home = uow.households.current_of(survivor.key)
    if home is None:
        home = replace(left, person_key=survivor.key, valid_from=change.effective, valid_to=None)
        uow.history.write(home)
        uow.flush()
    elif home.household_key != left.household_key and not uow.households.members(left.household_key):
        become_alias(uow, left.household_key, home.household_key, change)
    if home.household_key == left.household_key and not _ranks(uow, survivor, home.household_key):
        for one in ranks:
            uow.history.write(replace(one.copied(change.key), person_key=survivor.key, valid_from=change.effective))
    note_missing_head(uow, left, change.recorded_at)


def become_alias(uow: RegistryUnit, household_key: int, of: int, change: Change) -> None:
    """From the day of the change on, one household's ID leads to another."""
    state = uow.households.states_of_many([household_key]).get(household_key)
    if state is not None:
        end(uow, [state], change.effective, change)
    uow.history.write(
        HouseholdState(
            household_key=household_key,
            status=HouseholdStatus.MERGED,
            into_key=of,
            valid_from=change.effective,
            recorded_by=change.key,
        )
    )
    uow.households.by_key(household_key).survivor_key = of
    uow.history.touch([(change.key, of, None)])

"""Taking a change back by a counter-entry: what it wrote is superseded, what it superseded is written again."""

from collections.abc import Collection, Sequence

from service.kit.errors import AlreadyThere
from service.registry.domain.changes import Change, ChangeKind, Version
from service.registry.domain.households import HouseholdState, HouseholdStatus, LifeStatus, PersonState
from service.registry.domain.people import PersonStatus
from service.registry.errors import BuiltOn, ChangeStands
from service.registry.ports import RegistryUnit
from service.registry.steps.composition import compositions

FOLLOWED = (
    ChangeKind.ENROLLED,
    ChangeKind.IMPORTED,
    ChangeKind.PEOPLE_MERGED,
    ChangeKind.CAPTURES_TAKEN_BACK,
    ChangeKind.ERASED,
)
"""Changes that follow from other acts, which have their own ways back."""


def require_standing(uow: RegistryUnit, former: Change) -> None:
    """To be asked before the counter-entry is recorded. Raises ChangeStands."""
    root = root_of(uow, former)
    if root.kind in FOLLOWED:
        raise ChangeStands(f"change {former.id} follows from another act ({root.kind}): take that back")
    if undone_among(uow, [former.key]):
        raise ChangeStands(f"change {former.id} was taken back before")


def take_back(uow: RegistryUnit, former: Change, change: Change) -> None:
    """former: the change to take back. change: the counter-entry. Raises BuiltOn."""
    root = root_of(uow, former)
    replaced = uow.history.superseded(former.key)
    written = _as_they_stand(uow, uow.history.recorded(former.key))
    uow.history.supersede(written, change.key)
    uow.history.write(*(one.copied(change.key) for one in replaced))
    about = uow.history.about([former.key]).get(former.key, ())
    uow.history.touch((change.key, one.household_key, one.person_key) for one in about)
    try:
        uow.flush()
    except AlreadyThere:
        raise BuiltOn(
            "somebody of this change lives in another household by now, or another person has its document; "
            "take that back first"
        ) from None
    if root.kind is ChangeKind.SPLIT:
        _alias_what_was_split(uow, written, [one.household_key for one in about], change)
    if root.kind is ChangeKind.BIRTH:
        _follow_birth(uow, [*written, *replaced])
    _check(uow, [*written, *replaced])


def root_of(uow: RegistryUnit, change: Change) -> Change:
    """The first of a chain of changes each of which takes the one before back."""
    while change.undoes_key is not None:
        change = uow.history.by_key(change.undoes_key)
    return change


def undone_among(uow: RegistryUnit, keys: Collection[int]) -> set[int]:
    """Those of these changes that were taken back, by a change that was not taken back itself.

    In as many queries as the longest chain of changes that take each other back.
    """
    by = uow.history.undone_by(keys) if keys else {}
    if not by:
        return set()
    taken_back = undone_among(uow, [one.key for some in by.values() for one in some])
    return {key for key, some in by.items() if any(one.key not in taken_back for one in some)}


def _as_they_stand(uow: RegistryUnit, written: Sequence[Version]) -> Sequence[Version]:
    """The same, where later changes that were taken back had replaced them: as copies that restored them.

    Raises BuiltOn.
    """
    taken: set[int] = set()
    found = []
    for one in written:
        while one.superseded_by is not None:
            by = uow.history.undone_by([one.superseded_by]).get(one.superseded_by, ())
            standing = [each for each in by if each.key not in undone_among(uow, [each.key for each in by])]
            copies = [
                copy
                for each in standing
                for copy in uow.history.recorded(each.key)
                if copy.same_as(one) and copy.key not in taken
            ]
            if not copies:
                raise _built_on(uow, [one.superseded_by])
            one = copies[0]
            taken.add(one.key)
        found.append(one)
    return found


def _built_on(uow: RegistryUnit, later: Collection[int]) -> BuiltOn:
    names = ", ".join(f"{one.kind} {one.id}" for one in map(uow.history.by_key, sorted(later)))
    return BuiltOn(f"later changes build on this one; take back first: {names}")


def _alias_what_was_split(
    uow: RegistryUnit, written: Sequence[Version], touched: Sequence[int | None], change: Change
) -> None:
    """The ID that the new household was given leads to the one it came from. touched: both, by key."""
    made = [one for one in written if isinstance(one, HouseholdState) and one.status is HouseholdStatus.ACTIVE]
    for state in made:
        if uow.households.states_of_many([state.household_key]):
            continue
        old = next(one for one in touched if one not in (None, state.household_key))
        uow.history.write(
            HouseholdState(
                household_key=state.household_key,
                status=HouseholdStatus.MERGED,
                into_key=old,
                valid_from=state.valid_from,
                recorded_by=change.key,
            )
        )
    uow.flush()


def _follow_birth(uow: RegistryUnit, touched: Sequence[Version]) -> None:
    """A child whose birth was taken back is no one, and keeps the number; taken back again, it is there.

    Raises BuiltOn.
    """
    keys = {one.person_key for one in touched if isinstance(one, PersonState)}
    if keys - set(uow.origins.never_enrolled(keys)):
        raise BuiltOn("captures of the child were taken since; they are a person who is enrolled")
    there = uow.households.lives_of_many(keys)
    for key, child in uow.people.by_keys(keys).items():
        child.status = PersonStatus.ACTIVE if key in there else PersonStatus.WITHDRAWN


def _check(uow: RegistryUnit, touched: Sequence[Version]) -> None:
    """What holds of every household holds of these: otherwise a later change builds on the one taken back."""
    homes = {one.subject[0] for one in touched}
    subjects = {key for one in touched if (key := one.subject[1]) is not None}
    for stays in uow.households.stays_of_many(subjects).values():
        homes |= {one.household_key for one in stays if one.valid_to is None}
    found = compositions(uow, [key for key in homes if key is not None])
    lives = uow.households.lives_of_many({one.person_key for each in found.values() for one in each.members})
    if any(one.status is not LifeStatus.PRESENT for one in lives.values()):
        raise BuiltOn("a member of this change died, emigrated or withdrew since; take that back first")
    for one in found.values():
        people = [member.person_key for member in one.members]
        if people and one.status is not HouseholdStatus.ACTIVE:
            raise BuiltOn(f"the household is {one.status} by now; take that back first")
        if len(set(people)) < len(people):
            raise BuiltOn("somebody of this change is a member of the household again; take that back first")
        if not {payee.person_key for payee in one.payees} <= set(people):
            raise BuiltOn("a payee of this change is no member any more; take that back first")

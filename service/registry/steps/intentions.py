"""Carrying out intentions: what each ends and begins.

Each is given the change it is part of, and reads what is open now: changes are recorded in the order in which they are
ordered, and each is true from its effective day on.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import singledispatch

from service.kit.ids import new_uuid
from service.registry.domain.changes import Change
from service.registry.domain.households import (
    Household,
    HouseholdState,
    HouseholdStatus,
    LifeStatus,
    Membership,
    Payee,
    PayeeRank,
    PersonState,
    Role,
)
from service.registry.domain.identifiers import new_person_numbers
from service.registry.domain.intentions import (
    AddMember,
    Birth,
    ChangeHead,
    ChangePayees,
    ChangePersonState,
    ChangeRole,
    Dissolve,
    Intention,
    Leaving,
    MergeHouseholds,
    Place,
    RecordFacts,
    RemoveMember,
    Reopen,
    Split,
    Transfer,
    WithdrawFacts,
)
from service.registry.domain.people import Person
from service.registry.errors import (
    AlreadyMember,
    HouseholdActive,
    HouseholdEnded,
    LivesElsewhere,
    NotAMember,
    NotInTime,
    NotThere,
)
from service.registry.ports import RegistryUnit
from service.registry.steps.checked_facts import FactRules
from service.registry.steps.facts import FactWork, record_facts, require_one_subject, withdraw_facts
from service.registry.steps.index import index_people
from service.registry.steps.record import end
from service.registry.steps.residence import become_alias, complete_households

_LIFE = {Leaving.DECEASED: LifeStatus.DECEASED, Leaving.EMIGRATED: LifeStatus.EMIGRATED}


@dataclass(frozen=True, slots=True)
class Work:
    """One change being carried out. number_length: of a new person number.

    person, home: who or what a name of the order leads to today; both raise for one that the actor may not see.
    rules: of values of facts.
    """

    uow: RegistryUnit
    change: Change
    number_length: int
    person: Callable[[str], Person]
    home: Callable[[str], Household]
    rules: FactRules

    @property
    def day(self) -> date:
        return self.change.effective


@singledispatch
def carry_out(one: Intention, work: Work) -> None:
    """Record what the intention changes. Raises what service.registry.errors lists under Conflict, and NotInTime."""
    raise NotImplementedError(type(one))


@carry_out.register
def _(one: AddMember, work: Work) -> None:
    home = _active(work, work.home(one.household))
    person = work.person(one.person)
    if any(each.person_key == person.key for each in work.uow.households.members(home.key)):
        raise AlreadyMember(f"{one.person} is a member of this household")
    _begin_stay(work, home, person, one.role, resides=one.resides)


@carry_out.register
def _(one: RemoveMember, work: Work) -> None:
    home, person = work.home(one.household), work.person(one.person)
    stay = _stay(work, home, person)
    stays = [stay]
    if one.leaving in _LIFE:  # also as a member who lived elsewhere
        stays += [each for each in _lasting(work, person) if each is not stay]
    for each in stays:
        _end_stay(work, each)
    if one.leaving in _LIFE:
        _set_life(work, person, _LIFE[one.leaving])
    if one.new_head is not None:
        _make_head(work, home, work.person(one.new_head))


@carry_out.register
def _(one: ChangeRole, work: Work) -> None:
    _give_role(work, _stay(work, work.home(one.household), work.person(one.person)), one.role)


@carry_out.register
def _(one: ChangeHead, work: Work) -> None:
    home, person = work.home(one.household), work.person(one.person)
    _stay(work, home, person)
    for each in work.uow.households.members(home.key):
        if each.role is Role.HEAD and each.person_key != person.key:
            _give_role(work, each, one.former_role)
    _make_head(work, home, person)


@carry_out.register
def _(one: Transfer, work: Work) -> None:
    home, person = _active(work, work.home(one.household)), work.person(one.person)
    left = work.uow.households.current_of(person.key)
    if left is None:
        raise NotAMember(f"{one.person} lives in no household; add them as a member")
    if left.household_key == home.key:
        raise AlreadyMember(f"{one.person} lives in this household")
    _end_stay(work, left)
    for each in work.uow.households.members(home.key):  # who was a member that lived elsewhere moves in
        if each.person_key == person.key:
            _end_stay(work, each)
    _begin_stay(work, home, person, one.role)
    if one.new_head is not None:
        _make_head(work, work.uow.households.by_key(left.household_key), work.person(one.new_head))


@carry_out.register
def _(one: Split, work: Work) -> None:
    old = _active(work, work.home(one.household))
    if work.uow.households.by_client_ids([one.new_id]):
        raise AlreadyMember(f"a household has the UUID {one.new_id}")
    new = Household(one.new_id, work.change.recorded_at)
    work.uow.households.add(new)
    work.uow.flush()
    _set_state(work, new, HouseholdStatus.ACTIVE)
    people = _move(work, old, new, one.members)
    complete_households(work.uow, [each for each in people if each.number is not None])


@carry_out.register
def _(one: MergeHouseholds, work: Work) -> None:
    first, second = work.home(one.household), work.home(one.other)
    if first.key == second.key:
        raise AlreadyMember("both are one household")
    stays, ends = sorted((_active(work, first), _active(work, second)), key=_age)
    for each in work.uow.households.members(ends.key):
        _end_stay(work, each)
        role = one.head_role if each.role is Role.HEAD else each.role
        person = work.uow.people.by_key(each.person_key)
        if not any(other.person_key == person.key for other in work.uow.households.members(stays.key)):
            _begin_stay(work, stays, person, role, resides=each.resides)
    become_alias(work.uow, ends.key, stays.key, work.change)


@carry_out.register
def _(one: Dissolve, work: Work) -> None:
    home = _active(work, work.home(one.household))
    for each in work.uow.households.members(home.key):
        _end_stay(work, each)
    _set_state(work, home, HouseholdStatus.DISSOLVED)


@carry_out.register
def _(one: Reopen, work: Work) -> None:
    home = work.home(one.household)
    if _status(work, home) is not HouseholdStatus.DISSOLVED:
        raise HouseholdActive("the household was not dissolved")
    _set_state(work, home, HouseholdStatus.ACTIVE)
    for each in one.members:
        _begin_stay(work, home, work.person(each.person), each.role)


@carry_out.register
def _(one: Birth, work: Work) -> None:
    home = _active(work, work.home(one.household))
    child = Person(new_uuid(), one.child, work.change.recorded_at)
    (number,) = new_person_numbers(1, work.uow.people.numbers_taken, work.number_length)
    child.activate(number)
    work.uow.people.add(child)
    work.uow.flush()
    index_people(work.uow, {child.key: child.demographics})
    _set_life(work, child, LifeStatus.PRESENT)
    _begin_stay(work, home, child, one.role)
    complete_households(work.uow, [child])


@carry_out.register
def _(one: ChangePayees, work: Work) -> None:
    home = _active(work, work.home(one.household))
    wanted = {work.person(name).key: PayeeRank.ALTERNATE for name in one.alternates}
    if one.principal is not None:
        wanted[work.person(one.principal).key] = PayeeRank.PRINCIPAL
    members = {each.person_key for each in work.uow.households.members(home.key)}
    if not wanted.keys() <= members:
        raise NotAMember("a payee is a member of the household")
    now = work.uow.households.payees_of_many([home.key]).get(home.key, ())
    kept = {each.person_key for each in now if wanted.get(each.person_key) is each.rank}
    gone = [each for each in now if each.person_key not in kept]
    for each in gone:
        _require_after(work, each.valid_from)
    end(work.uow, gone, work.day, work.change)
    work.uow.history.write(
        *(
            Payee(
                household_key=home.key,
                person_key=key,
                rank=rank,
                valid_from=work.day,
                recorded_by=work.change.key,
            )
            for key, rank in wanted.items()
            if key not in kept
        )
    )
    work.uow.history.touch([(work.change.key, home.key, None)])


@carry_out.register
def _(one: ChangePersonState, work: Work) -> None:
    person = work.person(one.person)
    if one.status is not LifeStatus.PRESENT and _lasting(work, person):
        raise AlreadyMember(f"{one.person} is a member of a household; remove them, which states why")
    _set_life(work, person, one.status)


@carry_out.register
def _(one: RecordFacts, work: Work) -> None:
    record_facts(one, _about_facts(one, work))


@carry_out.register
def _(one: WithdrawFacts, work: Work) -> None:
    withdraw_facts(one, _about_facts(one, work))


def _about_facts(one: RecordFacts | WithdrawFacts, work: Work) -> FactWork:
    require_one_subject(one)
    home = None if one.household is None else work.home(one.household)
    person = None if one.person is None else work.person(one.person)
    return FactWork(work.uow, work.change, work.rules, home, person, work.person)


def _active(work: Work, home: Household) -> Household:
    if _status(work, home) is HouseholdStatus.DISSOLVED:
        raise HouseholdEnded("the household was dissolved; re-open it first")
    return home


def _status(work: Work, home: Household) -> HouseholdStatus:
    state = work.uow.households.states_of_many([home.key]).get(home.key)
    return HouseholdStatus.ACTIVE if state is None else state.status


def _age(home: Household) -> tuple[bool, object, int]:
    """The older household stays, whose household ID more papers bear; one that has none yet does not."""
    return home.household_id is None, home.created_at, home.key


def _stay(work: Work, home: Household, person: Person) -> Membership:
    for one in work.uow.households.members(home.key):
        if one.person_key == person.key:
            return one
    raise NotAMember(f"{person.number or person.id} is no member of this household")


def _lasting(work: Work, person: Person) -> Sequence[Membership]:
    """All stays of a person that have no end, also where they do not live."""
    stays = work.uow.households.stays_of_many([person.key]).get(person.key, ())
    return [one for one in stays if one.valid_to is None]


def _begin_stay(work: Work, home: Household, person: Person, role: Role, *, resides: bool = True) -> None:
    """Raises NotThere, LivesElsewhere, NotInTime."""
    life = work.uow.households.lives_of_many([person.key]).get(person.key)
    if not person.searched or (life is not None and life.status is not LifeStatus.PRESENT):
        what = person.status if life is None else life.status
        raise NotThere(f"{person.number or person.id} is {what}; state first that they are there")
    if resides:
        _require_free(work, person)
    stay = Membership(
        household_key=home.key,
        person_key=person.key,
        role=role,
        resides=resides,
        valid_from=work.day,
        recorded_by=work.change.key,
    )
    work.uow.history.write(stay)
    work.uow.flush()


def _require_free(work: Work, person: Person) -> None:
    for one in work.uow.households.stays_of_many([person.key]).get(person.key, ()):
        if not one.resides or one.valid_to == one.valid_from:
            continue
        if one.valid_to is None:
            raise LivesElsewhere(f"{person.number or person.id} lives in another household; transfer them")
        if one.valid_to > work.day:
            raise NotInTime(
                f"{person.number or person.id} lived in another household until {one.valid_to}", "effective"
            )


def _require_after(work: Work, began: date) -> None:
    if work.day < began:
        raise NotInTime(f"this began on {began}; it cannot have ended before", "effective")


def _end_stay(work: Work, stay: Membership) -> None:
    """And what the person was payee of there."""
    _require_after(work, stay.valid_from)
    ranks = [
        one for one in work.uow.households.payee_ranks_of([stay.person_key]) if one.household_key == stay.household_key
    ]
    end(work.uow, [*ranks, stay], work.day, work.change)


def _give_role(work: Work, stay: Membership, role: Role) -> None:
    if stay.role is role:
        return
    _require_after(work, stay.valid_from)
    end(work.uow, [stay], work.day, work.change)
    work.uow.history.write(replace(stay.copied(work.change.key), role=role, valid_from=work.day))
    work.uow.flush()


def _make_head(work: Work, home: Household, person: Person) -> None:
    _give_role(work, _stay(work, home, person), Role.HEAD)


def _move(work: Work, old: Household, new: Household, places: Sequence[Place]) -> Sequence[Person]:
    people = [work.person(one.person) for one in places]
    for one, place in zip(people, places, strict=True):
        _end_stay(work, _stay(work, old, one))
        _begin_stay(work, new, one, place.role)
    return people


def _set_state(work: Work, home: Household, status: HouseholdStatus) -> None:
    before = work.uow.households.states_of_many([home.key]).get(home.key)
    if before is not None:
        _require_after(work, before.valid_from)
        end(work.uow, [before], work.day, work.change)
    state = HouseholdState(household_key=home.key, status=status, valid_from=work.day, recorded_by=work.change.key)
    work.uow.history.write(state)
    work.uow.flush()


def _set_life(work: Work, person: Person, status: LifeStatus) -> None:
    before = work.uow.households.lives_of_many([person.key]).get(person.key)
    if before is not None:
        _require_after(work, before.valid_from)
        end(work.uow, [before], work.day, work.change)
    state = PersonState(person_key=person.key, status=status, valid_from=work.day, recorded_by=work.change.key)
    work.uow.history.write(state)
    work.uow.flush()

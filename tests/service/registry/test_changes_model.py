"""All changes in any order, against a model that holds only the present and replays it. On both kinds of database."""

from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from service.kit.errors import Conflict, Refused
from service.kit.ids import new_uuid
from service.registry.domain.fact_values import Address, Document, Language, Named, Value
from service.registry.domain.facts import Source, Verification, in_order
from service.registry.domain.households import Household, HouseholdClaim, HouseholdStatus, LifeStatus, Role
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
    Order,
    Place,
    RecordFacts,
    RemoveMember,
    Reopen,
    Split,
    StatedFact,
    Transfer,
    UndoOrder,
    WithdrawFacts,
)
from service.registry.domain.people import Demographics, Name, Person, PersonStatus
from service.registry.ports import AsOf
from service.registry.steps.composition import compositions
from service.registry.steps.residence import Joining, find_households, join
from service.registry.usecases.changes import make_change, undo_change
from service.storage.unit import SqlStorage, SqlUnitOfWork
from tests.service.conftest import Noon
from tests.service.made_up import TESTER

TODAY = Noon().now().date()
START = TODAY - timedelta(days=400)
BORN = Demographics((Name("Latn", "Amina"),), birth_date=date(1990, 1, 1))
PICK = st.integers(0, 1000)
DAYS = st.integers(0, 400)
ROLES = st.sampled_from(list(Role))
SOURCES = st.sampled_from([Source.PERSON, Source.OPERATOR])
VERIFICATIONS = st.sampled_from(list(Verification))
VALUES: st.SearchStrategy[Value] = st.sampled_from(
    [
        Address("a"),
        Address("b"),
        Named((Name("Latn", "Aicha"),)),
        Named((Name("Arab", "عائشة"),)),
        Language("som"),
        Document("passport", "A12345", "DJI"),
        Document("passport", "A12345", "DJI", None, START + timedelta(days=100)),
    ]
)
Composition = dict[str, dict[UUID, Role]]
"""Who has which role, by household, of one day."""


@dataclass
class Known:
    """What was answered after one change: the composition of every household on some days."""

    change_key: int
    on: dict[date, Composition] = field(default_factory=dict)
    facts: dict[date, list[tuple[Any, ...]]] = field(default_factory=dict)


class Households(RuleBasedStateMachine):
    """Orders changes as clients do, valid and not; after each, what must hold is asked of the database."""

    storage: SqlStorage

    def __init__(self) -> None:
        super().__init__()
        self.people: list[UUID] = []
        self.homes: list[UUID] = []
        self.made: list[UUID] = []
        """Changes that stand, oldest first."""
        self.known: list[Known] = []
        self.start: Any = None

    @initialize(sizes=st.lists(st.integers(1, 3), min_size=2, max_size=3), alone=st.integers(0, 2))
    def enrolled(self, sizes: list[int], alone: int) -> None:
        with self.storage.write() as uow:
            for size in sizes:
                home = new_uuid()
                people = [self._person(uow) for _ in range(size)]
                roles = [Role.HEAD, *[Role.CHILD] * (size - 1)]
                join(
                    uow,
                    [
                        Joining(HouseholdClaim(str(home), role), one, START)
                        for role, one in zip(roles, people, strict=True)
                    ],
                    Noon().now(),
                    TESTER,
                )
                self.homes.append(home)
            for _ in range(alone):
                self._person(uow)
            uow.commit()
        self.start = self._state()

    def _person(self, uow: SqlUnitOfWork) -> Person:
        one = Person(new_uuid(), BORN, Noon().now(), PersonStatus.ACTIVE)
        uow.people.add(one)
        uow.flush()
        self.people.append(one.id)
        return one

    @rule(who=PICK, home=PICK, role=ROLES, resides=st.booleans(), day=DAYS)
    def add(self, who: int, home: int, role: Role, resides: bool, day: int) -> None:
        self._order(AddMember(self._home(home), self._who(who), role, resides), day)

    @rule(who=PICK, home=PICK, leaving=st.sampled_from(list(Leaving)), day=DAYS, head=st.none() | PICK)
    def remove(self, who: int, home: int, leaving: Leaving, day: int, head: int | None) -> None:
        new_head = None if head is None else self._who(head)
        self._order(RemoveMember(self._home(home), self._who(who), leaving, new_head), day)

    @rule(who=PICK, home=PICK, role=ROLES, day=DAYS)
    def change_role(self, who: int, home: int, role: Role, day: int) -> None:
        self._order(ChangeRole(self._home(home), self._who(who), role), day)

    @rule(who=PICK, home=PICK, day=DAYS)
    def change_head(self, who: int, home: int, day: int) -> None:
        self._order(ChangeHead(self._home(home), self._who(who)), day)

    @rule(who=PICK, home=PICK, role=ROLES, day=DAYS)
    def transfer(self, who: int, home: int, role: Role, day: int) -> None:
        self._order(Transfer(self._who(who), self._home(home), role), day)

    @rule(home=PICK, some=st.lists(PICK, min_size=1, max_size=2), day=DAYS)
    def split(self, home: int, some: list[int], day: int) -> None:
        new = new_uuid()
        members = self._members(self._home(home))
        chosen = {members[one % len(members)] for one in some} if members else {UUID(self._who(some[0]))}
        places = [Place(str(one), Role.OTHER_RELATIVE) for one in sorted(chosen)]
        self._order(Split(self._home(home), new, places), day, new_home=new)

    @rule(home=PICK, other=PICK, day=DAYS)
    def merge(self, home: int, other: int, day: int) -> None:
        self._order(MergeHouseholds(self._home(home), self._home(other)), day)

    @rule(home=PICK, day=DAYS)
    def dissolve(self, home: int, day: int) -> None:
        self._order(Dissolve(self._home(home)), day)

    @rule(home=PICK, who=PICK, day=DAYS)
    def reopen(self, home: int, who: int, day: int) -> None:
        self._order(Reopen(self._home(home), [Place(self._who(who), Role.HEAD)]), day)

    @rule(home=PICK, day=DAYS)
    def birth(self, home: int, day: int) -> None:
        self._order(Birth(self._home(home), BORN), day)

    @rule(home=PICK, some=st.lists(PICK, max_size=3), day=DAYS)
    def payees(self, home: int, some: list[int], day: int) -> None:
        names = [self._who(one) for one in some]
        self._order(ChangePayees(self._home(home), next(iter(names), None), names[1:]), day)

    @rule(who=PICK, status=st.sampled_from(list(LifeStatus)), day=DAYS)
    def life(self, who: int, status: LifeStatus, day: int) -> None:
        self._order(ChangePersonState(self._who(who), status), day)

    @rule(who=PICK, value=VALUES, source=SOURCES, verification=VERIFICATIONS, day=DAYS)
    def fact(self, who: int, value: Value, source: Source, verification: Verification, day: int) -> None:
        stated = StatedFact(value, source, verification=verification)
        self._order(RecordFacts([stated], person=self._who(who)), day)

    @rule(home=PICK, text=st.sampled_from(["a", "b"]), source=SOURCES, day=DAYS)
    def home_fact(self, home: int, text: str, source: Source, day: int) -> None:
        self._order(RecordFacts([StatedFact(Address(text), source)], household=self._home(home)), day)

    @rule(who=PICK, which=PICK, day=DAYS)
    def withdraw(self, who: int, which: int, day: int) -> None:
        with self.storage.read() as uow:
            person = uow.people.by_id(UUID(self._who(who)))
            assert person is not None
            facts = [one.id for one in uow.facts.of_people([person.key])]
        if facts:
            self._order(WithdrawFacts([facts[which % len(facts)]], person=self._who(who)), day)

    @rule(which=PICK)
    def undo(self, which: int) -> None:
        if self.made:
            self._undo(self.made[which % len(self.made)])

    @invariant()
    def what_holds_of_every_household(self) -> None:
        with self.storage.read() as uow:
            homes = {str(one): uow.households.by_client_ids([one])[one] for one in self.homes}
            keys = [one.key for one in homes.values()]
            now = compositions(uow, keys)
            people = {one.key: one for one in map(uow.people.by_id, self.people) if one is not None}
            assert len(people) == len(self.people)  # no one is lost
            residents = [one.person_key for each in now.values() for one in each.members if one.resides]
            assert len(residents) == len(set(residents))
            for name, found in find_households(uow, homes.keys()).items():  # every ID leads to one living record
                assert found.survivor_key is None
                assert now[found.key].status is not HouseholdStatus.MERGED, name
            lives = uow.households.lives_of_many(people)
            for each in now.values():
                members = {one.person_key for one in each.members}
                assert not members or each.status is HouseholdStatus.ACTIVE
                assert {one.person_key for one in each.payees} <= members
                for key in members:
                    assert key not in lives or lives[key].status is LifeStatus.PRESENT
            for key, stays in uow.households.stays_of_many(people).items():
                whole = sorted(one.valid_from for one in stays if one.resides and one.valid_from != one.valid_to)
                assert len(whole) == len(set(whole)), key

    @invariant()
    def what_holds_of_facts(self) -> None:
        """One of each source in each place; the record states the first; one person has a document."""
        with self.storage.read() as uow:
            people = {one.key: one for one in map(uow.people.by_id, self.people) if one is not None}
            facts = uow.facts.of_people(people)
            places = [(one.person_key, one.place, one.stated_by) for one in facts]
            assert len(places) == len(set(places))
            held = [one.token for one in facts if one.holds]
            assert len(held) == len(set(held))
            for key, person in people.items():
                names = [one.value for one in in_order(facts) if one.person_key == key and isinstance(one.value, Named)]
                assert person.demographics.names == (names[0].names if names else BORN.names)

    @invariant()
    def what_was_answered_is_answered_again(self) -> None:
        """As known then: what was recorded since changes nothing of it."""
        if not self.known:
            return
        one = self.known[len(self.known) // 2]
        with self.storage.read() as uow:
            for day, composition in one.on.items():
                assert self._composition(uow, AsOf(day, one.change_key)) == composition
            for day, facts in one.facts.items():
                assert self._facts(uow, AsOf(day, one.change_key)) == facts

    def teardown(self) -> None:
        """Taking everything back, the newest first, gives the start."""
        while self.made:
            before = len(self.made)
            self._undo(self.made[-1])
            assert len(self.made) == before - 1
        if self.start is not None:
            assert self._state() == self.start

    def _order(self, intention: Intention, day: int, new_home: UUID | None = None) -> None:
        order = Order(new_uuid(), START + timedelta(days=day), intention)
        try:
            view = make_change(order, actor=TESTER, storage=self.storage, clock=Noon(), number_length=10)
        except (Conflict, Refused):
            return
        self.made.append(order.id)
        if isinstance(intention, Birth):
            self.people += [one.id for one in view.people.values() if one.id not in self.people]
        if new_home is not None:
            self.homes.append(new_home)
        self._remember(view.change.key)

    def _undo(self, change_id: UUID) -> None:
        order = UndoOrder(new_uuid(), change_id)
        with suppress(Conflict):
            view = undo_change(order, actor=TESTER, storage=self.storage, clock=Noon())
            self.made.remove(change_id)
            self._remember(view.change.key)

    def _remember(self, change_key: int) -> None:
        with self.storage.read() as uow:
            days = {TODAY, START + timedelta(days=change_key * 37 % 400)}
            on = {day: self._composition(uow, AsOf(day)) for day in days}
            self.known.append(Known(change_key, on, {day: self._facts(uow, AsOf(day)) for day in days}))

    def _facts(self, uow: SqlUnitOfWork, asked: AsOf) -> list[tuple[Any, ...]]:
        """What facts about people state, in any order."""
        people = {one.key: one.id for one in map(uow.people.by_id, self.people) if one is not None}
        facts = uow.facts.of_people(people, asked)
        return sorted((str(people[one.person_key or 0]), one.kind, repr(one.value), one.source) for one in facts)

    def _composition(self, uow: SqlUnitOfWork, asked: AsOf) -> Composition:
        homes = {str(one): uow.households.by_client_ids([one])[one].key for one in self.homes}
        found = compositions(uow, list(homes.values()), asked)
        ids = {key: one.id for key, one in uow.people.by_keys(self._keys(found.values())).items()}
        return {
            name: {ids[one.person_key]: one.role for one in found[key].members}
            for name, key in homes.items()
            if found[key].members
        }

    @staticmethod
    def _keys(found: Any) -> set[int]:
        return {one.person_key for each in found for one in each.members}

    def _state(self) -> Any:
        """Everything that is so now and was so before, as known now, of whom the start knew."""
        with self.storage.read() as uow:
            days = [START - timedelta(days=1), START, START + timedelta(days=200), TODAY]
            people = [uow.people.by_id(one) for one in self.people]
            assert None not in people
            lives = uow.households.lives_of_many([one.key for one in people if one is not None])
            stated = [(one.demographics, one.stated) for one in people if one is not None and one.demographics != BORN]
            return (
                stated,
                self._facts(uow, AsOf()),
                [self._composition(uow, AsOf(day)) for day in days],
                {one.status for one in lives.values() if one.status is not LifeStatus.PRESENT},
            )

    def _home(self, number: int) -> str:
        return str(self.homes[number % len(self.homes)])

    def _who(self, number: int) -> str:
        return str(self.people[number % len(self.people)])

    def _members(self, home: str) -> list[UUID]:
        with self.storage.read() as uow:
            found: Household = find_households(uow, [home])[home]
            keys = [one.person_key for one in uow.households.members(found.key)]
            return sorted(one.id for one in uow.people.by_keys(keys).values())


@pytest.mark.slow
def test_no_sequence_of_changes_breaks_what_holds(
    new_storage: Callable[[], AbstractContextManager[SqlStorage]],
) -> None:
    with new_storage() as storage:
        machine = type("Machine", (Households,), {"storage": storage})
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=12,
                stateful_step_count=20,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )

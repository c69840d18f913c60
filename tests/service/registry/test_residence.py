"""Households without a head, or with two: a task, never refused. On both kinds of database."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import permutations

from service.registry.domain.changes import Change, ChangeKind
from service.registry.domain.households import HouseholdClaim, Role
from service.registry.domain.people import Person
from service.registry.steps.heads import review_heads
from service.registry.steps.record import begin, new_change
from service.registry.steps.residence import Joining, find_households, hand_over, join, leave
from service.storage.unit import SqlStorage, SqlUnitOfWork
from service.tasks.domain.tasks import TaskKind
from tests.service.made_up import AMINA, NOW, TESTER, TODAY
from tests.service.registry.test_storage import added

HOME = "00000000-0000-0000-0000-000000000001"
OTHER = "00000000-0000-0000-0000-000000000002"
EARLIER = datetime(2020, 1, 1, tzinfo=UTC)
HEAD, SPOUSE, CHILD = Role.HEAD, Role.SPOUSE, Role.CHILD


def moved_in(uow: SqlUnitOfWork, *roles: Role, home: str = HOME) -> tuple[list[Person], int]:
    people = [added(uow) for _ in roles]
    claims = [Joining(HouseholdClaim(home, role), one, NOW.date()) for role, one in zip(roles, people, strict=True)]
    return people, join(uow, claims, NOW, TESTER)[0].key


def changed(uow: SqlUnitOfWork) -> Change:
    change = new_change(ChangeKind.PEOPLE_MERGED, NOW.date(), NOW, TESTER)
    begin(uow, [change])
    return change


def waiting(uow: SqlUnitOfWork, household: int) -> list[TaskKind]:
    uow.flush()
    return [one.kind for one in uow.tasks.unclosed_of(households=[household])]


def left(uow: SqlUnitOfWork, one: Person) -> None:
    change = changed(uow)
    stay = leave(uow, one, change)
    assert stay is not None
    review_heads(uow, [stay.household_key], by=change.by, now=change.recorded_at)


def born(uow: SqlUnitOfWork, people: list[Person], year: int) -> None:
    for one in people:
        one.demographics = replace(AMINA, birth_year=year)
    uow.flush()


def test_a_family_in_any_order_gives_one_household_and_the_same_tasks(storage: SqlStorage) -> None:
    found = []
    for roles in permutations((HEAD, HEAD, CHILD)):
        with storage.write() as uow:
            people = [added(uow) for _ in roles]
            for role, one in zip(roles, people, strict=True):  # each by a counter of its own
                join(uow, [Joining(HouseholdClaim(HOME, role), one, TODAY)], NOW, TESTER)
            home = find_households(uow, [HOME])[HOME]
            members = sorted((one.role, one.valid_from) for one in uow.households.members(home.key))
            found.append((members, waiting(uow, home.key)))
    assert all(one == found[0] for one in found)
    assert found[0][1] == [TaskKind.TWO_HEADS]


def test_a_family_in_any_order_with_one_head_has_no_task(storage: SqlStorage) -> None:
    with storage.write() as uow:
        _, home = moved_in(uow, CHILD, SPOUSE, HEAD, CHILD)
        assert waiting(uow, home) == []


def test_without_a_head_a_task_waits_until_one_comes(storage: SqlStorage) -> None:
    with storage.write() as uow:
        _, home = moved_in(uow, SPOUSE, CHILD)
        assert waiting(uow, home) == [TaskKind.HEAD_MISSING]
        moved_in(uow, HEAD)
        assert waiting(uow, home) == []
        (second,), _ = moved_in(uow, HEAD)
        assert waiting(uow, home) == [TaskKind.TWO_HEADS]
        left(uow, second)
        assert waiting(uow, home) == []


def test_children_alone_are_a_household_that_is_flagged(storage: SqlStorage) -> None:
    with storage.write() as uow:
        people, home = moved_in(uow, HEAD, CHILD)
        born(uow, people, 2012)
        review_heads(uow, [home], by="system:worker", now=NOW)
        assert waiting(uow, home) == [TaskKind.CHILD_HEADED]
        left(uow, people[0])
        assert waiting(uow, home) == [TaskKind.CHILD_HEADED]
        left(uow, people[1])
        assert waiting(uow, home) == []


def test_a_head_who_is_merged_away_leaves_a_task_where_others_remain(storage: SqlStorage) -> None:
    with storage.write() as uow:
        (head, _), home = moved_in(uow, HEAD, CHILD)
        (survivor,), other = moved_in(uow, HEAD, home=OTHER)
        hand_over(uow, head, survivor, changed(uow))
        assert waiting(uow, home) == [TaskKind.HEAD_MISSING]
        assert waiting(uow, other) == []


def test_a_head_enrolled_again_as_another_member_of_the_same_home_leaves_it_without(storage: SqlStorage) -> None:
    with storage.write() as uow:
        (head, again), home = moved_in(uow, HEAD, SPOUSE)
        hand_over(uow, head, again, changed(uow))
        assert waiting(uow, home) == [TaskKind.HEAD_MISSING]


def test_no_task_where_the_survivor_takes_the_place_or_nobody_remains(storage: SqlStorage) -> None:
    with storage.write() as uow:
        (head, _), home = moved_in(uow, HEAD, CHILD)
        hand_over(uow, head, added(uow), changed(uow))
        assert waiting(uow, home) == []
        (alone,), other = moved_in(uow, HEAD, home=OTHER)
        left(uow, alone)
        assert waiting(uow, other) == []


def test_a_stay_ends_no_earlier_than_it_began_though_the_clock_was_set_back(storage: SqlStorage) -> None:
    with storage.write() as uow:
        (one,), _ = moved_in(uow, HEAD)
        change = new_change(ChangeKind.PEOPLE_MERGED, EARLIER.date(), EARLIER, TESTER)
        begin(uow, [change])
        assert change.recorded_at == NOW
        stay = leave(uow, one, change)
        assert stay is not None
        assert (stay.valid_from, stay.valid_to) == (NOW.date(), NOW.date())

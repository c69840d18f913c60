"""Households without a head, or with two: noted, never refused. On both kinds of database."""

from datetime import UTC, datetime

from service.registry.domain.changes import Change, ChangeKind
from service.registry.domain.households import HouseholdClaim, HouseholdEventKind, Role
from service.registry.domain.people import Person
from service.registry.steps.record import begin, new_change
from service.registry.steps.residence import Joining, hand_over, join, leave, note_missing_head
from service.storage.unit import SqlStorage, SqlUnitOfWork
from tests.service.made_up import NOW, TESTER
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


def events(uow: SqlUnitOfWork, household: int) -> list[tuple[HouseholdEventKind, int]]:
    uow.flush()
    return [(one.kind, one.person_key) for one in uow.households.events(household)]


def test_a_family_in_any_order_gives_no_event(storage: SqlStorage) -> None:
    with storage.write() as uow:
        _, home = moved_in(uow, CHILD, SPOUSE, HEAD, CHILD)
        assert events(uow, home) == []


def test_a_second_head_is_noted_at_once_and_later(storage: SqlStorage) -> None:
    with storage.write() as uow:
        (_, second), home = moved_in(uow, HEAD, HEAD)
        assert events(uow, home) == [(HouseholdEventKind.SECOND_HEAD, second.key)]
        (third,), _ = moved_in(uow, HEAD)
        assert events(uow, home)[1:] == [(HouseholdEventKind.SECOND_HEAD, third.key)]
        moved_in(uow, HEAD, home=OTHER)
        assert len(events(uow, home)) == 2


def test_a_head_who_is_merged_away_leaves_a_note_where_others_remain(storage: SqlStorage) -> None:
    with storage.write() as uow:
        (head, _), home = moved_in(uow, HEAD, CHILD)
        (survivor,), other = moved_in(uow, HEAD, home=OTHER)
        hand_over(uow, head, survivor, changed(uow))
        assert events(uow, home) == [(HouseholdEventKind.HEAD_MISSING, head.key)]
        assert events(uow, other) == []


def test_a_head_enrolled_again_as_another_member_of_the_same_home_leaves_it_without(storage: SqlStorage) -> None:
    with storage.write() as uow:
        (head, again), home = moved_in(uow, HEAD, SPOUSE)
        hand_over(uow, head, again, changed(uow))
        assert events(uow, home) == [(HouseholdEventKind.HEAD_MISSING, head.key)]


def test_no_note_where_the_survivor_takes_the_place_or_nobody_remains(storage: SqlStorage) -> None:
    with storage.write() as uow:
        (head, _), home = moved_in(uow, HEAD, CHILD)
        hand_over(uow, head, added(uow), changed(uow))
        assert events(uow, home) == []
        (alone,), other = moved_in(uow, HEAD, home=OTHER)
        left = leave(uow, alone, changed(uow))
        assert left is not None
        note_missing_head(uow, left, NOW)
        assert events(uow, other) == []


def test_a_child_who_leaves_and_one_of_two_heads_leave_no_note(storage: SqlStorage) -> None:
    with storage.write() as uow:
        (head, _, child, _), home = moved_in(uow, HEAD, HEAD, CHILD, CHILD)
        for one in (child, head):
            left = leave(uow, one, changed(uow))
            assert left is not None
            note_missing_head(uow, left, NOW)
        assert [kind for kind, _ in events(uow, home)] == [HouseholdEventKind.SECOND_HEAD]


def test_a_stay_ends_no_earlier_than_it_began_though_the_clock_was_set_back(storage: SqlStorage) -> None:
    with storage.write() as uow:
        (one,), _ = moved_in(uow, HEAD)
        change = new_change(ChangeKind.PEOPLE_MERGED, EARLIER.date(), EARLIER, TESTER)
        begin(uow, [change])
        assert change.recorded_at == NOW
        left = leave(uow, one, change)
        assert left is not None
        assert (left.valid_from, left.valid_to) == (NOW.date(), NOW.date())

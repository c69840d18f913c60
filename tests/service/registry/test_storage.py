"""People and households in the database, of both kinds."""

from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.kit.errors import AlreadyThere
from service.kit.ids import new_uuid
from service.registry.domain.changes import ChangeKind
from service.registry.domain.households import Household, Membership, Role
from service.registry.domain.identifiers import new_household_ids
from service.registry.domain.people import Person, PersonStatus
from service.registry.steps.record import begin, new_change
from service.registry.steps.residence import find_households
from service.storage.unit import SqlStorage, SqlUnitOfWork
from tests.service.made_up import AMINA, NOW, TESTER


def added(uow: SqlUnitOfWork, number: int | None = None) -> Person:
    one = Person(new_uuid(), AMINA, NOW, PersonStatus.ACTIVE, None if number is None else str(number))
    uow.people.add(one)
    uow.flush()
    return one


def test_a_person_comes_out_as_they_went_in(storage: SqlStorage) -> None:
    with storage.write() as uow:
        one = added(uow, 12)
        uow.commit()
    with storage.read() as uow:
        found = uow.people.by_number("12")
        assert found is not None
        assert (found.id, found.demographics, found.created_at) == (one.id, AMINA, NOW)
        assert found.created_at.utcoffset() is not None
        assert uow.people.numbers_taken(["12", "13"]) == ["12"]


def test_aliases_lead_to_the_survivor_through_several_merges(storage: SqlStorage) -> None:
    with storage.write() as uow:
        first, second, third = (added(uow, n) for n in (11, 12, 13))
        first.merge_into(second)
        second.merge_into(third)
        uow.commit()
    with storage.read() as uow:
        old = uow.people.by_number("11")
        assert old is not None
        assert uow.people.survivor_of(old).number == "13"
        assert [one.number for one in uow.people.aliases_of(third.key)] == ["11", "12"]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 9), min_size=10, max_size=10))
def test_many_at_once_are_what_each_alone_is(storage: SqlStorage, choices: list[int]) -> None:
    """People merged at random: survivors, aliases and memberships, against one question at a time."""
    with storage.write() as uow:
        people = [added(uow) for _ in choices]
        for place, choice in enumerate(choices):
            if choice < place:  # into a person before, so that no ring closes
                people[place].status, people[place].survivor_key = PersonStatus.MERGED, people[choice].key
        uow.flush()
        keys = [one.key for one in people]
        by_key = {one.key: one for one in people}
        last = {one.key: last_of(one, by_key) for one in people}
        assert dict(uow.people.survivors_of(keys)) == last
        assert {one.key: uow.people.survivor_of(one) for one in people} == last
        aliases = uow.people.aliases_of_many(keys)
        for one in people:
            merged = [other for other in people if one in followed(other, by_key)]
            assert list(aliases.get(one.key, ())) == uow.people.aliases_of(one.key) == merged


def test_households_lead_to_the_one_that_all_merges_lead_to(storage: SqlStorage) -> None:
    with storage.write() as uow:
        homes = [Household(new_uuid(), NOW) for _ in range(5)]
        for home in homes:
            uow.households.add(home)
        uow.flush()
        for one, remains in ((0, 1), (1, 3), (2, 3)):
            homes[one].survivor_key = homes[remains].key
        uow.flush()
        last = {home.key: homes[leads] for home, leads in zip(homes, (3, 3, 3, 3, 4), strict=True)}
        assert dict(uow.households.survivors_of(last)) == last
        assert {home.key: uow.households.survivor_of(home) for home in homes} == last
        names = {str(home.client_id): last[home.key] for home in homes}
        assert find_households(uow, names.keys()) == names


def followed(one: Person, by_key: dict[int, Person]) -> list[Person]:
    """Everyone a person's merges lead through, the survivor last."""
    if one.survivor_key is None:
        return []
    return [by_key[one.survivor_key], *followed(by_key[one.survivor_key], by_key)]


def last_of(one: Person, by_key: dict[int, Person]) -> Person:
    return [one, *followed(one, by_key)][-1]


def test_a_person_has_one_home_at_a_time(storage: SqlStorage) -> None:
    with storage.write() as uow:
        one = added(uow)
        homes = [Household(new_uuid(), NOW), Household(new_uuid(), NOW)]
        for home in homes:
            uow.households.add(home)
        uow.flush()
        change = new_change(ChangeKind.ENROLLED, NOW.date(), NOW, TESTER)
        begin(uow, [change])

        def stay(home: Household, *days: date | None) -> Membership:
            first, last = (*days, None)[:2]
            assert first is not None
            valid = {"valid_from": first, "valid_to": last, "recorded_by": change.key}
            return Membership(household_key=home.key, person_key=one.key, role=Role.HEAD, **valid)  # type: ignore[arg-type]

        uow.history.write(stay(homes[1], date(2020, 1, 1), date(2021, 1, 1)))
        uow.history.write(stay(homes[1], date(2021, 1, 1), date(2021, 1, 1)), stay(homes[0], date(2021, 1, 1)))
        uow.flush()
        assert uow.households.current_of_many([one.key, 99]).keys() == {one.key}
        uow.history.write(stay(homes[1], date(2020, 12, 31), date(2021, 1, 2)))
        with pytest.raises(AlreadyThere):
            uow.flush()


def test_a_household_is_found_by_either_name(storage: SqlStorage) -> None:
    with storage.write() as uow:
        old, new = Household(new_uuid(), NOW, "M1234567878"), Household(new_uuid(), NOW)
        for home in (old, new):
            uow.households.add(home)
        uow.flush()
        old.survivor_key = new.key
        uow.commit()
    with storage.read() as uow:
        assert old.client_id is not None
        names = [
            "M1234567878",
            str(old.client_id),
            str(new.client_id),
            *new_household_ids(1, lambda drawn: ()),
            str(new_uuid()),
        ]
        found = find_households(uow, names)
        assert {name: one.key for name, one in found.items()} == dict.fromkeys(names[:3], new.key)

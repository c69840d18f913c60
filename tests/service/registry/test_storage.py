"""People and households in the database, of both kinds."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.kit.errors import AlreadyThere
from service.kit.ids import new_uuid
from service.registry.domain.households import Household, Membership, Role
from service.registry.domain.identifiers import new_household_ids
from service.registry.domain.people import Person, PersonStatus
from service.registry.steps.residence import find_households
from service.storage.unit import SqlStorage, SqlUnitOfWork
from tests.service.made_up import AMINA, NOW


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
        assert dict(uow.people.survivors_of(keys)) == {one.key: uow.people.survivor_of(one) for one in people}
        aliases = uow.people.aliases_of_many(keys)
        for one in people:
            merged = [other for other in people if leads_to(other, one, people)]
            assert list(aliases.get(one.key, ())) == uow.people.aliases_of(one.key) == merged


def leads_to(one: Person, other: Person, people: list[Person]) -> bool:
    by_key = {each.key: each for each in people}
    while one.survivor_key is not None:
        one = by_key[one.survivor_key]
        if one is other:
            return True
    return False


def test_a_person_has_one_home_at_a_time(storage: SqlStorage) -> None:
    with storage.write() as uow:
        one = added(uow)
        homes = [Household(new_uuid(), NOW), Household(new_uuid(), NOW)]
        for home in homes:
            uow.households.add(home)
        uow.flush()
        uow.households.add_membership(Membership(homes[0].key, one.key, Role.HEAD, NOW, until=NOW))
        uow.households.add_membership(Membership(homes[0].key, one.key, Role.HEAD, NOW))
        uow.flush()
        assert uow.households.current_of_many([one.key, 99]).keys() == {one.key}
        uow.households.add_membership(Membership(homes[1].key, one.key, Role.CHILD, NOW))
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

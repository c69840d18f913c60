"""People are found by name, however it is spelled, on both databases; the index gives what a look at everyone gives."""

import random
from collections.abc import Sequence

import pytest

from service.kit.actor import Actor
from service.kit.errors import MalformedRequest
from service.kit.ids import new_uuid
from service.registry.domain.households import Household, Role
from service.registry.domain.identifiers import new_household_ids, new_person_numbers
from service.registry.domain.people import Demographics, Name, NameKind, Person, PersonStatus
from service.registry.steps.alike import ENOUGH, Asked, likeness
from service.registry.steps.index import index_people
from service.registry.usecases.reindex import reindex_people
from service.registry.usecases.search import PersonQuery, Search, search_people
from service.storage.unit import SqlStorage, SqlUnitOfWork
from tests.service.made_up import NOW, TESTER, lives, sent

BOUND = Actor("token:a site", "enroller", "s1", "test", "00000000-0000-0000-0000-000000000002", None, frozenset({"s1"}))


def who(name: str, year: int | None = None, father: str | None = None, script: str = "Latn") -> Demographics:
    names = [Name(script, name)]
    if father is not None:
        names.append(Name(script, father, NameKind.FATHER))
    return Demographics(tuple(names), birth_year=year)


def add(uow: SqlUnitOfWork, *some: Demographics, site: str | None = None) -> list[Person]:
    numbers = new_person_numbers(len(some), uow.people.numbers_taken)
    people = [
        Person(new_uuid(), one, NOW, PersonStatus.ACTIVE, number) for one, number in zip(some, numbers, strict=True)
    ]
    for one in people:
        uow.people.add(one)
    uow.flush()
    index_people(uow, {one.key: one.demographics for one in people})
    for one in people if site else ():
        uow.enrolments.add(sent(site=site, person_key=one.key))
    uow.flush()
    return people


def added(storage: SqlStorage, *some: Demographics, site: str | None = None) -> list[Person]:
    with storage.write() as uow:
        people = add(uow, *some, site=site)
        uow.commit()
    return people


def find(storage: SqlStorage, actor: Actor = TESTER, **query: object) -> Search:
    return search_people(PersonQuery(**query), actor=actor, storage=storage)  # type: ignore[arg-type]


def names(search: Search) -> list[str]:
    return [one.view.person.demographics.names[0].full for one in search.found]


@pytest.mark.parametrize(
    "query",
    [
        "محمد علي حسن",
        "Mohamed Ali Hassan",
        "Muhammad Ali Hasan",
        "Maxamed Cali Xasan",
        "Macammad Qali",
        "Hassan Mohammed",
    ],
)
def test_spellings_of_a_name_find_the_person(storage: SqlStorage, query: str) -> None:
    added(storage, who("Mohamed Ali Hassan", 1980), who("Fatouma Omar Djama", 1980), who("Kadra Youssouf", 1980))
    done = find(storage, name=query)
    assert names(done)[0] == "Mohamed Ali Hassan"
    assert done.found[0].score > 0.9
    assert not done.more


def test_a_part_or_the_first_letters_are_enough(storage: SqlStorage) -> None:
    added(storage, who("Mohamed Ali Hassan"), who("Fatouma Omar Djama"), who("عائشة جامع", script="Arab"))
    assert names(find(storage, name="Fat")) == ["Fatouma Omar Djama"]
    assert names(find(storage, name="Djama Fatou")) == ["Fatouma Omar Djama"]
    assert names(find(storage, name="Aïcha")) == ["عائشة جامع"]
    assert names(find(storage, name="Zeinab")) == []


def test_the_father_and_the_birth_year_tell_people_apart(storage: SqlStorage) -> None:
    added(storage, who("Amina", 1980, "Omar Ali"), who("Amina", 1990, "Said Farah"), who("Amina Said", 1991))
    assert names(find(storage, name="Amina", father="Saïd"))[:2] == ["Amina", "Amina Said"]
    found = find(storage, name="Aamina", father="Siciid", birth_year=1992).found
    assert [one.view.person.demographics.birth_year for one in found] == [1991, 1990]
    assert set(found[0].matched) == {"name", "father", "birth_year"}
    assert names(find(storage, name="Amina", birth_year=1985)) == []
    assert len(find(storage, father="Omar Ali").found) == 1


def test_numbers_households_and_aliases_lead_to_who_they_are_today(storage: SqlStorage) -> None:
    with storage.write() as uow:
        old, today = add(uow, who("Ahmed Robleh"), who("Axmed Rooble"))
        (household_id,) = new_household_ids(1, lambda drawn: ())
        home = Household(new_uuid(), NOW, household_id)
        uow.households.add(home)
        uow.flush()
        lives(uow, home, today.key, Role.HEAD)
        old.merge_into(today)
        uow.commit()
    for query in (
        {"number": old.number},
        {"number": today.number},
        {"household": household_id},
        {"name": "Ahmad Roble"},
    ):
        (one,) = find(storage, **query).found
        assert one.view.person.key == today.key
    assert find(storage, number=old.number, name="Fatouma").found == []
    assert find(storage, number="12").found == []


def test_only_people_whom_the_site_enrolled_are_found_by_who_is_bound_to_it(storage: SqlStorage) -> None:
    with storage.write() as uow:
        add(uow, *[who("Ali Hassan")] * 250, site="s2")
        (seen,) = add(uow, who("Ali Hassan"), site="s1")
        (alias,) = add(uow, who("Aly Hassane"), site="s2")
        (other,) = add(uow, who("Guelleh Hassan"), site="s1")
        other.merge_into(alias)
        (child,) = add(uow, who("Ali Hassan Ali"))
        home = Household(new_uuid(), NOW)
        uow.households.add(home)
        uow.flush()
        lives(uow, home, seen.key, Role.HEAD)
        lives(uow, home, child.key, Role.CHILD)
        uow.commit()
    done = find(storage, BOUND, name="Ali Hassan", limit=50)
    assert {one.view.person.key for one in done.found} == {seen.key, alias.key, child.key}
    assert not done.more
    assert find(storage, name="Ali Hassan", limit=50).more


def test_what_names_no_one_is_refused_by_field(storage: SqlStorage) -> None:
    for query, field in (
        ({}, "name"),
        ({"birth_year": 1980}, "name"),
        ({"name": "- ?"}, "name"),
        ({"father": "?"}, "father"),
    ):
        with pytest.raises(MalformedRequest) as refused:
            find(storage, **query)
        assert refused.value.field == field


def test_reindexing_finds_who_was_there_before_and_can_be_repeated(storage: SqlStorage) -> None:
    people = added(storage, who("Hodan Warsama"), who("Idriss Guelleh"))
    with storage.write() as uow:
        index_people(uow, {one.key: Demographics(()) for one in people})
        uow.commit()
    assert find(storage, name="Hodan").found == []
    seen: list[tuple[int, int, int]] = []
    for _ in range(2):
        count = reindex_people(actor=TESTER, storage=storage, progress=lambda *one: seen.append(one))
        assert count == 2
        assert names(find(storage, name="هودن ورسمة")) == ["Hodan Warsama"]
    assert seen == [(2, 2, people[1].key)] * 2
    assert reindex_people(actor=TESTER, storage=storage, after=people[0].key) == 1


GIVEN = ["Mohamed", "Ali", "Hassan", "Omar", "Fatouma", "Amina", "Kadra", "Youssouf", "Djama", "محمد", "علي", "حسن"]


def everyone(people: Sequence[Person], asked: Asked, limit: int) -> list[tuple[int, float]]:
    """The oracle: everyone is compared."""
    scored = [(one.key, likeness(asked, one.demographics).score) for one in people]
    best = sorted((one for one in scored if one[1] >= ENOUGH), key=lambda one: (-one[1], one[0]))
    return best[:limit]


@pytest.mark.parametrize("seed", [7, 8])
def test_the_index_gives_the_first_ten_of_a_look_at_everyone(storage: SqlStorage, seed: int) -> None:
    chosen = random.Random(seed)
    some = [who(" ".join(chosen.choices(GIVEN, k=3)), chosen.choice([None, *range(1960, 2000)])) for _ in range(400)]
    people = added(storage, *some)
    for _ in range(25):
        like = chosen.choice(some)
        asked = Asked(like.names[0].full, None, like.birth_year)
        found = find(storage, name=asked.name, birth_year=asked.birth_year).found
        assert [(one.view.person.key, one.score) for one in found] == everyone(people, asked, 10)

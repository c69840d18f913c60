"""The index follows what people are stated to be: births, facts, and the way back. On both databases."""

import pytest

from service.registry.domain import fact_values as values
from service.registry.domain.households import Role
from service.registry.domain.intentions import Birth
from service.registry.domain.people import Demographics, Name, NameKind
from service.registry.usecases.search import PersonQuery, search_people
from tests.service.made_up import TESTER
from tests.service.registry.test_facts import Registry, registry, stated

__all__ = ["registry"]


def found(registry: Registry, **query: str) -> list[str]:
    done = search_people(PersonQuery(**query), actor=TESTER, storage=registry.storage)  # type: ignore[arg-type]
    return [one.view.person.number or "" for one in done.found]


def test_names_that_facts_state_are_found_and_the_former_ones_no_more(registry: Registry) -> None:
    change = registry.record(stated(values.Named((Name("Latn", "Kadra Warsama"),))))
    assert found(registry, name="كدرا ورسمة") == registry.numbers[:1]
    assert found(registry, name="Amina Hassan") == []  # the other one was added past the service, which indexes
    registry.undo(change)
    assert found(registry, name="Aamina Xasan") == registry.numbers[:1]
    assert found(registry, name="Kadra Warsama") == []


def test_a_child_is_found_from_its_birth_on(registry: Registry) -> None:
    child = Demographics((Name("Latn", "Ismahan"), Name("Latn", "Robleh Guedi", NameKind.FATHER)), birth_year=2026)
    registry.order(Birth(registry.home, child, Role.CHILD))
    (number,) = found(registry, name="Ismahane", father="Rooble Geedi")
    assert number not in registry.numbers
    assert found(registry, father="Robleh Guedi") == [number]
    assert number in found(registry, household=registry.home)


@pytest.mark.parametrize("number", ["A12345", "a 123-45"])
def test_documents_are_found_while_they_stand(registry: Registry, number: str) -> None:
    change = registry.record(stated(values.Document("passport", "a 12-345", "dji")))
    assert found(registry, document=number) == registry.numbers[:1]
    registry.undo(change)
    assert found(registry, document=number) == []


@pytest.mark.parametrize("number", ["+25377831234", "77 83 12 34"])
def test_phones_are_found_however_they_are_written(registry: Registry, number: str) -> None:
    registry.record(stated(values.Phone("77 83 12 34")))
    assert found(registry, phone=number) == registry.numbers[:1]
    assert found(registry, phone=number, name="Amina Hassan") == registry.numbers[:1]
    assert found(registry, phone=number, name="Omar Djama") == []

"""Facts of households and people: what replaces what, what follows, and the way back. On both kinds of database."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

import pytest
from sqlalchemy import Engine

from service.audit.domain.actions import Action
from service.audit.domain.entries import Entry
from service.audit.ports import EntryQuery
from service.kit.actor import Actor
from service.kit.errors import AlreadyThere
from service.kit.ids import new_uuid
from service.registry.domain import fact_values as values
from service.registry.domain.facts import Source, Verification
from service.registry.domain.households import Household, LifeStatus, Role
from service.registry.domain.identifiers import new_household_ids, new_person_numbers
from service.registry.domain.intentions import (
    ChangePersonState,
    Intention,
    Order,
    RecordFacts,
    StatedFact,
    UndoOrder,
    WithdrawFacts,
)
from service.registry.domain.people import Demographics, Name, NameKind, Person, PersonStatus, Sex
from service.registry.errors import BuiltOn, FactGone, NoSuchChange, NoSuchHousehold, NoSuchPerson, NotInTime, UnfitFact
from service.registry.steps.shown_facts import ShownFact
from service.registry.usecases.areas import import_areas
from service.registry.usecases.changes import ChangeView, make_change, preview_change, undo_change
from service.registry.usecases.facts import read_household_facts, read_person_facts
from service.storage.unit import SqlStorage
from service.tasks.domain.tasks import UNCLOSED, TaskKind
from service.tasks.ports import TaskQuery
from tests.service.audit.noted import entries_of
from tests.service.conftest import Noon
from tests.service.made_up import NOW, TESTER, all_rows, lives, sent
from tests.service.registry.test_areas import LIST

DAY = date(2026, 1, 10)
LATER = date(2026, 1, 12)
AMINA = Demographics((Name("Latn", "Amina Hassan"),), Sex.FEMALE, birth_year=1990)
HOME_PHONE = values.Phone("21 35 00 00")
PASSPORT = values.Document("passport", "a 12-345", "dji", None, date(2026, 3, 1))


@dataclass
class Registry:
    storage: SqlStorage
    numbers: list[str]
    home: str

    def order(self, intention: Intention, day: date = DAY) -> ChangeView:
        order = Order(new_uuid(), day, intention)
        return make_change(order, actor=TESTER, storage=self.storage, clock=Noon(), number_length=10)

    def record(self, *facts: StatedFact, who: int = 0, day: date = DAY) -> ChangeView:
        return self.order(RecordFacts(facts, person=self.numbers[who]), day)

    def undo(self, view: ChangeView) -> ChangeView:
        return undo_change(UndoOrder(new_uuid(), view.change.id), actor=TESTER, storage=self.storage, clock=Noon())

    def facts(self, who: int = 0, day: date | None = None, actor: Actor = TESTER) -> Sequence[ShownFact]:
        return read_person_facts(self.numbers[who], day, None, actor=actor, storage=self.storage)

    def values(self, who: int = 0, day: date | None = None) -> list[values.Value]:
        return [one.value for one in self.facts(who, day)]

    def person(self, who: int = 0) -> Person:
        with self.storage.read() as uow:
            found = uow.people.by_number(self.numbers[who])
            assert found is not None
            _ = found.demographics, found.stated
            return found


@pytest.fixture
def registry(storage: SqlStorage) -> Registry:
    """Two people in a household."""
    import_areas(LIST, actor=TESTER, storage=storage, clock=Noon())
    numbers = new_person_numbers(2, lambda drawn: ())
    (home_id,) = new_household_ids(1, lambda drawn: ())
    with storage.write() as uow:
        home = Household(new_uuid(), NOW, home_id)
        uow.households.add(home)
        for number, role in zip(numbers, (Role.HEAD, Role.SPOUSE), strict=True):
            person = Person(new_uuid(), AMINA, NOW, PersonStatus.ACTIVE, number)
            uow.people.add(person)
            uow.flush()
            lives(uow, home, person.key, role, date(2020, 1, 1))
        uow.commit()
    return Registry(storage, list(numbers), home_id)


def stated(
    value: values.Value, source: Source = Source.PERSON, verification: Verification = Verification.DECLARED
) -> StatedFact:
    return StatedFact(value, source, verification=verification)


def test_a_source_replaces_what_it_stated_and_no_other_source(registry: Registry) -> None:
    registry.record(stated(values.Address("behind the mosque")))
    registry.record(stated(values.Address("quarter 3"), Source.OPERATOR, Verification.DOCUMENT_SEEN), day=LATER)
    shown = registry.facts()
    assert [(one.value, one.conflict) for one in shown] == [
        (values.Address("quarter 3"), True),
        (values.Address("behind the mosque"), True),
    ]
    registry.record(stated(values.Address("quarter 3")), day=LATER)
    assert [(one.value, one.conflict) for one in registry.facts()] == [(values.Address("quarter 3"), False)] * 2
    assert registry.values(day=DAY) == [values.Address("behind the mosque")]


def test_of_some_kinds_there_are_several(registry: Registry) -> None:
    phones = [values.Phone("77 83 12 34"), values.Phone("+33 1 42 68 53 00")]
    registry.record(*map(stated, phones), stated(values.Language("som")), stated(values.Language("aa")))
    assert registry.values() == [
        values.Phone("+25377831234"),
        values.Phone("+33142685300"),
        values.Language("aa"),
        values.Language("som"),
    ]
    assert not any(one.conflict for one in registry.facts())
    registry.record(stated(values.Phone("0025377831234")), day=LATER)
    assert registry.values()[:2] == [values.Phone("+25377831234"), values.Phone("+33142685300")]


def test_facts_of_a_household_are_read_by_its_id(registry: Registry, database: Engine) -> None:
    facts = [stated(values.InArea("DJ-AS-1-3")), stated(values.Coordinates(11.15, 42.71, 8.0)), stated(HOME_PHONE)]
    registry.order(RecordFacts(facts, household=registry.home))
    shown = read_household_facts(registry.home, None, None, actor=TESTER, storage=registry.storage)
    assert [one.value for one in shown] == [
        values.InArea("DJ-AS-1-3"),
        values.Coordinates(11.15, 42.71, 8.0),
        values.Phone("+25321350000"),
    ]
    assert read_household_facts(registry.home, date(2026, 1, 9), None, actor=TESTER, storage=registry.storage) == []
    assert "21350000" not in repr(all_rows(database))
    noted = entries_of(database, Action.FACTS_READ)
    assert [one.target_id for one in noted] == [registry.home] * 2
    stranger = Actor("token:x", "enroller", "elsewhere", "test", "r", people_of=frozenset({"elsewhere"}))
    with pytest.raises(NoSuchHousehold):
        read_household_facts(registry.home, None, None, actor=stranger, storage=registry.storage)
    with pytest.raises(NoSuchPerson):
        registry.facts(actor=stranger)


def test_a_correction_is_on_the_record_until_it_is_taken_back(registry: Registry) -> None:
    names = (Name("Latn", "Aïcha"), Name("Arab", "عائشة"))
    first = registry.record(stated(values.Named(names)), stated(values.Born(date(1991, 5, 2))))
    assert registry.person().demographics == Demographics(names, Sex.FEMALE, date(1991, 5, 2))
    second = registry.record(stated(values.Born(birth_year=1992, birth_estimated=True)), day=LATER)
    assert registry.person().demographics == Demographics(names, Sex.FEMALE, None, 1992, True)
    assert registry.person().stated == AMINA
    with pytest.raises(BuiltOn):
        registry.undo(first)
    registry.undo(second)
    assert registry.person().demographics == Demographics(names, Sex.FEMALE, date(1991, 5, 2))
    undone = registry.undo(first)
    assert (registry.person().demographics, registry.person().stated) == (AMINA, None)
    assert registry.values() == []
    registry.undo(undone)
    assert registry.person().demographics == Demographics(names, Sex.FEMALE, date(1991, 5, 2))


def test_what_follows_from_a_birth_is_looked_at_again(registry: Registry) -> None:
    view = registry.record(stated(values.Born(birth_year=2015)))
    assert dues(registry) == {("", Noon().now().date())}
    home = view.people[next(iter(view.people))]
    with registry.storage.read() as uow:
        (key,) = {one.household_key for one in uow.households.current_of_many([home.key]).values()}
        assert [one.kind for one in uow.tasks.unclosed_of(households=[key])] == [TaskKind.CHILD_HEADED]
    registry.undo(view)
    with registry.storage.read() as uow:
        assert uow.tasks.unclosed_of(households=[key]) == []


def test_the_record_states_what_is_verified_best(registry: Registry) -> None:
    registry.record(stated(values.OfSex(Sex.MALE), Source.DOCUMENT, Verification.CONFIRMED_BY_SYSTEM))
    registry.record(stated(values.OfSex(Sex.OTHER)), day=LATER)
    assert registry.person().demographics.sex is Sex.MALE
    (best, _) = registry.facts()
    registry.order(WithdrawFacts([best.fact.id], person=registry.numbers[0]), LATER)
    assert registry.person().demographics.sex is Sex.OTHER
    with pytest.raises(FactGone):
        registry.order(WithdrawFacts([best.fact.id], person=registry.numbers[0]), LATER)
    with pytest.raises(FactGone):
        registry.order(WithdrawFacts([registry.facts()[0].fact.id], person=registry.numbers[1]), LATER)


def test_a_relationship_shows_from_both_sides(registry: Registry) -> None:
    fact = StatedFact(values.Relationship(values.RelationshipType.PARENT_OF), Source.PERSON, other=registry.numbers[1])
    registry.record(fact)
    (mine,), (theirs,) = registry.facts(0), registry.facts(1)
    assert [one.value for one in (mine, theirs)] == [
        values.Relationship(values.RelationshipType.PARENT_OF),
        values.Relationship(values.RelationshipType.CHILD_OF),
    ]
    assert [one.other and one.other.number for one in (mine, theirs)] == registry.numbers[::-1]
    for other in (registry.numbers[0], None):
        with pytest.raises(UnfitFact):
            registry.record(StatedFact(fact.value, Source.PERSON, other=other))


def test_a_document_is_kept_in_one_form_and_its_end_is_planned(registry: Registry) -> None:
    view = registry.record(stated(PASSPORT))
    (shown,) = registry.facts()
    assert shown.value == values.Document("passport", "A12345", "DJI", None, date(2026, 3, 1))
    assert dues(registry) == {(str(shown.fact.id), date(2026, 3, 2))}
    renewed = registry.record(stated(values.Document("passport", "A12345", "DJI", None, date(2031, 3, 1))), day=LATER)
    assert {on for _, on in dues(registry)} == {date(2031, 3, 2)}
    registry.undo(renewed)
    assert dues(registry) == {(str(shown.fact.id), date(2026, 3, 2))}
    registry.undo(view)
    assert dues(registry) == set()


def disputes(registry: Registry) -> list[tuple[str | None, bool]]:
    """The tasks that wait, by the number of the person, and whether that person's document is shown as disputed."""
    with registry.storage.read() as uow:
        tasks = uow.tasks.page(TaskQuery(kind=TaskKind.DOCUMENT_DISPUTED, states=UNCLOSED))
        people = uow.people.by_keys([one.person_key for one in tasks if one.person_key is not None])
    numbers = [people[one.person_key or 0].number for one in tasks]
    return [(one, any(each.disputed for each in registry.facts(registry.numbers.index(one or "")))) for one in numbers]


def test_a_document_that_another_person_has_is_recorded_and_disputed(registry: Registry) -> None:
    same = values.Document("passport", "A 123 45", "DJI")
    registry.record(stated(PASSPORT))
    second = registry.record(stated(same, Source.OPERATOR), who=1)
    assert disputes(registry) == [(registry.numbers[1], True)]
    assert [one.disputed for one in registry.facts()] == [True]
    registry.record(stated(same, Source.DOCUMENT))  # of the one who has it
    assert len(disputes(registry)) == 1
    undone = registry.undo(second)
    assert disputes(registry) == []
    assert [one.disputed for one in registry.facts()] == [False, False]
    registry.undo(undone)
    assert disputes(registry) == [(registry.numbers[1], True)]


def test_a_document_that_expired_is_another_persons_without_dispute(registry: Registry) -> None:
    first = registry.record(stated(values.Document("passport", "A12345", "DJI", None, date(2026, 1, 1))))
    second = registry.record(stated(values.Document("passport", "A12345", "DJI")), who=1)
    assert disputes(registry) == []
    with pytest.raises(BuiltOn):
        registry.undo(first)
    third = registry.record(stated(values.Document("passport", "A12345", "DJI")), day=LATER)
    assert disputes(registry) == [(registry.numbers[0], True)]
    registry.undo(third)
    registry.undo(second)
    registry.undo(first)
    assert registry.values(0) == registry.values(1) == []


def test_the_database_has_a_document_be_one_persons(registry: Registry) -> None:
    registry.record(stated(PASSPORT))
    registry.record(stated(PASSPORT), who=1)
    (second,) = registry.facts(1)
    with registry.storage.write() as uow:
        uow.facts.standing([second.fact.id])[second.fact.id].holds = True
        with pytest.raises(AlreadyThere):
            uow.flush()


def test_nothing_becomes_due_of_who_died_until_that_is_taken_back(registry: Registry) -> None:
    (alone,) = new_person_numbers(1, lambda drawn: ())
    with registry.storage.write() as uow:
        uow.people.add(Person(new_uuid(), AMINA, NOW, PersonStatus.ACTIVE, alone))
        uow.commit()
    registry.numbers.append(alone)
    registry.record(stated(PASSPORT), who=2)
    died = registry.order(ChangePersonState(alone, LifeStatus.DECEASED), LATER)
    assert dues(registry) == set()
    registry.undo(died)
    assert date(2026, 3, 2) in {on for _, on in dues(registry)}


def dues(registry: Registry) -> set[tuple[str, date]]:
    with registry.storage.read() as uow:
        return {(one.ref, one.on) for one in uow.dues.come(date(2100, 1, 1), 100)}


def test_a_preview_keeps_nothing_and_states_what_would_be(registry: Registry, database: Engine) -> None:
    registry.record(stated(HOME_PHONE))
    before = all_rows(database)
    order = Order(new_uuid(), LATER, RecordFacts([stated(values.Phone("21350000"))], person=registry.numbers[0]))
    view = preview_change(order, actor=TESTER, storage=registry.storage, clock=Noon(), number_length=10)
    assert [one.value for one in view.facts_before] == [values.Phone("+25321350000")]
    assert {one.fact.valid_to for one in view.facts_after} == {LATER, None}
    assert [rows for table, rows in all_rows(database).items() if table == "fact"] == [before["fact"]]


@pytest.mark.parametrize(
    ("value", "field"),
    [
        (values.InArea("DJ-XX"), "code"),
        (values.Address("  "), "text"),
        (values.Phone("12"), "number"),
        (values.Phone("call her sister"), "number"),
        (values.Document("library_card", "1", "DJI"), "type"),
        (values.Document("passport", "A1234567890", "DJI"), "number"),
        (values.Document("passport", "A12345", "--"), "issuer"),
        (values.Document("passport", "A12345", "DJI", date(2026, 1, 2), date(2026, 1, 1)), "valid_until"),
        (values.Language("French"), "code"),
        (values.Born(), "birth_date"),
        (values.Born(date(2026, 1, 16)), "birth_date"),
        (values.Born(birth_year=1879), "birth_date"),
    ],
)
def test_what_cannot_be_is_named_by_its_field(registry: Registry, value: values.Value, field: str) -> None:
    with pytest.raises(UnfitFact) as raised:
        registry.record(stated(value))
    assert raised.value.field == f"intention.facts.0.{field}"


def test_an_order_states_one_subject_no_fact_twice_and_none_before_the_last(registry: Registry) -> None:
    number = registry.numbers[0]
    for facts in (
        RecordFacts([stated(HOME_PHONE)]),
        RecordFacts([stated(HOME_PHONE)], registry.home, number),
        RecordFacts([stated(HOME_PHONE), stated(values.Phone("+253 21 35 00 00"))], person=number),
        RecordFacts([stated(values.Coordinates(11, 42))], person=number),
        RecordFacts([stated(PASSPORT)], household=registry.home),
    ):
        with pytest.raises(UnfitFact):
            registry.order(facts)
    registry.record(stated(HOME_PHONE), day=LATER)
    with pytest.raises(NotInTime):
        registry.record(stated(HOME_PHONE), day=DAY)


ALL = dict.fromkeys(values.DOMAINS, values.Difficulty.SOME)


@pytest.mark.parametrize(
    ("answers", "disabled"),
    [
        (ALL, False),
        ({**ALL, "seeing": values.Difficulty.A_LOT}, True),
        ({**ALL, "hearing": values.Difficulty.CANNOT}, True),
        ({**ALL, "walking": None}, None),
        ({"walking": values.Difficulty.A_LOT}, True),
        ({}, None),
    ],
)
def test_disabled_is_a_lot_of_difficulty_in_one_domain(
    answers: dict[str, values.Difficulty | None], disabled: bool | None
) -> None:
    assert values.Disability(**answers).disabled is disabled


def test_every_value_comes_out_as_it_went_in(registry: Registry) -> None:
    one = [
        values.Disability(**ALL),
        values.InGroup(values.TargetGroup.CHILD_IN_STREET_SITUATION),
        values.InArea("DJ-AS"),
    ]
    registry.record(*map(stated, one))
    assert set(registry.values()) == set(one)
    assert all(isinstance(each.fact.id, UUID) for each in registry.facts())


def test_one_order_may_state_a_document_by_two_sources(registry: Registry) -> None:
    registry.record(StatedFact(PASSPORT, Source.PERSON), StatedFact(PASSPORT, Source.DOCUMENT))
    assert [one.disputed for one in registry.facts()] == [False, False]


def test_a_name_on_the_record_is_the_persons_own(registry: Registry) -> None:
    with pytest.raises(UnfitFact, match="own"):
        registry.record(StatedFact(values.Named((Name("Latn", "Khadija", NameKind.MOTHER),)), Source.PERSON))


def test_who_is_shown_a_change_again_reads_it_and_must_see_whom_it_is_about(registry: Registry) -> None:
    order = Order(new_uuid(), DAY, RecordFacts([StatedFact(HOME_PHONE, Source.PERSON)], household=registry.home))

    def make(actor: Actor) -> ChangeView:
        return make_change(order, actor=actor, storage=registry.storage, clock=Noon(), number_length=10)

    make(TESTER)
    again = make(TESTER)
    assert again.facts_after
    assert len(noted(registry, Action.CHANGE_READ)) == 1
    with registry.storage.write() as uow:  # so that the home is not everybody's
        for key in (1, 2):
            uow.enrolments.add(sent(person_key=key, site="fixed-1"))
        uow.commit()
    stranger = replace(TESTER, id="token:another", site="van-2", people_of=frozenset({"van-2"}))
    with pytest.raises(NoSuchChange):
        make(stranger)


def test_a_relationship_is_noted_for_both(registry: Registry) -> None:
    fact = StatedFact(values.Relationship(values.RelationshipType.SPOUSE_OF), Source.PERSON, other=registry.numbers[1])
    registry.record(fact)
    (entry,) = noted(registry, Action.CHANGE_MAKE)
    assert {str(registry.person(who).id) for who in (0, 1)} <= set(json.loads(entry.people))


def noted(registry: Registry, action: Action) -> Sequence[Entry]:
    with registry.storage.read() as uow:
        return [one for one in uow.audit_records.find(EntryQuery(limit=1000)) if one.action == action]

"""Consent: the last act counts, from the instant it is recorded. On both kinds of database."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from service.audit.domain.actions import Action
from service.kit.actor import Actor
from service.kit.ids import new_uuid
from service.registry.domain.consents import ConsentAct, ConsentRecord, StatedConsent, is_allowed
from service.registry.domain.identifiers import new_person_numbers
from service.registry.domain.people import Demographics, Name, Person, PersonStatus
from service.registry.errors import ConsentDiffers, NoSuchPerson, UnfitConsent, UnknownPerson
from service.registry.steps.consents import may_share
from service.registry.usecases.consents import check_consent, read_consents, record_consent
from service.storage.unit import SqlStorage
from tests.service.audit.noted import entries_of
from tests.service.conftest import Noon
from tests.service.made_up import NOW, TESTER, all_rows

FOOD, WFP, UNICEF = "food_assistance", "WFP-2026", "UNICEF-7"


@pytest.fixture
def numbers(storage: SqlStorage) -> list[str]:
    """An adult and a child."""
    some = new_person_numbers(2, lambda drawn: ())
    with storage.write() as uow:
        for number, year in zip(some, (1990, 2020), strict=True):
            who = Demographics((Name("Latn", "Amina"),), birth_date=date(year, 1, 1))
            uow.people.add(Person(new_uuid(), who, NOW, PersonStatus.ACTIVE, number))
        uow.commit()
    return list(some)


def stated(programme: str | None = None, *, given: bool = True, **more: str) -> StatedConsent:
    return StatedConsent(new_uuid(), FOOD, programme, given, **more)


def recorded(storage: SqlStorage, number: str, one: StatedConsent) -> ConsentRecord:
    (found,) = record_consent(number, one, actor=TESTER, storage=storage, clock=Noon()).records
    return found


def allowed(storage: SqlStorage, number: str, programme: str | None = None) -> bool:
    return check_consent(number, FOOD, programme, actor=TESTER, storage=storage)


def test_sharing_is_refused_from_the_instant_of_revocation(storage: SqlStorage, numbers: list[str]) -> None:
    adult = numbers[0]
    assert not allowed(storage, adult, WFP)
    acts = [
        recorded(storage, adult, stated(WFP, text_version="1")),
        recorded(storage, adult, stated(WFP, text_version="2")),
    ]
    assert (allowed(storage, adult, WFP), allowed(storage, adult), allowed(storage, adult, UNICEF)) == (
        True,
        False,
        False,
    )
    acts.append(recorded(storage, adult, stated(WFP, given=False)))
    assert not allowed(storage, adult, WFP)
    acts.append(recorded(storage, adult, stated(WFP)))
    assert allowed(storage, adult, WFP)
    assert [one.act for one in acts] == [ConsentAct.GIVEN, ConsentAct.CHANGED, ConsentAct.REVOKED, ConsentAct.GIVEN]
    read = read_consents(adult, actor=TESTER, storage=storage)
    assert [one.id for one in read.records] == [one.id for one in acts]
    with storage.read() as uow:
        person = uow.people.by_number(adult)
        assert person is not None
        assert may_share(uow, person, FOOD, WFP)
        assert not may_share(uow, person, "research", WFP)


def test_a_guardian_gives_consent_for_a_child(storage: SqlStorage, numbers: list[str]) -> None:
    adult, child = numbers
    with pytest.raises(UnfitConsent):
        recorded(storage, child, stated())
    with pytest.raises(UnfitConsent):
        recorded(storage, child, stated(guardian=child))
    with pytest.raises(UnknownPerson):
        recorded(storage, child, stated(guardian="2345678901"))
    with storage.write() as uow:
        other = uow.people.by_number(child)
        assert other is not None
        (number,) = new_person_numbers(1, lambda drawn: ())
        sibling = Person(new_uuid(), other.demographics, NOW, PersonStatus.ACTIVE, number)
        uow.people.add(sibling)
        uow.commit()
    with pytest.raises(UnfitConsent, match="no child"):
        recorded(storage, child, stated(guardian=number))
    recorded(storage, child, stated(guardian=adult))
    recorded(storage, child, stated(guardian_name="Sister Mariam, Caritas"))
    view = read_consents(child, actor=TESTER, storage=storage)
    assert [one.number for one in view.guardians.values()] == [adult]
    assert [one.guardian_name for one in view.records] == [None, "Sister Mariam, Caritas"]
    recorded(storage, child, stated(given=False))
    assert not allowed(storage, child)


def test_sent_again_it_is_recorded_once_and_words_are_sealed(
    storage: SqlStorage, database: Engine, numbers: list[str]
) -> None:
    one = stated(WFP, words="her brother read it to her", paper="folder 12")
    assert recorded(storage, numbers[0], one).key == recorded(storage, numbers[0], one).key
    for other, number in ((replace(one, given=False), numbers[0]), (one, numbers[1])):
        with pytest.raises(ConsentDiffers):
            recorded(storage, number, other)
    assert len(read_consents(numbers[0], actor=TESTER, storage=storage).records) == 1
    text = repr(all_rows(database))
    assert "brother" not in text
    assert "folder 12" not in text
    for action in (Action.CONSENT_RECORD, Action.CONSENT_READ):
        assert len(entries_of(database, action)) == 1


def test_who_sees_not_the_person_learns_nothing(storage: SqlStorage, numbers: list[str]) -> None:
    stranger = Actor("token:x", "enroller", "elsewhere", "test", "r", people_of=frozenset({"elsewhere"}))
    with pytest.raises(NoSuchPerson):
        check_consent(numbers[0], FOOD, None, actor=stranger, storage=storage)
    with pytest.raises(NoSuchPerson):
        read_consents(numbers[0], actor=stranger, storage=storage)
    with pytest.raises(NoSuchPerson):
        record_consent(numbers[0], stated(), actor=stranger, storage=storage, clock=Noon())


def act(key: int, programme: str | None, *, given: bool) -> ConsentRecord:
    what = ConsentAct.GIVEN if given else ConsentAct.REVOKED
    one = ConsentRecord(new_uuid(), 1, FOOD, programme, what, datetime(2026, 1, 1, tzinfo=UTC), "x", "x", None)
    one.key = key
    return one


@given(st.lists(st.tuples(st.sampled_from([None, WFP, UNICEF]), st.booleans()), max_size=12))
def test_what_counts_is_what_a_replay_of_all_acts_gives(acts: list[tuple[str | None, bool]]) -> None:
    general, special = False, dict[str, bool]()
    for programme, stands in acts:
        if programme is not None:
            special[programme] = stands
        else:
            general = stands
            if not stands:
                special = {name: one for name, one in special.items() if not one}
    records = [act(key, programme, given=stands) for key, (programme, stands) in enumerate(acts)]
    for asked in (WFP, UNICEF):
        assert is_allowed(records, FOOD, asked) == special.get(asked, general)
    assert is_allowed(records, FOOD, None) == general

"""Who is found by what they state: kept keys follow people, and a check shows whom the actor may see."""

import json
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import Engine, func, select

from service.adjudication.domain.evidence import Band
from service.adjudication.steps.merge import merge
from service.audit.domain.actions import Action
from service.audit.storage.tables import entry
from service.deduplication.domain.search import SearchPolicy
from service.deduplication.storage import demographic_key
from service.deduplication.usecases.check_statement import Checked, check_statement
from service.deduplication.usecases.reindex_statements import reindex_statements
from service.enrolment.domain.enrolments import EnrolmentStatus
from service.kit.ids import new_uuid
from service.registry.domain.people import Demographics, Name, NameKind, Person, PersonStatus, Sex
from service.storage.unit import SqlStorage
from tests.service.made_up import NOW, TESTER, sent, storage_of

POLICY = SearchPolicy(fpir_review=0.01, fpir_duplicate=0.0001, candidates=3)
HASSAN = Demographics(
    (Name("Latn", "Hassan Robleh Waberi"), Name("Latn", "Kaltoum", NameKind.MOTHER)), Sex.MALE, date(2015, 5, 7)
)
ARABIC = replace(HASSAN, names=(Name("Arab", "حسن روبلي وابري"), Name("Arab", "كلثوم", NameKind.MOTHER)))
OTHERS = [
    Demographics((Name("Latn", f"Moussa Ali {name}"),), Sex.MALE, date(1980, 2, 3))
    for name in ("Omar", "Aden", "Farah")
]


@pytest.fixture
def storage(database: Engine) -> SqlStorage:
    return storage_of(database)


def add(storage: SqlStorage, *people: Demographics) -> list[int]:
    with storage.write() as uow:
        added = [Person(new_uuid(), who, NOW, PersonStatus.ACTIVE, str(n)) for n, who in enumerate(people, start=2000)]
        for one in added:
            uow.people.add(one)
        uow.flush()
        keys = [one.key for one in added]
        uow.commit()
    return keys


def check(storage: SqlStorage, who: Demographics = HASSAN, sites: frozenset[str] | None = None) -> Checked:
    return check_statement(who, actor=replace(TESTER, people_of=sites), storage=storage, policy=POLICY)


def kept(storage: SqlStorage) -> int:
    with storage.read() as uow:
        return uow._session.scalar(select(func.count()).select_from(demographic_key)) or 0


def test_a_person_is_found_in_another_script_and_without_their_words(storage: SqlStorage) -> None:
    (key, *_) = add(storage, HASSAN, *OTHERS)
    (found,) = check(storage, ARABIC).found
    assert (found.person.key, found.evidence.fields["birth"].level) == (key, "day")
    assert found.band is not Band.UNIQUE
    assert "assan" not in repr(found.evidence)


def test_a_sibling_and_a_stranger_are_not_found(storage: SqlStorage) -> None:
    add(storage, HASSAN, *OTHERS)
    sibling = replace(HASSAN, names=(Name("Latn", "Bilal Robleh Waberi"), *HASSAN.names[1:]))
    assert not check(storage, sibling).found
    assert not check(storage, Demographics((Name("Latn", "Khaled Idriss Bachir"),))).found


def test_keys_follow_what_a_person_states(storage: SqlStorage) -> None:
    (key, *_) = add(storage, replace(HASSAN, names=(Name("Latn", "Khaled Idriss"),), birth_date=None), *OTHERS)
    assert not check(storage).found
    with storage.write() as uow:
        uow.people.by_key(key).demographics = HASSAN
        uow.commit()
    assert [one.person.key for one in check(storage).found] == [key]
    with storage.write() as uow:
        uow.people.by_key(key).erase()
        uow.commit()
    with storage.read() as uow:
        rows = select(func.count()).where(demographic_key.c.person_key == key)
        assert uow._session.scalar(rows) == 0


def test_a_person_merged_leads_to_the_survivor(storage: SqlStorage) -> None:
    former, survivor, *_ = add(storage, HASSAN, *OTHERS)
    with storage.write() as uow:
        uow.changes.lock()
        merge(uow, uow.people.by_key(former), uow.people.by_key(survivor), NOW, TESTER)
        uow.commit()
    assert [one.person.key for one in check(storage).found] == [survivor]


def test_whom_a_site_did_not_enrol_is_counted_and_not_shown(storage: SqlStorage) -> None:
    here, _, *_ = add(storage, HASSAN, HASSAN, *OTHERS)
    with storage.write() as uow:
        uow.enrolments.add(sent(status=EnrolmentStatus.ENROLLED, person_key=here))
        uow.commit()
    done = check(storage, sites=frozenset({"a"}))
    assert ([one.person.key for one in done.found], done.hidden, done.more) == ([here], 1, 0)


def test_a_check_is_noted_without_what_was_stated(storage: SqlStorage) -> None:
    add(storage, HASSAN, *OTHERS)
    check(storage)
    with storage.read() as uow:
        (noted,) = uow._session.execute(select(entry).where(entry.c.action == Action.PERSON_CHECK)).all()
    assert "Hassan" not in repr(noted)
    assert len(json.loads(noted.people)) == 1


def test_reindexing_makes_the_same_keys_and_those_that_were_missing(storage: SqlStorage) -> None:
    add(storage, HASSAN, *OTHERS)
    before = kept(storage)
    with storage.write() as uow:
        uow._session.execute(demographic_key.delete())
        uow.commit()
    assert not check(storage).found
    assert [*reindex_statements(actor=TESTER, storage=storage)] == [4]
    assert [*reindex_statements(actor=TESTER, storage=storage)] == [4]
    assert kept(storage) == before > 0
    assert check(storage).found

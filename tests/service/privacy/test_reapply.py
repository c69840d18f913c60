"""A restored copy brings the erased back: the list outside the database has them erased again."""

import shutil
from pathlib import Path

import pytest
from pydantic import SecretStr

from service.adjudication.domain.cases import CaseStatus, Decision
from service.adjudication.ports import CaseQuery
from service.audit.domain.actions import Action
from service.bootstrap import ERASURES, App, Recognition, open_store, wire
from service.enrolment.domain.enrolments import EnrolmentStatus
from service.enrolment.errors import EnrolmentErased
from service.enrolment.ports import EnrolmentQuery
from service.kit.errors import StorageUnavailable
from service.privacy.domain.certificates import certificate_in, listed_in, signed_in
from service.privacy.domain.erasures import Erasure
from service.privacy.usecases.verify import verify_certificate
from service.registry.domain.people import PersonStatus
from service.registry.errors import PersonErased
from service.registry.usecases.look_up import read_person
from service.settings import Settings
from tests.service.audit.noted import entries_of
from tests.service.made_up import TEST_KEY, TESTER, received
from tests.service.privacy.conftest import AGAIN, FIRST, NAME, OFFICER, SECOND, Registry


@pytest.fixture
def home(tmp_path: Path, migrated_sqlite: Path) -> Path:
    made = tmp_path / "home"
    made.mkdir()
    shutil.copy(migrated_sqlite, made / "jisr.db")
    return made


def settings(home: Path) -> Settings:
    return Settings(home=home, key=SecretStr(TEST_KEY), audit_copies=home.parent / "elsewhere")


def started(home: Path, recognition: Recognition) -> Registry:
    """A service as it starts, without its worker."""
    recognition.index.clear()
    app: App = wire(open_store(settings(home)), recognition)
    app.replica.start(app.store.storage)
    return Registry(app)


def copied(registry: Registry, home: Path) -> Path:
    """A backup of the home of a service that is stopped; the list elsewhere is not in it."""
    registry.app.store.cleaner.clean()
    registry.app.store.database.dispose()
    return Path(shutil.copytree(home, home.parent / "backup"))


def restore(home: Path, registry: Registry) -> None:
    registry.app.store.database.dispose()
    shutil.rmtree(home)
    shutil.copytree(home.parent / "backup", home)


def assert_erased_again(registry: Registry, number: str, enrolment: object) -> None:
    store = registry.app.store
    with pytest.raises(PersonErased):
        read_person(number, actor=TESTER, storage=store.storage)
    with pytest.raises(EnrolmentErased):
        received(registry.app, FIRST, id=enrolment)
    assert registry.finisher().finish_waiting(actor=OFFICER) == 0
    done = registry.begin(number)
    signed = certificate_in(done)
    assert signed is not None
    found = verify_certificate(
        signed.line(), actor=OFFICER, storage=store.storage, blobs=store.blobs, public_key=signed.public_key
    )
    assert found == []


def test_who_comes_back_with_a_backup_is_erased_before_anyone_is_answered(home: Path, recognition: Recognition) -> None:
    first = started(home, recognition)
    enrolment = first.enrol(FIRST)
    number = first.number(enrolment)
    first.app.auditor.sign()
    copied(first, home)
    first.erase(number)
    restore(home, first)
    assert any(str(enrolment) in str(path) for path in home.rglob("*"))
    second = started(home, recognition)
    assert_erased_again(second, number, enrolment)
    assert len(entries_of(second.app.store.database, Action.ERASURES_REAPPLY)) == 1
    assert not any(path.is_file() and str(enrolment) in str(path) for path in home.rglob("*"))
    third = started(home, recognition)
    assert len(entries_of(third.app.store.database, Action.ERASURES_REAPPLY)) == 1
    third.app.store.database.dispose()
    second.app.store.database.dispose()


def test_whose_case_is_open_in_a_backup_goes_on_without_the_erased(home: Path, recognition: Recognition) -> None:
    first = started(home, recognition)
    enrolment = first.enrol(FIRST)
    again = first.enrol(AGAIN)
    number = first.number(enrolment)
    first.app.auditor.sign()
    copied(first, home)
    first.decide(Decision.DISTINCT)
    first.erase(number)
    restore(home, first)
    second = started(home, recognition)
    assert_erased_again(second, number, enrolment)
    with second.app.store.storage.read() as uow:
        (case,) = uow.cases.page(CaseQuery())
        assert (case.status, case.decision) == (CaseStatus.DECIDED, Decision.DISTINCT)
        newcomer = uow.enrolments.by_id(again)
        assert newcomer is not None
        assert newcomer.status is EnrolmentStatus.ENROLLED
    assert second.number(again)
    second.app.store.database.dispose()


def test_a_case_with_others_than_the_erased_stays_open(home: Path, recognition: Recognition) -> None:
    first = started(home, recognition)
    enrolment, stays = first.enrol(FIRST), first.enrol(AGAIN)
    first.decide(Decision.DISTINCT)
    newcomer = first.enrol(FIRST)
    number = first.number(enrolment)
    first.app.auditor.sign()
    copied(first, home)
    first.decide(Decision.DISTINCT)
    first.erase(number)
    restore(home, first)
    second = started(home, recognition)
    assert_erased_again(second, number, enrolment)
    with second.app.store.storage.read() as uow:
        case = uow.cases.by_id(second.open_case())
        assert case is not None
        (left,) = uow.cases.candidates(case.key)
        assert uow.people.by_key(left.person_key).number == second.number(stays)
    second.decide(Decision.DISTINCT)
    assert second.number(newcomer)
    second.app.store.database.dispose()


def test_a_case_of_the_erased_themselves_is_closed(home: Path, recognition: Recognition) -> None:
    first = started(home, recognition)
    first.enrol(FIRST)
    again = first.enrol(AGAIN)
    first.app.auditor.sign()
    copied(first, home)
    first.decide(Decision.DISTINCT)
    number = first.number(again)
    first.erase(number)
    restore(home, first)
    second = started(home, recognition)
    assert_erased_again(second, number, again)
    with second.app.store.storage.read() as uow:
        (case,) = uow.cases.page(CaseQuery())
        assert (case.status, case.decision) == (CaseStatus.DECIDED, Decision.INSUFFICIENT)
    second.app.store.database.dispose()


def test_a_backup_from_before_they_came_gets_their_tombstones(home: Path, recognition: Recognition) -> None:
    first = started(home, recognition)
    first.enrol(SECOND, "Moussa Stays")
    first.app.auditor.sign()
    copied(first, home)
    enrolment = first.enrol(FIRST)
    number = first.number(enrolment)
    first.erase(number)
    restore(home, first)
    second = started(home, recognition)
    assert_erased_again(second, number, enrolment)
    with second.app.store.storage.read() as uow:
        assert number in uow.people.numbers_taken([number])
        person = uow.people.by_number(number)
        assert person is not None
        assert person.status is PersonStatus.ERASED
        assert len(uow.enrolments.page(EnrolmentQuery())) == 2
    second.app.store.database.dispose()


def test_the_list_names_no_one_and_only_what_the_registry_signed_counts(home: Path, recognition: Recognition) -> None:
    first = started(home, recognition)
    erased, kept = first.number(first.enrol(FIRST)), first.number(first.enrol(SECOND, "Moussa Stays"))
    done: Erasure = first.erase(erased)
    places = first.app.store.erasure_lists
    assert len(places) == 2
    assert places[0].lines() == places[1].lines()
    (line,) = places[0].lines()
    assert NAME not in line
    assert listed_in(signed_in(line)).id == done.id
    places[0].append([line.replace(erased, kept).replace(str(done.id), str(done.id)[::-1]), "damaged"])
    first.app.store.database.dispose()
    second = started(home, recognition)
    assert read_person(kept, actor=TESTER, storage=second.app.store.storage).person.status is PersonStatus.ACTIVE
    second.app.store.database.dispose()


def test_a_place_that_came_later_or_was_lost_gets_all_orders_at_the_next_start(
    home: Path, recognition: Recognition
) -> None:
    first = started(home, recognition)
    first.erase(first.number(first.enrol(FIRST)))
    here, elsewhere = first.app.store.erasure_lists
    lines = here.lines()
    first.app.store.database.dispose()
    for lost in (("elsewhere",), ("home/audit",), ("elsewhere", "home/audit")):
        for place in lost:
            (home.parent / place / ERASURES).unlink()
        open_store(settings(home)).database.dispose()
        assert (here.lines(), elsewhere.lines()) == (lines, lines)
    open_store(settings(home)).database.dispose()
    assert (here.lines(), elsewhere.lines()) == (lines, lines)


def test_where_a_place_of_the_list_is_full_the_erasure_waits_for_it(home: Path, recognition: Recognition) -> None:
    registry = started(home, recognition)
    number = registry.number(registry.enrol(FIRST))
    (home.parent / "elsewhere").write_text("no folder")
    with pytest.raises(StorageUnavailable, match="elsewhere"):
        registry.erase(number)
    with pytest.raises(PersonErased):
        read_person(number, actor=TESTER, storage=registry.app.store.storage)
    (home.parent / "elsewhere").unlink()
    assert registry.finisher().finish_waiting(actor=OFFICER) == 0
    registry.app.store.database.dispose()

"""Forgetting a person: what goes, what stays, and that every step may be cut short."""

import json
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from service.adjudication.domain.cases import CaseStatus, Decision
from service.adjudication.usecases.read_cases import read_case
from service.audit.domain.actions import Action
from service.audit.ports import EntryQuery
from service.audit.storage.files import public_key_in
from service.audit.usecases.export import export_audit
from service.audit.usecases.verify import verify_audit
from service.enrolment.errors import EnrolmentErased
from service.kit.actor import system_actor
from service.kit.errors import SealBroken
from service.kit.ids import new_uuid
from service.kit.sealing import KeyClass
from service.kit.sql.blobs import FileBlobs
from service.privacy.domain.certificates import certificate_in
from service.privacy.errors import CaseOpen, EnrolmentWaiting, NoCertificate, NoSuchErasure, NothingToErase
from service.privacy.storage.erasures import SqlErasures
from service.privacy.usecases.erase import begin_erasure, preview, read_erasure
from service.privacy.usecases.export import export_person
from service.privacy.usecases.finish import Finisher
from service.privacy.usecases.verify import verify_certificate
from service.registry.domain.cards import CardReason, CardState
from service.registry.domain.fact_values import Address, Language, Relationship, RelationshipType
from service.registry.domain.facts import Source
from service.registry.domain.households import Role
from service.registry.domain.intentions import Order as Change
from service.registry.domain.intentions import RecordFacts, StatedFact
from service.registry.domain.people import PersonStatus
from service.registry.errors import NoSuchPerson, PersonErased
from service.registry.usecases.cards import IssueCard, issue_card, verify_card
from service.registry.usecases.changes import make_change
from service.registry.usecases.facts import read_household_facts, read_person_facts
from service.registry.usecases.look_up import read_household, read_person
from service.storage.unit import METADATA
from service.storage.verify import verify_store
from service.tasks.domain.tasks import TaskKind
from tests.service.audit.noted import entries_of
from tests.service.made_up import NOW, TESTER, all_rows, received
from tests.service.privacy.conftest import AGAIN, FIRST, HOME, NAME, OFFICER, SECOND, WITHDRAWN, Registry


class Crash(BaseException):
    """The process ended here."""


def faults(registry: Registry, text: str) -> list[str]:
    store = registry.app.store
    key = public_key_in(store.audit_folder)
    return verify_certificate(text, actor=OFFICER, storage=store.storage, blobs=store.blobs, public_key=key)


def assert_erased(registry: Registry, number: str, enrolment: UUID) -> None:
    """Nothing but a tombstone, whoever asks."""
    app, storage = registry.app, registry.app.store.storage
    with pytest.raises(PersonErased):
        read_person(number, actor=TESTER, storage=storage)
    with pytest.raises(EnrolmentErased):
        received(app, FIRST, id=enrolment)
    text = repr(all_rows(app.store.database))
    assert NAME not in text
    assert "Planted" not in text
    with storage.read() as uow:
        app.replica.catch_up(uow)
        person = uow.people.by_number(number)
        assert person is not None
        assert (person.status, person.demographics.names, person.survivor_key) == (PersonStatus.ERASED, (), None)
        assert uow.templates.of_people([person.key]) == {}
        assert person.key not in app.replica.index
        assert number in uow.people.numbers_taken([number])
    with storage.read() as uow:
        assert uow.keys.ids_of([f"enrolment/{enrolment}"], KeyClass.CAPTURE) == []


def test_everything_of_a_person_goes_and_a_certificate_states_it(registry: Registry) -> None:
    enrolment, other = registry.enrol(FIRST), registry.enrol(SECOND, "Moussa Stays", Role.SPOUSE)
    number, store = registry.number(enrolment), registry.app.store
    files = {path for path in registry.files() if str(enrolment) in str(path)}
    assert len(files) == 2
    with store.storage.read() as uow:
        key = uow.keys.of_owner(f"enrolment/{enrolment}", KeyClass.CAPTURE)
    sealed = next(iter(files)).read_bytes()
    registry.app.replica.snapshot(registry.app.store.storage)
    done = registry.erase(number)
    assert done.done
    assert not any(path.exists() for path in files)
    with pytest.raises(SealBroken, match="destroyed"):
        store.storage.vault.open(sealed, f"enrolment/{enrolment}/blob/face")
    assert_erased(registry, number, enrolment)
    assert read_person(registry.number(other), actor=TESTER, storage=store.storage).person.demographics.names
    assert verify_store(actor=TESTER, storage=store.storage, blobs=store.blobs, clock=store.clock).sound

    signed = certificate_in(done)
    assert signed is not None
    stated = json.loads(signed.statement)
    assert stated["people"] == [{"id": str(done.person_id), "number": number}]
    assert stated["enrolments"] == [str(enrolment)]
    assert len(stated["files"]) == 2
    assert str(key.id) in stated["keys"]
    assert len(stated["keys"]) == 4  # of captures, templates, what was sent, and the person
    assert (stated["ground"], stated["reference"], stated["by"]) == ("consent_withdrawn", "2026-117", OFFICER.id)
    assert (stated["destroyed"]["captures"], stated["destroyed"]["templates"]) == (2, 2)
    assert NAME not in signed.line()
    (noted,) = entries_of(store.database, Action.PERSON_ERASE)
    assert stated["audit"] == {"entry": noted.place, "hash": noted.hash}
    assert faults(registry, signed.line()) == []
    assert read_erasure(number, actor=OFFICER, storage=store.storage).statement == signed.statement


def exported_words(registry: Registry, path: Path) -> list[str | None]:
    """Of decisions, as the audit is exported."""
    query = EntryQuery(action=Action.CASE_DECIDE)
    export_audit(path, query, actor=OFFICER, storage=registry.app.store.storage, with_words=True)
    return [json.loads(line)["words"] for line in path.read_text().splitlines()]


def test_operators_words_in_the_audit_die_with_the_erased_and_the_chain_stays_whole(
    registry: Registry, tmp_path: Path
) -> None:
    store = registry.app.store
    first, _ = registry.merged()
    assert exported_words(registry, tmp_path / "before") == [f"{NAME} was seen"]
    registry.erase(registry.number(first))
    assert exported_words(registry, tmp_path / "after") == [None]
    key = public_key_in(store.audit_folder)
    assert verify_audit(actor=OFFICER, storage=store.storage, public_key=key, copies=[]).fault is None


def test_a_certificate_that_was_altered_or_is_no_longer_true_is_told(registry: Registry) -> None:
    number = registry.number(registry.enrol(FIRST))
    signed = certificate_in(registry.erase(number))
    assert signed is not None
    altered = signed.line().replace(number, number[::-1])
    assert faults(registry, altered) == ["it is not signed by this registry's key"]
    (name, *_) = json.loads(signed.statement)["files"]
    registry.app.store.blobs.put(name, b"back again")
    assert faults(registry, signed.line()) == [f"the file {name} is there"]
    for text in ("{}", "hello", "[]", json.dumps({"statement": "3", "signature": "", "public_key": ""})):
        with pytest.raises(NoCertificate):
            faults(registry, text)


def test_whoever_was_merged_into_a_person_goes_too_and_each_number_says_so(registry: Registry) -> None:
    first, again = registry.merged()
    numbers = [registry.number(first)]
    with registry.app.store.storage.read() as uow:
        person = uow.people.by_number(numbers[0])
        assert person is not None
        numbers += [one.number for one in uow.people.aliases_of(person.key) if one.number]
    assert len(numbers) == 2
    found = preview(numbers[1], actor=OFFICER, storage=registry.app.store.storage)
    assert (sorted(found.numbers), len(found.enrolments), found.files) == (sorted(numbers), 2, 4)
    registry.erase(numbers[1])  # by the old one
    for number, enrolment in zip(numbers, (first, again), strict=True):
        assert_erased(registry, number, enrolment)


def test_a_dry_run_changes_nothing_and_is_noted(registry: Registry) -> None:
    number = registry.number(registry.enrol(FIRST))
    database = registry.app.store.database
    before = all_rows(database)
    found = preview(number, actor=OFFICER, storage=registry.app.store.storage)
    assert all_rows(database) == before
    assert (found.numbers, found.files, found.keys, found.counts["templates"]) == ([number], 2, 4, 2)
    assert len(entries_of(database, Action.ERASURE_PREVIEW)) == 1


def test_a_household_stays_and_shows_that_its_head_left(registry: Registry) -> None:
    head, spouse = registry.enrol(FIRST), registry.enrol(SECOND, "Moussa Stays", Role.SPOUSE)
    number = registry.number(head)
    registry.erase(number)
    home = read_household(HOME, actor=TESTER, storage=registry.app.store.storage)
    assert [person.number for _, person in home.members] == [registry.number(spouse)]
    assert [one.kind for one in home.tasks] == [TaskKind.HEAD_MISSING]


def test_a_card_with_the_name_of_who_was_erased_counts_no_more(registry: Registry) -> None:
    number, store = registry.number(registry.enrol(FIRST)), registry.app.store
    view = issue_card(
        IssueCard(new_uuid(), HOME, CardReason.FIRST),
        actor=TESTER,
        storage=store.storage,
        clock=store.clock,
        signer=store.card_signer,
    )
    payload = view.card.payload or ""
    keys = preview(number, actor=OFFICER, storage=store.storage).keys
    assert len(registry.erase(number).destroyed.keys) == keys
    with store.storage.read() as uow:
        (card,) = uow.cards.of_households([1])
        assert (card.person_key, card.name, card.payload, card.revoked_at is None) == (None, None, None, False)
    found = verify_card(payload, actor=TESTER, storage=store.storage, public_keys=[store.card_signer.public_key])
    assert found.state is CardState.REVOKED


def test_facts_go_with_whom_they_are_about_and_those_of_a_home_with_the_last_of_it(registry: Registry) -> None:
    head, spouse = registry.enrol(FIRST), registry.enrol(SECOND, "Moussa Stays", Role.SPOUSE)
    store, numbers = registry.app.store, [registry.number(one) for one in (head, spouse)]
    related = StatedFact(Relationship(RelationshipType.SPOUSE_OF), Source.PERSON, other=numbers[0])
    for intention in (
        RecordFacts([StatedFact(Language("som"), Source.PERSON)], person=numbers[0]),
        RecordFacts([related, StatedFact(Language("aa"), Source.PERSON)], person=numbers[1]),
        RecordFacts([StatedFact(Address("quarter 3"), Source.PERSON)], household=HOME),
    ):
        order = Change(new_uuid(), NOW.date(), intention)
        make_change(order, actor=TESTER, storage=store.storage, clock=store.clock, number_length=10)
    exported = export_person(numbers[0], actor=OFFICER, storage=store.storage)
    assert [one["value"] for one in exported["facts"]] == [{"code": "som"}, {"type": "spouse_of"}]
    keys = preview(numbers[0], actor=OFFICER, storage=store.storage).keys
    done = registry.erase(numbers[0])
    assert (len(done.destroyed.keys), done.destroyed.counts["facts"]) == (keys, 2)
    left = read_person_facts(numbers[1], None, None, actor=TESTER, storage=store.storage)
    assert [one.value for one in left] == [Language("aa")]
    home = read_household_facts(HOME, None, None, actor=TESTER, storage=store.storage)
    assert [one.value for one in home] == [Address("quarter 3")]
    assert registry.erase(numbers[1]).destroyed.counts["facts"] == 2
    assert all_rows(store.database)["fact"] == []


def test_a_person_in_an_open_case_is_not_erased_before_it_is_decided(registry: Registry) -> None:
    first = registry.enrol(FIRST)
    again = registry.enrol(AGAIN)
    case, before = registry.open_case(), all_rows(registry.app.store.database)
    for name in (registry.number(first), str(again)):
        with pytest.raises(CaseOpen, match=str(case)):
            registry.begin(name)
    assert all_rows(registry.app.store.database) == before
    registry.decide(Decision.DISTINCT)
    registry.erase(registry.number(first))
    view = read_case(case, actor=TESTER, storage=registry.app.store.storage)
    decided = view.case
    assert (decided.status, decided.decision, decided.reason) == (CaseStatus.DECIDED, Decision.DISTINCT, None)
    assert (decided.decided_by, decided.decided_at is None) == (TESTER.id, False)
    ((candidate, who),) = view.candidates
    assert (candidate.evidence, candidate.rarity, who.person.status) == ({}, 0.0, PersonStatus.ERASED)


def test_an_enrolment_without_an_outcome_is_not_erased(registry: Registry) -> None:
    waiting = received(registry.app, FIRST)
    with pytest.raises(EnrolmentWaiting):
        registry.begin(str(waiting))


def test_an_enrolment_that_became_no_one_is_erased_by_its_uuid(registry: Registry) -> None:
    first, again = registry.enrol(FIRST), registry.enrol(AGAIN)
    registry.decide(Decision.DATA_ERROR)
    with pytest.raises(NothingToErase, match=registry.number(first)):
        registry.begin(str(first))
    done = registry.erase(str(again))
    assert (done.number, done.done, len(done.destroyed.files)) == (None, True, 2)
    with pytest.raises(EnrolmentErased):
        received(registry.app, AGAIN, id=again)
    assert registry.begin(str(again)).id == done.id
    signed = certificate_in(done)
    assert signed is not None
    assert faults(registry, signed.line()) == []


def test_asked_again_it_is_the_same_erasure(registry: Registry) -> None:
    number = registry.number(registry.enrol(FIRST))
    first = registry.erase(number)
    again = registry.erase(number)
    assert (again.id, again.statement) == (first.id, first.statement)
    with pytest.raises(NoSuchPerson):
        registry.begin("2345678901")


def test_an_officer_of_a_site_erases_whom_the_site_enrolled(registry: Registry) -> None:
    number = registry.number(registry.enrol(FIRST))
    store = registry.app.store
    elsewhere = replace(OFFICER, site="elsewhere", people_of=frozenset({"elsewhere"}))
    with pytest.raises(NoSuchPerson):
        preview(number, actor=elsewhere, storage=store.storage)
    registry.erase(number)
    with pytest.raises(NoSuchPerson):
        read_person(number, actor=elsewhere, storage=store.storage)
    here = replace(OFFICER, site="djibouti-1", people_of=frozenset({"djibouti-1"}))
    with pytest.raises(PersonErased):
        read_person(number, actor=here, storage=store.storage)


def test_a_site_that_sees_everyone_erases_no_one_of_another(registry: Registry) -> None:
    number, store = registry.number(registry.enrol(FIRST)), registry.app.store
    elsewhere, here = replace(OFFICER, site="elsewhere"), replace(OFFICER, site="djibouti-1")
    assert read_person(number, actor=elsewhere, storage=store.storage)
    with pytest.raises(NoSuchPerson):
        preview(number, actor=elsewhere, storage=store.storage)
    with pytest.raises(NoSuchPerson):
        begin_erasure(number, WITHDRAWN, actor=elsewhere, storage=store.storage, clock=store.clock)
    assert preview(number, actor=here, storage=store.storage).numbers == [number]
    assert begin_erasure(number, WITHDRAWN, actor=here, storage=store.storage, clock=store.clock).number == number


def test_a_certificate_is_read_at_the_site_that_enrolled(registry: Registry) -> None:
    registry.enrol(FIRST)
    no_one = registry.enrol(AGAIN)
    registry.decide(Decision.DATA_ERROR)
    person = registry.number(registry.enrol(SECOND, "Moussa Ali"))
    here, elsewhere = (replace(OFFICER, site=one, people_of=frozenset({one})) for one in ("djibouti-1", "elsewhere"))
    for name in (str(no_one), person):
        done = registry.erase(name)
        assert read_erasure(name, actor=here, storage=registry.app.store.storage).id == done.id
        with pytest.raises(NoSuchErasure):
            read_erasure(name, actor=elsewhere, storage=registry.app.store.storage)


def test_an_erasure_that_is_asked_for_again_is_noted_as_read(registry: Registry) -> None:
    number = registry.number(registry.enrol(FIRST))
    first = registry.begin(number)
    assert registry.begin(number).id == first.id
    (noted,) = entries_of(registry.app.store.database, Action.ERASURE_READ)
    assert (noted.actor, noted.target_id) == (OFFICER.id, str(first.id))


# Cut short


def crash_at(monkeypatch: pytest.MonkeyPatch, owner: type, method: str, call: int, after: bool) -> None:
    """End the process in a call of a method: before it does anything, or once it has."""
    whole, calls = getattr(owner, method), iter(range(1, 1000))

    def until(*arguments: object, **named: object) -> object:
        if next(calls) != call:
            return whole(*arguments, **named)
        if after:
            whole(*arguments, **named)
        raise Crash

    monkeypatch.setattr(owner, method, until)


STEPS: list[tuple[type, str, int, bool]] = [
    (FileBlobs, "delete", 1, False),
    (FileBlobs, "delete", 1, True),
    (FileBlobs, "delete", 2, True),
    (Finisher, "_mark", 1, False),
    (Finisher, "_list", 1, False),
    (Finisher, "_list", 1, True),
    (Finisher, "_mark", 2, False),
    (Finisher, "_clean", 1, True),
    (Finisher, "_renew_snapshots", 1, False),
    (Finisher, "_renew_snapshots", 1, True),
    (Finisher, "_mark", 4, True),
    (Finisher, "_certify", 1, False),
    (Finisher, "_certify", 1, True),
]


@pytest.mark.parametrize("step", STEPS)
def test_an_erasure_that_was_cut_short_goes_on(
    registry: Registry, step: tuple[type, str, int, bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    enrolment = registry.enrol(FIRST)
    number = registry.number(enrolment)
    registry.app.replica.snapshot(registry.app.store.storage)
    with monkeypatch.context() as patch:
        crash_at(patch, *step)
        with pytest.raises(Crash):
            registry.erase(number)
    assert_erased(registry, number, enrolment)  # from the first transaction on
    assert registry.finisher().finish_waiting(actor=system_actor("worker", "worker")) == 0
    done = registry.begin(number)
    signed = certificate_in(done)
    assert signed is not None
    assert faults(registry, signed.line()) == []
    assert len(registry.app.store.erasure_lists[0].lines()) == 1
    assert verify_store(
        actor=TESTER, storage=registry.app.store.storage, blobs=registry.app.store.blobs, clock=registry.app.store.clock
    ).sound


@pytest.mark.parametrize("method", ["add"])
def test_before_its_transaction_is_kept_nothing_is_erased(
    registry: Registry, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = registry.number(registry.enrol(FIRST))
    before = all_rows(registry.app.store.database)
    with monkeypatch.context() as patch:
        crash_at(patch, SqlErasures, method, 1, after=True)
        with pytest.raises(Crash):
            registry.erase(number)
    assert all_rows(registry.app.store.database) == before
    assert read_person(number, actor=TESTER, storage=registry.app.store.storage).person.demographics.names


def test_every_table_that_refers_to_people_or_their_captures_is_known_to_erasure() -> None:
    """A new one has to be added to `service.privacy.storage.holdings` first."""
    owners = {"person", "enrolment", "capture", "slap", "blob", "review_case"}
    referring = {
        one.name for one in METADATA.sorted_tables if {key.column.table.name for key in one.foreign_keys} & owners
    }
    deleted = {
        "template",
        "capture",
        "slap",
        "membership",
        "person_state",
        "payee",
        "fact",
        "consent",
        "walk_pair",
        "best_found",
        "demographic_key",
        "task_due",
        "search_token",
        "imported_row",
    }
    overwritten = {"person", "enrolment", "review_case", "case_candidate", "change_about", "task", "card"}
    assert referring == deleted | overwritten

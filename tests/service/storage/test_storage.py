"""The same promises on SQLite and on PostgreSQL."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from uuid import UUID

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, insert, text
from sqlalchemy.exc import IntegrityError

from service.domain.cases import Case, CaseCandidate, CaseStatus, Origin, Verdict
from service.domain.decision import Band, PositionEvidence
from service.domain.enrolments import (
    CaptureRecord,
    Consent,
    Enrolment,
    EnrolmentStatus,
    ExceptionReason,
    HouseholdClaim,
    PositionException,
)
from service.domain.households import Household, Membership, Role
from service.domain.identifiers import new_uuid
from service.domain.people import Demographics, Name, Person, PersonStatus, Sex
from service.ports import AlreadyThere, TemplateRecord
from service.storage.blobs import FileBlobs
from service.storage.database import MIGRATIONS, SCHEMA, migrate, open_database
from service.storage.tables import case_candidate, metadata
from service.storage.turn import worker_turn
from service.storage.unit import SqlStorage, SqlUnitOfWork

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=timezone(timedelta(hours=3)))
AMINA = Demographics((Name("Latn", "Amina Hassan"), Name("Arab", "أمينة حسن")), Sex.FEMALE, date(1990, 2, 1))


@pytest.fixture
def database(database_url: str) -> Iterator[Engine]:
    engine = open_database(database_url)
    migrate(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def storage(database: Engine) -> SqlStorage:
    return SqlStorage(database)


def person(**changes: object) -> Person:
    return replace(Person(new_uuid(), AMINA, NOW), **changes)  # type: ignore[arg-type]


def enrolment(enrolment_id: UUID | None = None) -> Enrolment:
    return Enrolment(
        enrolment_id or new_uuid(),
        "0" * 64,
        "djibouti-1",
        "counter-3",
        NOW,
        NOW,
        Consent(True, NOW, "form 12"),
        AMINA,
        (PositionException("left_thumb", ExceptionReason.AMPUTATED),),
        HouseholdClaim(str(new_uuid()), Role.HEAD),
    )


def added(uow: SqlUnitOfWork, one: Person) -> Person:
    uow.people.add(one)
    uow.flush()
    return one


def test_the_migrations_make_the_tables_the_code_expects(database: Engine) -> None:
    with database.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_migrating_again_keeps_what_is_there(database: Engine, storage: SqlStorage) -> None:
    with storage.write() as uow:
        added(uow, person(number="2345678901"))
        uow.commit()
    migrate(database)
    with storage.read() as uow:
        assert uow.people.by_number("2345678901") is not None


def test_cases_of_the_first_schema_are_kept(database_url: str) -> None:
    engine = open_database(database_url)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    storage = SqlStorage(engine)
    with storage.write() as uow:
        newcomer, sent = added(uow, person()), enrolment()
        uow.enrolments.add(sent)
        uow.flush()
        one = Case(new_uuid(), sent.key, newcomer.key, Band.REVIEW, 4, 6, 10, NOW)
        uow.cases.add(one)
        uow.flush()
        uow.cases.add_candidate(CaseCandidate(one.key, newcomer.key, 1, 5.5, Band.REVIEW, {}))
        uow.commit()
    migrate(engine)
    with storage.read() as uow:
        (kept,) = uow.cases.page(None, None, None, 9)
        assert (kept.id, kept.enrolment_key, kept.origin) == (one.id, sent.key, Origin.ENROLMENT)
        assert [candidate.log10_lr for candidate in uow.cases.candidates(kept.key)] == [5.5]
    with storage.write() as uow:
        uow.cases.add(Case(new_uuid(), None, newcomer.key, Band.REVIEW, 4, 6, 10, NOW))
        uow.commit()
    engine.dispose()


def test_a_migrated_database_still_holds_to_its_references_and_never_uses_a_key_again(database: Engine) -> None:
    columns = {"person_key": 1, "rank": 1, "log10_lr": 5.5, "band": Band.REVIEW, "evidence": {}}
    with pytest.raises(IntegrityError), database.begin() as connection:
        connection.execute(insert(case_candidate).values(case_key=1, **columns))
    if database.dialect.name == "sqlite":
        with database.connect() as connection:
            made = connection.scalar(text("SELECT sql FROM sqlite_master WHERE name = 'review_case'"))
            assert "AUTOINCREMENT" in made


def test_services_started_at_once_migrate_once(database_url: str) -> None:
    def start(_: int) -> None:
        engine = open_database(database_url)
        migrate(engine)
        engine.dispose()

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(start, range(3)))


def test_the_newest_migration_is_the_one_the_code_asks_for() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_heads() == [SCHEMA]


def test_a_gallery_far_behind_can_catch_up(storage: SqlStorage) -> None:
    """More people than a database lets one query name."""
    with storage.read() as uow:
        assert uow.gallery.searched_among(list(range(70_000))) == {}


def test_leaving_without_commit_keeps_nothing(storage: SqlStorage) -> None:
    with storage.write() as uow:
        key = added(uow, person(number="2345678901")).key
    with storage.read() as uow:
        assert uow.people.by_number("2345678901") is None
        assert uow.people.templates([key]) == {}


def test_what_goes_in_comes_out(storage: SqlStorage) -> None:
    sent = enrolment()
    with storage.write() as uow:
        uow.enrolments.add(sent)
        uow.flush()
        uow.enrolments.add_capture(CaptureRecord(sent.key, "face", "a/b", "1" * 64, 1234, 500.0, reasons=["too_dark"]))
        uow.commit()
    with storage.read() as uow:
        found = uow.enrolments.by_id(sent.id)
        assert found is not None
        assert found is not sent
        assert (found.demographics, found.consent.reference, found.claim) == (AMINA, "form 12", sent.claim)
        assert found.exceptions == sent.exceptions
        assert found.captured_at == NOW
        assert found.captured_at.tzinfo is UTC
        assert [one.reasons for one in uow.enrolments.captures(found.key)] == [["too_dark"]]


def test_one_enrolment_uuid_is_taken_once(storage: SqlStorage) -> None:
    enrolment_id = new_uuid()
    with storage.write() as uow:
        uow.enrolments.add(enrolment(enrolment_id))
        uow.commit()
    with storage.write() as uow:
        uow.enrolments.add(enrolment(enrolment_id))
        with pytest.raises(AlreadyThere):
            uow.commit()


def test_waiting_enrolments_come_in_the_order_they_were_accepted(storage: SqlStorage) -> None:
    sent = [enrolment() for _ in range(4)]
    with storage.write() as uow:
        for one in sent:
            uow.enrolments.add(one)
            uow.flush()
        sent[1].finish(EnrolmentStatus.ENROLLED, NOW)
        sent[2].status = EnrolmentStatus.PROCESSING
        uow.commit()
    with storage.read() as uow:
        assert [one.id for one in uow.enrolments.waiting(10)] == [sent[0].id, sent[2].id, sent[3].id]
        assert [one.id for one in uow.enrolments.waiting(1)] == [sent[0].id]
        assert uow.enrolments.count_by_status()[EnrolmentStatus.RECEIVED] == 2


def test_aliases_lead_to_the_survivor_through_several_merges(storage: SqlStorage) -> None:
    with storage.write() as uow:
        first, second, third = (added(uow, person(status=PersonStatus.ACTIVE, number=str(n))) for n in (11, 12, 13))
        first.merge_into(second)
        second.merge_into(third)
        uow.commit()
    with storage.read() as uow:
        old = uow.people.by_number("11")
        assert old is not None
        assert uow.people.survivor_of(old).number == "13"
        assert [one.number for one in uow.people.aliases_of(third.key)] == ["12", "11"]


def test_a_person_has_one_home_at_a_time(storage: SqlStorage) -> None:
    with storage.write() as uow:
        one = added(uow, person())
        homes = [Household(new_uuid(), NOW), Household(new_uuid(), NOW)]
        for home in homes:
            uow.households.add(home)
        uow.flush()
        uow.households.add_membership(Membership(homes[0].key, one.key, Role.HEAD, NOW, until=NOW))
        uow.households.add_membership(Membership(homes[0].key, one.key, Role.HEAD, NOW))
        uow.flush()
        uow.households.add_membership(Membership(homes[1].key, one.key, Role.CHILD, NOW))
        with pytest.raises(AlreadyThere):
            uow.flush()


def test_the_gallery_log_tells_each_change_once_and_in_order(storage: SqlStorage) -> None:
    with storage.write() as uow:
        enrolled = enrolment()
        uow.enrolments.add(enrolled)
        uow.flush()
        record = CaptureRecord(enrolled.key, "face", "a", "1" * 64, 1)
        uow.enrolments.add_capture(record)
        one, two, gone = added(uow, person()), added(uow, person()), added(uow, person(status=PersonStatus.WITHDRAWN))
        uow.people.add_templates(two.key, [TemplateRecord(record.key, "face", "m1", b"x")])
        for key in (one.key, two.key, one.key, gone.key):
            uow.gallery.changed(key)
        uow.commit()
    with storage.read() as uow:
        assert uow.gallery.after(0) == (4, [one.key, two.key, gone.key])
        assert uow.gallery.after(3) == (4, [gone.key])
        assert uow.gallery.after(4) == (4, [])
        assert uow.gallery.last() == 4
        mark = uow.gallery.mark_of(3)
        assert mark is not None
        assert uow.gallery.sequence_of(mark) == 3
        assert uow.gallery.mark_of(5) is None
        searched = uow.gallery.searched(0)
        assert searched == {one.key: [], two.key: [TemplateRecord(record.key, "face", "m1", b"x")]}
        assert uow.gallery.searched(two.key) == {}
        assert uow.gallery.outdated("m2", "m1") == [(1, record.key)]
        assert uow.gallery.outdated("m1", "m9") == []


def test_changes_are_numbered_in_the_order_they_are_committed(storage: SqlStorage) -> None:
    """Somebody who has applied change n must never later find a change before n."""
    with storage.write() as uow:
        key = added(uow, person()).key
        uow.commit()

    def change(_: int) -> None:
        with storage.write() as uow:
            uow.gallery.lock()
            uow.gallery.changed(key)
            uow.commit()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(change, range(40)))
    with storage.read() as uow:
        assert uow.gallery.last() == 40
        assert uow.gallery.after(39) == (40, [key])


def test_cases_are_paged_oldest_first(storage: SqlStorage) -> None:
    with storage.write() as uow:
        one, cases = added(uow, person()), []
        for _ in range(3):
            sent = enrolment()
            uow.enrolments.add(sent)
            uow.flush()
            cases.append(Case(new_uuid(), sent.key, one.key, Band.REVIEW, 4, 6, 10, NOW))
            uow.cases.add(cases[-1])
            uow.flush()
        evidence = {"face": PositionEvidence(0.7, 3.2)}
        uow.cases.add_candidate(CaseCandidate(cases[0].key, one.key, 1, 5.5, Band.REVIEW, evidence))
        cases[2].status = CaseStatus.DECIDED
        cases.append(Case(new_uuid(), None, one.key, Band.REVIEW, 4, 6, 10, NOW))
        uow.cases.add(cases[-1])
        uow.commit()
    with storage.read() as uow:
        assert [case.id for case in uow.cases.page(None, None, None, 2)] == [cases[0].id, cases[1].id]
        assert [case.id for case in uow.cases.page(None, None, cases[1].id, 2)] == [cases[2].id, cases[3].id]
        assert [case.id for case in uow.cases.page(CaseStatus.OPEN, None, cases[0].id, 9)] == [cases[1].id, cases[3].id]
        assert [case.id for case in uow.cases.page(None, Origin.GALLERY, None, 9)] == [cases[3].id]
        assert [case.id for case in uow.cases.page(CaseStatus.OPEN, Origin.ENROLMENT, cases[0].id, 9)] == [cases[1].id]
        assert uow.cases.candidates(cases[0].key)[0].evidence == evidence
        assert uow.cases.count_open() == {Origin.ENROLMENT: 2, Origin.GALLERY: 1}
        assert [uow.cases.count_raised(NOW + timedelta(seconds=more)) for more in (-1, 0, 1)] == [1, 1, 0]
        assert [case.id for case in uow.cases.holding_back([one.key])] == [cases[0].id, cases[1].id]


def test_a_case_is_between_its_newcomer_and_each_of_its_candidates(storage: SqlStorage) -> None:
    with storage.write() as uow:
        newcomer, *candidates = (added(uow, person()).key for _ in range(4))
        one = Case(new_uuid(), None, newcomer, Band.REVIEW, 4, 6, 10, NOW)
        uow.cases.add(one)
        uow.flush()
        for rank, key in enumerate(candidates[:2], start=1):
            uow.cases.add_candidate(CaseCandidate(one.key, key, rank, 5.5, Band.REVIEW, {}))
        uow.flush()
        first, second, third = candidates

        def known() -> list[bool]:
            pairs = [([newcomer], [first]), ([second, third], [newcomer]), ([newcomer], [third]), ([first], [second])]
            return [uow.cases.between(*pair) for pair in pairs]

        assert known() == [True, True, False, False]
        one.decide(Verdict.DISTINCT, "twins", "desk", NOW)
        uow.flush()
        assert known() == [True, True, False, False]
        one.verdict = Verdict.SAME_PERSON
        uow.flush()
        assert known() == [False] * 4


def test_a_registry_has_one_worker(database: Engine, tmp_path: Path) -> None:
    with worker_turn(database, tmp_path) as first:
        assert first
        with worker_turn(database, tmp_path) as second:
            assert not second
    with worker_turn(database, tmp_path) as third:
        assert third


def test_a_blob_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    blobs = FileBlobs(tmp_path / "captures")
    content = bytes(1_000_000)
    with ThreadPoolExecutor(8) as pool:  # one post, sent again before the first was answered
        list(pool.map(lambda _: blobs.put("a/face", content), range(40)))
    assert blobs.get("a/face") == content
    assert [path.name for path in (tmp_path / "captures" / "a").iterdir()] == ["face"]

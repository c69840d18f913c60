"""The schema, the same on SQLite and on PostgreSQL, whatever version a registry comes from."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, insert, text

from service.adjudication.domain.cases import Decision, Origin
from service.adjudication.domain.evidence import Band, Hypothesis
from service.adjudication.ports import CaseQuery
from service.adjudication.storage import case_candidate
from service.enrolment.ports import TEMPLATES
from service.kit.errors import StorageError
from service.kit.ids import new_uuid
from service.kit.sql.database import open_database
from service.registry.domain.people import Name, Person
from service.storage.unit import METADATA, MIGRATIONS, SCHEMA, SqlStorage
from tests.service.bytes_at_rest import DiskOf
from tests.service.made_up import AMINA, NOW, storage_of

ROOT = Path(__file__).resolve().parents[3]
FIRST_SCHEMA = Path(__file__).with_name("first_schema.sql")
"""Rows as the first version wrote them: a household of two, one of them under review."""


def config() -> Config:
    made = Config()
    made.set_main_option("script_location", str(MIGRATIONS))
    return made


def upgraded(url: str, version: str) -> Engine:
    engine = open_database(url)
    with engine.begin() as connection:
        one = config()
        one.attributes["connection"] = connection
        command.upgrade(one, version)
    return engine


def test_the_migrations_make_the_tables_the_code_expects(database: Engine) -> None:
    with database.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []


def test_migrating_again_keeps_what_is_there(database: Engine, storage: SqlStorage) -> None:
    with storage.write() as uow:
        uow.people.add(Person(new_uuid(), AMINA, NOW, number="2345678901"))
        uow.commit()
    storage_of(database)
    with storage.read() as uow:
        assert uow.people.by_number("2345678901") is not None


def test_a_registry_of_the_first_schema_is_kept(database_url: str) -> None:
    engine = upgraded(database_url, "0001")
    with engine.begin() as connection:
        for statement in FIRST_SCHEMA.read_text().split(";\n"):
            if statement.strip():
                connection.execute(text(statement))
    disk = DiskOf(engine)
    assert b"Hamida" in disk.files() + disk.log()
    storage = storage_of(engine)
    assert not any(name in disk.files() for name in (b"Amina", b"Hamida"))
    assert engine.dialect.name == "postgresql" or disk.log() == b""
    with storage.write() as uow:
        case, decided = uow.cases.page(CaseQuery())
        assert (decided.decision, decided.decided_by, decided.survivor_key) == (
            Decision.SAME_PERSON,
            "token:my-desk",
            1,
        )
        assert (case.enrolment_key, case.origin, case.decision) == (2, Origin.ENROLMENT, None)
        (candidate,) = uow.cases.candidates(case.key)
        assert (candidate.log10_lr, candidate.rarity, candidate.hypothesis) == (5.5, 5.5, Hypothesis.AS_STATED)
        assert case.marks == ()
        assert uow.people.by_keys([1])[1].demographics.names == (Name("Latn", "Amina"),)
        assert uow.enrolments.by_key(2).demographics.names == (Name("Latn", "Hamida"),)
        home = uow.households.by_household_ids(["M1234567878"])["M1234567878"]
        assert [one.person_key for one in uow.households.members(home.key)] == [1]
        (capture,) = uow.enrolments.captures(2)
        row = uow.blobs.of_names([capture.blob or ""])[capture.blob or ""]
        owner = "enrolment/01890000-0000-7000-8000-000000000002"
        assert (row.sha256, row.size, row.owner) == ("b" * 64, 22, owner)
        assert capture.warnings == []
        assert uow.enrolments.by_key(2).sent_by == "unknown"
        assert uow.changes.after(TEMPLATES, 0) == (2, [1, 2])
        assert uow.changes.sequence_of("0000000000000002") == 2
        uow.changes.note(TEMPLATES, 1)  # numbering goes on
        assert uow.changes.last() == 3
        uow.commit()
    engine.dispose()


def test_an_operator_of_before_is_kept_with_the_second_factor_and_the_session(database_url: str) -> None:
    engine = upgraded(database_url, "0015")
    with engine.begin() as connection:
        for statement in (
            "INSERT INTO operator (key, name, role, created_at, totp_secret, totp_step, failures) "
            "VALUES (7, 'Hawa', 'auditor', '2026-01-15 12:00:00+00:00', 'JBSWY3DPEHPK3PXP', 1, 0)",
            "INSERT INTO operator_session (key, operator_key, sha256, created_at, seen_at, ends_at) VALUES "
            "(1, 7, 'abc', '2026-01-15 12:00:00+00:00', '2026-01-15 12:00:00+00:00', '2026-01-16 12:00:00+00:00')",
        ):
            connection.execute(text(statement))
    disk = DiskOf(engine)
    storage = storage_of(engine)
    assert b"JBSWY3DPEHPK3PXP" not in disk.files()
    with storage.read() as uow:
        one, session = uow.operators.by_name("Hawa"), uow.sessions.by_hash("abc")
        assert one is not None
        assert session is not None
        assert (one.key, session.operator_key, one.id.version) == (7, 7, 4)
        assert uow.operators.totp_secret(one) == "JBSWY3DPEHPK3PXP"
    engine.dispose()


def test_a_migrated_database_still_holds_to_its_references_and_never_uses_a_key_again(database: Engine) -> None:
    rated = {"log10_lr": 5.5, "rarity": 5.5, "hypothesis": Hypothesis.AS_STATED, "band": Band.REVIEW}
    columns = {"person_key": 1, "rank": 1, "evidence": {}} | rated
    with pytest.raises(StorageError), database.begin() as connection:
        connection.execute(insert(case_candidate).values(case_key=1, **columns))
    if database.dialect.name == "sqlite":
        with database.connect() as connection:
            made = connection.scalars(
                text("SELECT sql FROM sqlite_master WHERE type = 'table' AND sql LIKE '%\"key\" INTEGER%'")
            ).all()
            assert [sql for sql in made if "AUTOINCREMENT" not in sql and "feed_state" not in sql] == []


def test_services_started_at_once_migrate_once(database_url: str) -> None:
    def start(_: int) -> None:
        engine = open_database(database_url)
        storage_of(engine)
        engine.dispose()

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(start, range(3)))


def test_the_newest_migration_is_the_one_the_code_asks_for() -> None:
    assert ScriptDirectory.from_config(config()).get_heads() == [SCHEMA]


def test_the_changelog_names_the_newest_schema() -> None:
    assert f"migrates the database to schema {SCHEMA}." in (ROOT / "CHANGELOG.md").read_text()

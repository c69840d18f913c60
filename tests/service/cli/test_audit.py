"""`jisr audit`, and every command leaves an entry but for those that only start something."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, func, select
from typer.core import TyperGroup
from typer.main import get_command
from typer.testing import CliRunner, Result

from service.audit.storage import tables
from service.bootstrap import Recognition, auditor_of, open_store
from service.cli import app
from service.enrolment.domain.enrolments import EnrolmentStatus
from service.kit.ids import new_uuid
from service.registry.domain.households import HouseholdClaim, Role
from service.registry.domain.identifiers import new_person_numbers
from service.registry.steps.residence import Joining, complete_households, join
from service.settings import Settings
from service.tasks.domain.tasks import TaskKind, of_person
from service.tasks.steps.open import open_task
from tests.service.audit.noted import unguarded
from tests.service.cli.test_commands import legacy
from tests.service.made_up import NOW, TESTER, sent

(NUMBER,) = new_person_numbers(1, lambda numbers: (), 10)
SERIAL = "0123ABCD"
ORDER, HOME = str(new_uuid()), str(new_uuid())
UNNOTED = {
    "registry template": "writes a table without people",
    "serve": "starts the service, which notes each act",
    "worker": "starts the worker, which notes each act",
    "enrol": "a client of the service, which notes each act",
    "card verify": "needs no registry",
    "card key": "states a public key",
    "add": "a client of the service, which notes each act",
}


def commands(group: TyperGroup, *before: str) -> Iterator[str]:
    for name, one in group.commands.items():
        if isinstance(one, TyperGroup):
            yield from commands(one, *before, name)
        else:
            yield " ".join((*before, name))


def jisr(home: Path, *arguments: str, **settings: str) -> Result:
    return CliRunner().invoke(app, arguments, env={"JISR_HOME": str(home), **settings})


def count(home: Path) -> int:
    engine = create_engine(f"sqlite:///{home / 'jisr.db'}")
    with engine.connect() as connection:
        found = connection.scalar(select(func.count()).select_from(tables.entry))
    engine.dispose()
    return found or 0


@pytest.fixture
def home(loaded_recognition: Recognition, tmp_path: Path) -> Path:
    """A registry with two people who are there twice, numbered from 1000 on."""
    legacy(loaded_recognition.extractor, tmp_path, twice=2)
    return tmp_path


def failed(home: Path) -> str:
    """An enrolment that was given up."""
    store = open_store(Settings(home=home))
    one = sent(status=EnrolmentStatus.UNUSABLE, reason="processing_failed")
    with store.storage.write() as uow:
        uow.enrolments.add(one)
        uow.commit()
    store.database.dispose()
    return str(one.id)


def task(home: Path) -> str:
    store = open_store(Settings(home=home))
    with store.storage.write() as uow:
        one = open_task(uow, TaskKind.TURNING_18, of_person(1), now=NOW)
        uow.commit()
    store.database.dispose()
    return str(one.id)


def people(folder: Path) -> str:
    file = folder / "people.csv"
    file.write_text("person,full_latin\np1,Amina\n")
    return str(file)


def area_list(folder: Path) -> str:
    file = folder / "areas.csv"
    file.write_text("code,level,parent,name_fr,name_ar,name_en\nDJ-DJ,region,,Djibouti,,\n")
    return str(file)


def order(folder: Path) -> str:
    """The first person becomes the head of the household HOME, in which they live."""
    file = folder / "order.json"
    intention = {"kind": "head_changed", "household": HOME, "person": NUMBER}
    file.write_text(json.dumps({"id": ORDER, "effective": "2026-01-20", "intention": intention}))
    return str(file)


@pytest.mark.slow
def test_every_command_leaves_an_entry(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.kit.logs.set_up", lambda *_: None)  # for good: other tests could capture no log
    waiting = task(home)
    calls = {
        "retry": [failed(home)],
        "patterns": [],
        "token create": ["a desk", "--role", "adjudicator"],
        "token list": [],
        "token rotate": ["a desk"],
        "site assign": ["djibouti-1", "--area", "DJIBOUTI"],
        "site list": [],
        "operator create": ["an auditor", "--role", "auditor"],
        "operator list": [],
        "operator reset": ["an auditor"],
        "operator disable": ["an auditor"],
        "token revoke": ["a desk"],
        "registry import": [people(tmp_path), "--source", "old-system"],
        "registry areas": [area_list(tmp_path)],
        "registry find": ["Amina"],
        "registry reindex": [],
        "demographics reindex": [],
        "person show": [NUMBER],
        "person timeline": [NUMBER],
        "change order": [order(tmp_path)],
        "change show": [ORDER],
        "household show": [HOME],
        "household timeline": [HOME],
        "household difference": [HOME, "2025-01-01", "2026-01-01"],
        "card issue": [HOME, "--reason", "first"],
        "card list": [HOME],
        "card print": [SERIAL, str(tmp_path / "card.pdf")],
        "card revoke": [SERIAL],
        "card revoked": [str(tmp_path / "revoked.json")],
        "change undo": [ORDER],
        "task list": [],
        "task due": [],
        "task assign": [waiting, "role:supervisor"],
        "task close": [waiting, "other", "--words", "seen"],
        "gallery status": [],
        "gallery rebuild": [],
        "gallery compact": [],
        "gallery duplicates": [str(tmp_path / "pairs.csv")],
        "gallery export": [str(tmp_path / "again.csv")],
        "gallery rates": [],
        "keys status": [],
        "keys rotate": [],
        "doctor": [],
        "store verify": [],
        "audit verify": [],
        "audit export": [str(tmp_path / "audit.jsonl")],
        "audit person": [NUMBER],
        "privacy export": [NUMBER],
        "forget": [NUMBER, "--ground", "objected", "--yes", "--certificate", str(tmp_path / "erased.json")],
        "privacy verify": [str(tmp_path / "erased.json")],
        "privacy purge": [],
        "privacy reapply": [],
    }
    whole = get_command(app)
    assert isinstance(whole, TyperGroup)
    assert sorted(calls.keys() | UNNOTED.keys()) == sorted(commands(whole))
    numbered(home)
    monkeypatch.setattr("service.registry.usecases.cards.new_serial", lambda: SERIAL)
    for command, arguments in calls.items():
        before = count(home)
        done = jisr(home, *command.split(), *arguments)
        assert done.exit_code == 0 or command in {"gallery rebuild", "store verify"}, (command, done.output)
        assert count(home) > before, f"{command} leaves no entry"


def numbered(home: Path) -> None:
    """Give the first person a number as registries issue them, and a household."""
    store = open_store(Settings(home=home))
    with store.storage.write() as uow:
        person = uow.people.by_key(1)
        person.number = NUMBER
        claim = HouseholdClaim(HOME, Role.CHILD)
        join(uow, [Joining(claim, person, NOW.date())], NOW, TESTER)
        uow.flush()
        complete_households(uow, [person])
        uow.commit()
    store.database.dispose()


def test_the_audit_is_verified_exported_and_read_by_person(home: Path, tmp_path: Path) -> None:
    numbered(home)
    assert jisr(home, "audit", "person", NUMBER).stdout == "0 times; the time is UTC\n"
    told = jisr(home, "audit", "person", NUMBER).stdout
    assert "(owner) read this list of who used your data" in told
    assert told.endswith("1 times; the time is UTC\n")

    paper = tmp_path / "accesses.pdf"
    assert jisr(home, "audit", "person", NUMBER, "--pdf", str(paper), "--language", "ar").exit_code == 0
    assert paper.read_bytes().startswith(b"%PDF")
    assert paper.stat().st_mode & 0o777 == 0o600
    assert jisr(home, "audit", "person", NUMBER, "--pdf", str(paper)).exit_code == 1

    jisr(home, "token", "create", "a desk", "--role", "adjudicator")
    exported = tmp_path / "audit.jsonl"
    assert jisr(home, "audit", "export", str(exported)).exit_code == 0
    found = [json.loads(line) for line in exported.read_text().splitlines()]
    assert [one["action"] for one in found] == [*["person.accesses"] * 4, "token.create", "audit.export"]
    assert exported.stat().st_mode & 0o777 == 0o600
    refused = jisr(home, "audit", "export", str(exported))
    assert (refused.exit_code, "there already" in refused.stderr) == (1, True)
    for options, actions in {
        ("--action", "token.create"): ["token.create"],
        ("--person", NUMBER): [*["person.accesses"] * 4, "audit.export"],
        ("--until", "2020-01-01"): [],
        ("--since", "2020-01-01", "--action", "token.create"): ["token.create"],
    }.items():
        exported.unlink()
        assert jisr(home, "audit", "export", str(exported), *options).exit_code == 0
        assert [json.loads(line)["action"] for line in exported.read_text().splitlines()] == actions

    sound = jisr(home, "audit", "verify")
    assert (sound.exit_code, "are as they were written" in sound.stdout) == (0, True), sound.output


def test_verify_names_the_first_fault_and_fails(home: Path) -> None:
    for name in ("one", "two", "three"):
        jisr(home, "token", "create", name, "--role", "enroller")
    store = open_store(Settings(home=home))
    auditor_of(store).sign()
    with unguarded(store.database) as connection:
        second = (tables.entry.c.lane == 1) & (tables.entry.c.number == 2)
        connection.execute(tables.entry.update().where(second).values(actor="user:nobody"))
    store.database.dispose()
    found = jisr(home, "audit", "verify")
    assert found.exit_code == 1
    assert found.stderr == "entry 1-2 is altered, or is not the one that stood here\n"
    assert jisr(home, "audit", "verify", "--public-key", "00" * 32).stderr.startswith("checkpoint 1 is not signed")

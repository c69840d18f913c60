"""What was planted through the real service lies nowhere in its home, database or log, on both databases."""

import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select, update

from matcher.gallery.sealed_file import MAGIC as FILE_MAGIC
from service.bootstrap import App
from service.enrolment.storage import enrolment, template
from service.kit.errors import SealBroken
from service.kit.sealing import MAGIC
from service.registry.domain.people import Demographics, Name
from service.storage.at_rest import AT_REST, FILES, How
from service.storage.doctor import AtRest, examine
from service.storage.unit import METADATA
from tests.captures import capture
from tests.service.bytes_at_rest import DiskOf
from tests.service.made_up import received

PLANTED = Demographics((Name("Latn", "Zipporah Quillfeather"), Name("Arab", "زبيدة الخوارزمي")))
FACE = {"face": "obama.jpg"}


def planted(app: App) -> dict[str, bytes]:
    """What is looked for, by what it is; taken from what the registry opens again."""
    with app.store.storage.read() as uow:
        (kept,) = uow.people.by_keys([1]).values()
        assert kept.demographics == PLANTED
        template = uow.templates.of_people([1])[1][0].content
    names = {f"name {one.script}": one.full.encode() for one in PLANTED.names}
    names |= {f"name {one.script} in JSON": one.full.encode("unicode_escape") for one in PLANTED.names}
    shot = capture(FACE["face"])
    return {**names, "head of a picture": shot[:64], "picture": shot[1000:1064], "template": template[-64:]}


def test_nothing_personal_lies_plain_in_the_home_the_database_its_log_or_temporary_files(
    app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    disk = DiskOf(app.store.database)
    received(app, FACE, demographics=PLANTED)
    app.worker.process()
    app.replica.snapshot(app.store.storage)
    places = {
        "database": disk.files(),
        "log": disk.log(),
        **{str(one.relative_to(tmp_path)): one.read_bytes() for one in tmp_path.rglob("*") if one.is_file()},
    }
    found = [(what, place) for what, one in planted(app).items() for place, content in places.items() if one in content]
    assert found == []
    assert len(places["database"]) > 100_000
    assert len(places["log"]) > 1000


def test_every_column_of_every_table_is_stated_once() -> None:
    stated = sorted((one.where, field) for one in AT_REST for field in one.fields)
    assert stated == sorted((table.name, column.name) for table in METADATA.sorted_tables for column in table.columns)


def test_every_file_of_a_home_is_stated_and_sealed_where_it_is_said_to_be(app: App) -> None:
    received(app, FACE, demographics=PLANTED)
    app.worker.process()
    app.replica.snapshot(app.store.storage)
    home = app.store.settings.home
    files = [one.relative_to(home) for one in home.rglob("*") if one.is_file()]
    assert any(one.parts[0] == "gallery" for one in files)
    for file in files:
        (how,) = [one.how for one in FILES if named(file, one.where)]
        assert (how is How.SEALED) == (home / file).read_bytes().startswith((MAGIC, FILE_MAGIC)), file


def named(file: Path, pattern: str) -> bool:
    """Each * stands for part of one name."""
    return len(file.parts) == len(Path(pattern).parts) and file.match(pattern)


def test_the_doctor_counts_what_is_sealed_and_finds_what_is_not(app: App) -> None:
    received(app, FACE, demographics=PLANTED)
    app.worker.process()
    found = examined(app)
    assert {(one.where, one.field): (one.sealed, one.plain) for one in found.counted} == {
        ("person", "sealed"): (1, 0),
        ("enrolment", "sealed"): (1, 0),
        ("template", "content"): (1, 0),
        ("review_case", "sealed"): (0, 0),
        ("registry_change", "sealed"): (0, 0),
        ("fact", "sealed"): (0, 0),
        ("card", "sealed"): (0, 0),
        ("consent", "sealed"): (0, 0),
        ("task", "sealed"): (0, 0),
        ("operator", "totp_sealed"): (0, 0),
        ("finding", "sealed"): (0, 0),
        ("audit_entry", "payload"): (0, 0),
        ("captures/*/*", None): (1, 0),
        ("gallery/*/*/*", None): (0, 0),
    }
    assert found.faults == []
    with app.store.database.begin() as connection:
        connection.execute(update(template).values(content=b"plain"))
    (file,) = app.store.settings.home.glob("captures/*/*")
    file.write_bytes(capture(FACE["face"]))
    assert examined(app).faults == ["1 of template.content are not sealed", "1 of captures/*/* are not sealed"]


def test_the_doctor_names_what_others_can_read_and_a_key_beside_what_it_seals(app: App) -> None:
    home = app.store.settings.home
    (home / "keys").mkdir(mode=0o700)
    (home / "keys" / "key").touch(0o600)
    assert examined(app, home / "keys" / "key").advice[0].startswith("the key-encryption key ")
    home.chmod(0o755)
    (home / "notes").touch()
    (home / "notes").chmod(0o644)
    (fault,) = examined(app).faults
    assert "notes in" in fault
    assert "keys" not in fault
    home.chmod(0o700)
    assert examined(app).faults == []


def examined(app: App, key_file: Path | None = None) -> AtRest:
    return examine(app.store.database, app.store.settings.home, key_file)


def test_a_change_of_sealed_fields_alone_is_kept_and_plain_columns_follow(app: App) -> None:
    received(app, FACE, demographics=PLANTED)
    app.worker.process()
    corrected = replace(PLANTED, birth_year=1971)
    with app.store.storage.write() as uow:
        uow.people.by_keys([1])[1].demographics = corrected
        uow.enrolments.by_key(1).demographics = corrected
        uow.commit()
    with app.store.storage.read() as uow:
        assert uow.people.by_keys([1])[1].demographics == corrected
        assert uow.enrolments.by_key(1).demographics == corrected
    with app.store.database.connect() as connection:
        assert connection.scalar(select(enrolment.c.birth_year)) == 1971


def test_sealed_columns_open_in_their_own_row_alone(app: App) -> None:
    for _ in range(2):
        received(app, FACE, demographics=PLANTED)
    with app.store.database.begin() as connection:
        first = select(enrolment.c.sealed).where(enrolment.c.key == 1).scalar_subquery()
        connection.execute(update(enrolment).where(enrolment.c.key == 2).values(sealed=first))
    with app.store.storage.read() as uow, pytest.raises(SealBroken, match="moved"):
        _ = uow.enrolments.by_key(2).demographics

"""Proof by bytes: what was somebody's is in no file any more, of the home or of either database."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, make_url, select, text

from matcher import Position
from service.enrolment.storage import template
from service.kit.errors import KeysUnusable, SealBroken
from service.kit.keys import FileKeys
from service.kit.sealing import KeyClass
from service.kit.sql.clean import DatabaseCleaner
from service.kit.sql.database import open_database
from service.kit.sql.key_tables import data_key
from service.kit.sql.keys import Vault
from service.storage.unit import prepare
from tests.matcher.made_up import person
from tests.service.made_up import enrolled, of_extractor
from tests.service.privacy.conftest import FIRST, NAME, OFFICER, Registry

CROWD = 40
"""People around the one who is erased, before and after, so that their rows share pages."""


def crowd(registry: Registry, first: int) -> None:
    extractor = registry.app.extractor
    both = (Position.FACE, Position.RIGHT_THUMB)
    enrolled(
        registry.app.store.storage, [of_extractor(extractor, person(first + n, both)) for n in range(CROWD)], first
    )


def planted(registry: Registry) -> tuple[str, dict[str, bytes]]:
    """A person's number, and what is theirs, by what it is."""
    crowd(registry, 1000)
    enrolment = registry.enrol(FIRST)
    crowd(registry, 2000)
    app = registry.app
    with app.store.storage.read() as uow:
        app.replica.catch_up(uow)
        number = registry.number(enrolment)
        found = uow.people.by_number(number)
        assert found is not None
    app.replica.snapshot(app.store.storage)
    with app.store.database.connect() as connection:
        contents = connection.scalars(select(template.c.content).where(template.c.person_key == found.key)).all()
        wrapped = connection.scalars(
            select(data_key.c.wrapped).where(data_key.c.owner == f"enrolment/{enrolment}")
        ).all()
    files = [path for path in registry.files() if str(enrolment) in str(path)]
    needles = {f"template {n}": one[200:264] for n, one in enumerate(contents)}
    needles |= {f"wrapped key {n}": one for n, one in enumerate(wrapped)}
    needles |= {f"sealed file {n}": path.read_bytes()[100:164] for n, path in enumerate(files)}
    return number, needles | {"name": NAME.encode(), **snapshot(app.store.snapshots)}


def snapshot(folder: Path) -> dict[str, bytes]:
    """Something of each file of the snapshot, which is sealed as a whole."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len(files) > 3
    return {f"snapshot {path.name}": path.read_bytes()[8:72] for path in files}


def data_files(engine: Engine) -> list[Path]:
    """The database's own files, with all that it was told written into them."""
    if engine.dialect.name == "sqlite":
        path = Path(make_url(str(engine.url)).database or "")
        return [one for one in path.parent.glob(f"{path.name}*") if one.is_file()]
    admin = create_engine(engine.url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("CHECKPOINT"))
        folder = Path(connection.scalar(text("SHOW data_directory")))
        oid = connection.scalar(text("SELECT oid FROM pg_database WHERE datname = current_database()"))
    admin.dispose()
    return [path for path in (folder / "base" / str(oid)).iterdir() if path.is_file()]


def found_in(needles: Mapping[str, bytes], files: list[Path]) -> set[str]:
    contents = [path.read_bytes() for path in files if path.exists()]
    return {name for name, needle in needles.items() if any(needle in one for one in contents)}


def everywhere(registry: Registry) -> list[Path]:
    return list({*registry.files(), *data_files(registry.app.store.database)})


def test_what_was_somebody_s_is_in_no_file_any_more(registry: Registry) -> None:
    number, needles = planted(registry)
    assert found_in(needles, everywhere(registry)) == needles.keys() - {"name"}  # which is sealed
    registry.erase(number)
    left = found_in(needles, everywhere(registry))
    if registry.app.store.database.dialect.name == "sqlite":
        assert left == set()
    else:  # former rows are in free places of their pages, until the night
        assert left <= {name for name in needles if name.startswith(("template", "wrapped"))}
    assert registry.app.store.cleaner.rewrite()
    assert found_in(needles, everywhere(registry)) == set()


def test_a_snapshot_of_another_process_that_knew_the_person_does_not_hold_them(registry: Registry) -> None:
    """Its index has their rows, marked as removed: a later snapshot of its own must not bring them back."""
    number, needles = planted(registry)
    begun = registry.begin(number)
    theirs = {name: one for name, one in needles.items() if "snapshot" in name}
    with registry.app.store.storage.read() as uow:
        registry.app.replica.catch_up(uow)
    registry.app.replica.snapshot(registry.app.store.storage)
    assert len(list(registry.app.store.snapshots.iterdir())) == 1
    assert found_in(theirs, registry.files()) == set()
    assert registry.finisher().finish(begun.id, actor=OFFICER).done


def test_a_copy_from_before_is_dead_once_its_key_encryption_key_is(migrated_sqlite: Path, tmp_path: Path) -> None:
    """A backup holds the wrapped keys of the erased: only the key-encryption key of its time opens them."""
    live, backup, key_file = tmp_path / "jisr.db", tmp_path / "backup.db", tmp_path / "elsewhere" / "key"
    shutil.copy(migrated_sqlite, live)
    storage = prepare(open_database(f"sqlite:///{live}"), FileKeys(key_file))
    with storage.write() as uow:
        sealed = uow.keys.of_owner("person/1", KeyClass.PERSON).seal(NAME.encode(), "here")
        uow.commit()
    DatabaseCleaner(storage.vault._engine, ()).clean()  # a copy has to be whole
    shutil.copy(live, backup)
    former = key_file.read_text()

    def opened_from(database: Path) -> bytes:
        engine = open_database(f"sqlite:///{database}")
        try:
            return Vault(engine, FileKeys(key_file)).open(sealed, "here")
        finally:
            engine.dispose()

    with storage.write() as uow:
        uow.keys.destroy(["person/1"])
        uow.commit()
    with pytest.raises(SealBroken, match="destroyed"):
        opened_from(live)
    assert opened_from(backup) == NAME.encode()  # as long as the key-encryption key is that of its time
    storage.vault.rotate()
    with pytest.raises(KeysUnusable):
        opened_from(backup)
    key_file.write_text(former)  # who kept a copy of the former key can still read the backup
    assert opened_from(backup) == NAME.encode()
    storage.vault._engine.dispose()

"""`jisr keys`, on a new registry."""

import json
import re
from pathlib import Path

from sqlalchemy import create_engine, select

from service.audit.domain.actions import Action
from service.audit.storage import tables
from service.bootstrap import open_store
from service.kit.turns import Lock
from service.settings import Settings
from tests.service.cli.test_audit import jisr


def current(home: Path) -> str:
    found = re.match(r"the current key-encryption key is (\w{16}), in ", jisr(home, "keys", "status").stdout)
    assert found is not None
    return found[1]


def test_a_rotation_replaces_the_key_and_its_entry_names_the_former(tmp_path: Path) -> None:
    former = current(tmp_path)
    rotated = jisr(tmp_path, "keys", "rotate")
    assert rotated.exit_code == 0, rotated.output
    newest = current(tmp_path)
    assert newest != former
    assert f"the current key-encryption key is {newest}; the former is needed no more" in rotated.stdout
    assert len((tmp_path / "keys" / "key").read_text().split()) == 1

    engine = create_engine(f"sqlite:///{tmp_path / 'jisr.db'}")
    with engine.connect() as connection:
        noted = connection.execute(select(tables.entry).where(tables.entry.c.action == Action.KEYS_ROTATE)).one()
    engine.dispose()
    assert json.loads(noted.details) == {"former": former}


def test_nothing_starts_without_the_key_and_the_error_names_it(tmp_path: Path) -> None:
    key_id = current(tmp_path)
    (tmp_path / "keys" / "key").unlink()
    refused = jisr(tmp_path, "keys", "status")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert f"the key-encryption key {key_id} of this registry is not there" in refused.stderr


def test_two_rotations_at_once_are_refused(tmp_path: Path) -> None:
    """The second would forget the key that the first has just made."""
    former = current(tmp_path)
    store = open_store(Settings(home=tmp_path))
    with store.lock(Lock.KEYS) as turn:
        assert turn is not None
        refused = jisr(tmp_path, "keys", "rotate")
    store.database.dispose()
    assert refused.exit_code == 1
    assert "another process is rotating the keys" in refused.stderr
    assert current(tmp_path) == former

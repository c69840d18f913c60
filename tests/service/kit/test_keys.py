"""Keys wrapped under keys: made once, rotated through any crash, and missed with a sentence."""

import os
import secrets
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert, select, update

from service.kit.errors import AlreadyThere, KeysUnusable, SealBroken
from service.kit.keys import FileKeys, HeldKeys
from service.kit.sealing import KeyClass, new_key, new_secret
from service.kit.sql.key_tables import data_key, key_encryption_key, period_key
from service.kit.sql.keys import Vault
from service.storage.unit import SqlStorage
from tests.service.made_up import NOW

OWNER = "enrolment/1"


class Stopped(Exception):
    """What a crash is here."""


def vault(engine: Engine, path: Path) -> Vault:
    """As a process has it that was just started."""
    made = Vault(engine, FileKeys(path))
    made.bind()
    return made


def sealed(engine: Engine, keys: Vault, kinds: Sequence[KeyClass] = tuple(KeyClass)) -> list[bytes]:
    with SqlStorage(engine, keys).write() as uow:
        made = [uow.keys.of_owner(OWNER, kind).seal(b"Amina", kind) for kind in kinds]
        uow.commit()
    return made


def opened(keys: Vault, some: Sequence[bytes]) -> list[bytes]:
    return [keys.open(one, kind) for one, kind in zip(some, KeyClass, strict=True)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "elsewhere" / "key"


def test_the_first_start_makes_a_key_for_its_owner_alone(database: Engine, path: Path) -> None:
    some = sealed(database, vault(database, path))
    assert path.stat().st_mode & 0o777 == 0o600
    assert opened(vault(database, path), some) == [b"Amina"] * len(KeyClass)


def test_processes_started_at_once_have_one_key(database: Engine, path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        keys = list(pool.map(lambda _: vault(database, path), range(4)))
    some = sealed(database, keys[0])
    assert [opened(one, some) for one in keys] == [[b"Amina"] * len(KeyClass)] * 4
    assert len(path.read_text().split()) == 1


def test_a_lost_key_is_named_with_what_to_do(database: Engine, path: Path) -> None:
    vault(database, path)
    path.unlink()
    with pytest.raises(KeysUnusable, match=r"restore .* JISR_KEY"):
        vault(database, path)
    assert not path.exists()


def test_the_key_of_another_registry_is_refused(database: Engine, path: Path) -> None:
    vault(database, path)
    other = path.with_name("other")
    FileKeys(other).make()
    with pytest.raises(KeysUnusable, match=r"is not in .*/other: restore its copy"):
        vault(database, other)
    with pytest.raises(KeysUnusable, match="is not in JISR_KEY"):
        Vault(database, HeldKeys([bytes(32)])).bind()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_that_others_can_read_is_refused(path: Path, mode: int) -> None:
    FileKeys(path).make()
    path.chmod(mode)
    with pytest.raises(KeysUnusable, match="chmod 600"):
        FileKeys(path)


def test_what_is_no_key_is_refused(path: Path) -> None:
    FileKeys(path).make()
    path.write_text("hello\n")
    with pytest.raises(KeysUnusable, match="32 bytes in base64"):
        FileKeys(path)


def test_a_key_of_a_transaction_that_was_not_kept_is_not_used(database: Engine, path: Path) -> None:
    keys = vault(database, path)
    with SqlStorage(database, keys).write() as uow:
        uow.keys.of_owner(OWNER, KeyClass.PERSON)
    with SqlStorage(database, keys).write() as uow:
        kept = uow.keys.of_owner(OWNER, KeyClass.PERSON)
        uow.commit()
    assert vault(database, path).open(kept.seal(b"Amina", "here"), "here") == b"Amina"


def test_destroyed_keys_open_nothing(database: Engine, path: Path) -> None:
    keys = vault(database, path)
    some = sealed(database, keys)
    other = new_key("enrolment/2", KeyClass.CAPTURE)
    with SqlStorage(database, keys).write() as uow:
        uow.keys.add(other)
        assert uow.keys.destroy([OWNER]) == len(KeyClass)
        uow.commit()
    for one in some:
        with pytest.raises(SealBroken, match="destroyed"):
            keys.open(one, "person")
    assert keys.open(other.seal(b"Amina", "here"), "here") == b"Amina"


def test_what_another_process_destroyed_is_opened_for_moments_only(
    database: Engine, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command erases, while a service has the key open."""
    service, command = vault(database, path), vault(database, path)
    (sealed_name,) = sealed(database, command, [KeyClass.CAPTURE])
    assert service.open(sealed_name, "capture") == b"Amina"
    with SqlStorage(database, command).write() as uow:
        (mine,) = uow.keys.ids_of([OWNER])
        assert uow.keys.left_of([mine]) == [mine]
        assert uow.keys.ids_of([OWNER], KeyClass.NOTE) == []
        assert uow.keys.destroy([OWNER], KeyClass.NOTE) == 0
        assert uow.keys.destroy([OWNER], KeyClass.CAPTURE) == 1
        assert uow.keys.left_of([mine]) == []
        uow.commit()
    assert service.open(sealed_name, "capture") == b"Amina"
    monkeypatch.setattr("service.kit.sql.keys.KEPT_SECONDS", 0.0)
    with pytest.raises(SealBroken, match="destroyed"):
        service.open(sealed_name, "capture")


def test_a_key_destroyed_in_a_transaction_is_made_anew_in_it(database: Engine, path: Path) -> None:
    with SqlStorage(database, vault(database, path)).write() as uow:
        before = uow.keys.of_owner(OWNER, KeyClass.PERSON)
        uow.keys.destroy([OWNER])
        after = uow.keys.of_owner(OWNER, KeyClass.PERSON)
        uow.commit()
    assert after.id != before.id
    with pytest.raises(SealBroken):
        vault(database, path).open(before.seal(b"Amina", "here"), "here")
    assert vault(database, path).open(after.seal(b"", "here"), "here") == b""


def test_a_wrapped_key_cannot_be_given_to_another(database: Engine, path: Path) -> None:
    """Who can write the database cannot read one person under the name of another."""
    one, other = new_key("person/1", KeyClass.PERSON), new_key("person/2", KeyClass.PERSON)
    with SqlStorage(database, vault(database, path)).write() as uow:
        uow.keys.add(one)
        uow.keys.add(other)
        uow.commit()
    with database.begin() as connection:
        wrapped = connection.scalar(select(data_key.c.wrapped).where(data_key.c.id == one.id))
        connection.execute(update(data_key).where(data_key.c.id == other.id).values(wrapped=wrapped))
    with pytest.raises(SealBroken):
        vault(database, path).open(other.seal(b"Amina", "here"), "here")


def test_rotation_leaves_a_new_key_alone_while_a_service_goes_on(database: Engine, path: Path) -> None:
    service = vault(database, path)
    some = sealed(database, service, [KeyClass.CAPTURE])
    former = path.read_text()
    current = vault(database, path).rotate()
    some += sealed(database, service, list(KeyClass)[1:])  # its first keys of these classes: under the new key
    assert path.read_text() != former
    assert path.stat().st_mode & 0o777 == 0o600
    with database.connect() as connection:
        assert set(connection.scalars(select(period_key.c.wrapped_by))) == {current}
    for keys in (service, vault(database, path)):
        assert opened(keys, some) == [b"Amina"] * len(KeyClass)
    path.write_text(former)
    with pytest.raises(KeysUnusable):
        vault(database, path)


@pytest.mark.parametrize("step", ["made", "wrapped once", "all wrapped", "forgotten"])
def test_a_rotation_that_was_stopped_goes_on(
    database: Engine, path: Path, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = sealed(database, vault(database, path))

    def stop(*_: object) -> None:
        raise Stopped

    stopped = vault(database, path)
    with monkeypatch.context() as patch:
        if step == "made":
            patch.setattr(Vault, "_add_current", stop)
        elif step == "forgotten":
            patch.setattr(FileKeys, "keep_only", stop)
        with pytest.raises(Stopped):
            stopped.rotate(lambda done, total: stop() if (done, step) in _STOPS else None)
    assert opened(vault(database, path), some) == [b"Amina"] * len(KeyClass)
    again = vault(database, path)
    current = again.rotate()
    assert len(path.read_text().split()) == 1
    assert (again.counts().current, again.counts().former) == (current, [])
    assert opened(vault(database, path), some) == [b"Amina"] * len(KeyClass)


_STOPS = ((2, "wrapped once"), (len(KeyClass), "all wrapped"))


def test_keys_of_the_environment_rotate_once_a_new_one_is_given(database: Engine) -> None:
    former, new = os.urandom(32), os.urandom(32)
    first = Vault(database, HeldKeys([former]))
    first.bind()
    some = sealed(database, first)
    with pytest.raises(KeysUnusable, match="JISR_KEY"):
        first.rotate()
    both = Vault(database, HeldKeys([new, former]))
    both.bind()
    both.rotate()
    last = Vault(database, HeldKeys([new]))
    last.bind()
    assert opened(last, some) == [b"Amina"] * len(KeyClass)


def test_a_file_is_not_emptied_for_a_key_that_it_lacks(tmp_path: Path) -> None:
    keys = FileKeys(tmp_path / "key")
    key_id = keys.make()
    with pytest.raises(KeysUnusable, match="restore its copy"):
        keys.keep_only("0" * 16)
    assert FileKeys(tmp_path / "key").ids() == [key_id]


def test_at_most_one_key_encryption_key_is_current(storage: SqlStorage, database: Engine) -> None:
    second = {"id": "another", "check": b"", "made_at": NOW, "current": True}
    with pytest.raises(AlreadyThere), database.begin() as connection:
        connection.execute(insert(key_encryption_key).values(second))


class Makes(HeldKeys):
    """Makes another key for each process, as a token does."""

    def __init__(self) -> None:
        super().__init__([])

    def ids(self) -> Sequence[str]:
        return ()

    def make(self) -> str:
        made = secrets.token_hex(8)
        self._keys = {made: new_secret()}
        return made


def test_of_services_that_start_at_once_one_makes_the_first_key(database: Engine) -> None:
    def bind(_: int) -> int:
        try:
            Vault(database, Makes()).bind()
        except KeysUnusable:  # the key is the other's
            return 0
        return 1

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(bind, range(4))) == 1

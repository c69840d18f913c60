"""Blind tokens: one key for a registry, whoever makes it first; on both kinds of database."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, func, select

from service.kit.blind import TOKEN_BYTES
from service.kit.keys import HeldKeys
from service.kit.sealing import KeyClass, new_secret
from service.kit.sql.blind import OWNER, _hasher
from service.kit.sql.key_tables import data_key
from service.kit.sql.keys import Vault
from service.storage.unit import SqlStorage

TEXTS = ["passport|DJI|A123", "", "محمد", "a" * 5000]


@pytest.fixture
def keys() -> HeldKeys:
    return HeldKeys([new_secret()])


def started(database: Engine, keys: HeldKeys) -> SqlStorage:
    """As a process has it that was just started."""
    vault = Vault(database, keys)
    vault.bind()
    return SqlStorage(database, vault)


def tokens(storage: SqlStorage, purpose: str = "document") -> list[bytes]:
    with storage.write() as uow:
        made = uow.blind.tokens(purpose, TEXTS)
        uow.commit()
    return made


def test_a_text_has_one_token_in_every_transaction_and_process(database: Engine, keys: HeldKeys) -> None:
    made = tokens(started(database, keys))
    assert {len(one) for one in made} == {TOKEN_BYTES}
    assert len(set(made)) == len(TEXTS)
    other = started(database, keys)
    with other.read() as uow:
        assert [uow.blind.token("document", one) for one in TEXTS] == made
    assert tokens(other) == made


def test_another_purpose_gives_another_token(database: Engine, keys: HeldKeys) -> None:
    storage = started(database, keys)
    assert not set(tokens(storage)) & set(tokens(storage, "phone"))


def test_another_registry_gives_other_tokens(storage: SqlStorage, database: Engine) -> None:
    with storage.write() as uow:
        first = uow.blind.tokens("document", TEXTS)
    assert not set(first) & set(tokens(storage))


def test_before_anything_was_written_nothing_is_found(storage: SqlStorage) -> None:
    with storage.read() as uow:
        first = uow.blind.token("document", "x")
    assert first not in tokens(storage)


def test_a_key_that_was_not_committed_is_not_gone_on_with(database: Engine, keys: HeldKeys) -> None:
    storage = started(database, keys)
    with storage.write() as uow:
        uow.blind.token("document", "x")
    made = tokens(storage)
    assert tokens(started(database, keys)) == made


def test_those_who_write_first_at_the_same_time_have_one_key(database: Engine, keys: HeldKeys) -> None:
    together = Barrier(4)

    def first(storage: SqlStorage) -> list[bytes]:
        together.wait()
        return tokens(storage)

    processes = [started(database, keys) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(first, processes))
    assert found == [found[0]] * 4
    with database.connect() as connection:
        rows = select(func.count()).select_from(data_key).where(data_key.c.owner == OWNER)
        assert connection.scalar(rows) == 1


def test_tokens_outlive_a_rotation(database: Engine, keys: HeldKeys) -> None:
    former, newest = next(iter(keys._keys.values())), new_secret()
    made = tokens(started(database, keys))
    rotating = HeldKeys([newest, former])
    Vault(database, rotating).rotate()
    assert tokens(started(database, HeldKeys([newest]))) == made


TEXT = st.text(alphabet=st.characters(codec="utf-8"))


@given(TEXT, TEXT, TEXT, TEXT)
def test_purpose_and_text_are_told_apart(purpose: str, text: str, other: str, another: str) -> None:
    hashed = _hasher(b"0" * 32)
    purpose, other = purpose.replace("\0", ""), other.replace("\0", "")
    one, two = f"{purpose}\0{text}", f"{other}\0{another}"
    assert (hashed(one.encode()) == hashed(two.encode())) == ((purpose, text) == (other, another))


def test_the_class_of_the_key_is_its_own(storage: SqlStorage, database: Engine) -> None:
    tokens(storage)
    with database.connect() as connection:
        assert connection.scalars(select(data_key.c.kind).where(data_key.c.owner == OWNER)).all() == [KeyClass.SEARCH]

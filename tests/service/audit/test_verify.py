"""Whatever is altered, removed, inserted, reordered or cut off is found, at its place; on both kinds of database."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, insert, select, update

from service.audit.storage import tables
from service.audit.storage.files import public_key_in
from service.kit.ids import new_uuid
from tests.service.audit.noted import Audit, note, put_back, rehash, rows, unguarded
from tests.service.made_up import NOW

SIGNED, UNSIGNED = 8, 3
"""Entries before and after the last checkpoint."""
ENTRY, LANE = tables.entry, tables.lane
COLUMNS = [one.name for one in ENTRY.columns if one.name not in {"lane", "number", "at", "payload"}]
Tamper = Callable[[Connection], object]


def at(number: int) -> Any:
    return (ENTRY.c.lane == 1) & (ENTRY.c.number == number)


def lane_is(connection: Connection, number: int) -> None:
    """Have the lane state this entry as its last."""
    hash_ = connection.scalar(select(ENTRY.c.hash).where(at(number)))
    connection.execute(update(LANE).where(LANE.c.lane == 1).values(number=number, hash=hash_))


@st.composite
def altered(draw: st.DrawFn) -> tuple[Tamper, int]:
    """One column of one entry, and where that shows."""
    number, column = draw(st.integers(1, SIGNED + UNSIGNED)), draw(st.sampled_from(COLUMNS))
    value = draw(st.sampled_from(["[]", "{}", "x", "0" * 32]))
    return lambda connection: connection.execute(update(ENTRY).where(at(number)).values({column: value})), number


@st.composite
def removed(draw: st.DrawFn) -> tuple[Tamper, int]:
    number = draw(st.integers(1, SIGNED + UNSIGNED))
    return lambda connection: connection.execute(ENTRY.delete().where(at(number))), number


@st.composite
def moved_up(draw: st.DrawFn) -> tuple[Tamper, int]:
    """An entry removed and those after it moved up, hashes, lane and all: only checkpoints can show it."""
    number = draw(st.integers(1, SIGNED))

    def tamper(connection: Connection) -> None:
        connection.execute(ENTRY.delete().where(at(number)))
        connection.execute(tables.concern.delete().where(tables.concern.c.number == number))
        for later in range(number + 1, SIGNED + UNSIGNED + 1):
            connection.execute(update(ENTRY).where(at(later)).values(number=later - 1))
            moved = update(tables.concern).where(tables.concern.c.number == later).values(number=later - 1)
            connection.execute(moved)
        rehash(connection)

    return tamper, SIGNED


@st.composite
def inserted(draw: st.DrawFn) -> tuple[Tamper, int]:
    """A copy of an entry at another's place, those from there on moved down, as if it had always been there."""
    source, number = draw(st.integers(1, SIGNED)), draw(st.integers(1, SIGNED))

    def tamper(connection: Connection) -> None:
        copy = dict(connection.execute(select(ENTRY).where(at(source))).mappings().one())
        for later in range(SIGNED + UNSIGNED, number - 1, -1):
            connection.execute(update(ENTRY).where(at(later)).values(number=later + 1))
            moved = update(tables.concern).where(tables.concern.c.number == later).values(number=later + 1)
            connection.execute(moved)
        connection.execute(insert(ENTRY).values(copy | {"number": number, "people": "[]"}))
        rehash(connection)

    return tamper, SIGNED


@st.composite
def reordered(draw: st.DrawFn) -> tuple[Tamper, int]:
    """Two entries that have changed places, but for their numbers."""
    first, second = sorted(draw(st.lists(st.integers(1, SIGNED + UNSIGNED), min_size=2, max_size=2, unique=True)))

    def tamper(connection: Connection) -> None:
        found = {n: dict(connection.execute(select(ENTRY).where(at(n))).mappings().one()) for n in (first, second)}
        for number, other in ((first, second), (second, first)):
            connection.execute(update(ENTRY).where(at(number)).values(found[other] | {"number": number}))

    return tamper, first


@st.composite
def cut(draw: st.DrawFn) -> tuple[Tamper, int]:
    """The end removed, from before the last checkpoint on, and the lane taken back."""
    left = draw(st.integers(0, SIGNED - 1))

    def tamper(connection: Connection) -> None:
        connection.execute(ENTRY.delete().where(ENTRY.c.number > left))
        connection.execute(tables.concern.delete().where(tables.concern.c.number > left))
        rehash(connection)

    return tamper, left + 1


@st.composite
def hidden(draw: st.DrawFn) -> tuple[Tamper, int]:
    """An entry that is no longer found by the person whom it concerns, or is found by another."""
    number, other = draw(st.integers(1, SIGNED + UNSIGNED)), draw(st.booleans())
    concern = tables.concern

    def tamper(connection: Connection) -> None:
        place = concern.c.number == number
        change = update(concern).where(place).values(person=new_uuid()) if other else concern.delete().where(place)
        connection.execute(change)

    return tamper, number


ATTACKS = (altered(), removed(), moved_up(), inserted(), reordered(), cut(), hidden())


@given(st.one_of(*ATTACKS))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def _found(audit: Audit, database: Engine, attack: tuple[Tamper, int]) -> None:
    tamper, place = attack
    before = rows(database)
    with unguarded(database) as connection:
        tamper(connection)
    changed = rows(database) != before
    try:
        found = audit.verify().fault
    finally:
        put_back(database, before)
    assert (found is not None) == changed
    if found is not None:
        assert found.place.startswith("entry 1-")
        assert int(found.place.removeprefix("entry 1-")) <= place


@pytest.mark.slow
def test_every_attack_is_found_no_later_than_where_it_shows(audit: Audit, database: Engine) -> None:
    note(audit.storage, SIGNED // 2)
    audit.sign()
    note(audit.storage, SIGNED // 2)
    audit.sign()
    note(audit.storage, UNSIGNED)
    _found(audit, database)


def test_what_no_one_touched_verifies(audit: Audit) -> None:
    assert audit.verify().fault is None  # without any checkpoint
    note(audit.storage, 3)
    assert audit.sign()
    assert not audit.sign()
    note(audit.storage, 2)
    found = audit.verify()
    # The verifications are entries too.
    assert (found.entries, found.checkpoints, found.unsigned, found.fault) == (6, 1, 2, None)


def test_a_lane_that_states_less_than_it_has_is_found(audit: Audit, database: Engine) -> None:
    note(audit.storage, 3)
    with unguarded(database) as connection:
        lane_is(connection, 2)
        connection.execute(ENTRY.delete().where(at(3)))
        connection.execute(insert(ENTRY).values(_copy(connection, 2) | {"number": 9}))
    fault = audit.verify().fault
    assert fault is not None
    assert fault.place == "entry 1-9"


def _copy(connection: Connection, number: int) -> dict[str, Any]:
    return dict(connection.execute(select(ENTRY).where(at(number))).mappings().one())


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_checkpoint_that_is_altered_or_removed_is_found(audit: Audit, database: Engine, number: int) -> None:
    for _ in range(3):
        note(audit.storage)
        audit.sign()
    before = rows(database)
    one = tables.checkpoint
    for tamper in (
        one.update().where(one.c.number == number).values(statement=one.c.statement + " "),
        one.update().where(one.c.number == number).values(at=NOW),
        one.delete().where(one.c.number == number),
        one.delete().where(one.c.number >= number),
    ):
        with unguarded(database) as connection:
            connection.execute(tamper)
        fault = audit.verify().fault
        assert fault is not None
        assert fault.place == f"checkpoint {number}"
        put_back(database, before)
    assert audit.verify().fault is None


def test_a_history_that_another_key_signed_is_no_history(audit: Audit, tmp_path: Path) -> None:
    note(audit.storage)
    other = Audit(audit.storage, tmp_path / "other")
    other.sign()
    fault = audit.verify().fault
    assert fault is not None
    assert (fault.place, "signed" in fault.what) == ("checkpoint 1", True)


def test_a_crash_between_checkpoint_and_copy_leaves_the_copy_behind_and_is_caught_up_with(
    audit: Audit, tmp_path: Path
) -> None:
    copies = audit.copies
    note(audit.storage)
    audit.copies = []
    audit.sign()  # ended before the copy
    audit.copies = copies
    assert audit.verify().fault is None
    note(audit.storage)
    audit.sign()
    assert len(copies[0].lines()) == 2
    path = tmp_path / "audit" / "checkpoints.jsonl"
    path.write_text(path.read_text()[:-20])  # ended while the line was written
    assert (len(copies[0].lines()), audit.verify().fault) == (1, None)
    audit.sign()
    assert (len(copies[0].lines()), audit.verify().fault) == (3, None)


def test_verifying_while_others_write_and_sign_finds_nothing_wrong(audit: Audit) -> None:
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            note(audit.storage)

    def sign() -> None:
        while not stop.wait(0.01):
            audit.sign()

    threads = [threading.Thread(target=one) for one in (write, write, sign)]
    for one in threads:
        one.start()
    try:
        assert [audit.verify().fault for _ in range(5)] == [None] * 5
    finally:
        stop.set()
        for one in threads:
            one.join()


def test_a_crash_between_entry_and_checkpoint_costs_nothing(audit: Audit) -> None:
    note(audit.storage, 2)
    again = Audit(audit.storage, Path(audit.copies[0].name).parent)
    assert again.sign()
    assert audit.verify().fault is None


def test_the_chain_runs_over_the_stored_bytes_of_the_payload(audit: Audit, database: Engine) -> None:
    """What opens them is not part of it, so that destroying a key leaves the chain as it is."""
    note(audit.storage)
    with unguarded(database) as connection:
        connection.execute(update(ENTRY).where(at(1)).values(payload=b"sealed"))
        rehash(connection)
    assert audit.verify().fault is None
    with unguarded(database) as connection:
        connection.execute(update(ENTRY).where(at(1)).values(payload=b"other"))
    assert audit.verify().fault is not None


def test_the_public_half_alone_is_enough_to_verify(audit: Audit, tmp_path: Path) -> None:
    (tmp_path / "audit" / "signing.key").unlink()
    assert public_key_in(tmp_path / "audit") == audit.key.public_key
    assert public_key_in(tmp_path) is None

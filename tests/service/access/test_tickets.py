"""Tickets of sign-ins: sealed, for one kind of use, until they end, and once; on both kinds of database."""

import base64
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, func, select

from service.access.errors import Unauthenticated
from service.access.steps.tickets import LONGEST, Ticket, TicketKind, Tickets, use
from service.access.storage import used_ticket
from service.kit.sql.key_tables import data_key
from service.storage.unit import SqlStorage
from tests.service.conftest import Noon

MINUTE = timedelta(minutes=1)


@dataclass
class Clock:
    passed: timedelta = timedelta()

    def now(self) -> datetime:
        return Noon().now() + self.passed


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tickets(storage: SqlStorage, clock: Clock) -> Tickets:
    return Tickets(storage, clock)


def used(ticket: Ticket, storage: SqlStorage, clock: Clock) -> bool:
    """Whether it could be used."""
    try:
        with storage.write() as uow:
            use(ticket, uow, clock.now())
            uow.commit()
    except Unauthenticated:
        return False
    return True


def test_a_ticket_holds_what_was_written_on_it_and_shows_nothing(tickets: Tickets) -> None:
    text = tickets.issue(TicketKind.OPENID, MINUTE, {"verifier": "a secret of the sign-in"})
    assert tickets.open(TicketKind.OPENID, text).content == {"verifier": "a secret of the sign-in"}
    assert b"secret" not in base64.urlsafe_b64decode(text)
    assert text != tickets.issue(TicketKind.OPENID, MINUTE, {"verifier": "a secret of the sign-in"})


def test_it_ends_and_is_of_one_kind(tickets: Tickets, clock: Clock) -> None:
    text = tickets.issue(TicketKind.OPENID, MINUTE, {})
    with pytest.raises(Unauthenticated):
        tickets.open(TicketKind.SECOND_FACTOR, text)
    clock.passed = MINUTE - timedelta(seconds=1)
    assert tickets.open(TicketKind.OPENID, text)
    clock.passed = MINUTE
    with pytest.raises(Unauthenticated, match="too old"):
        tickets.open(TicketKind.OPENID, text)


def test_what_was_altered_or_made_up_is_none(tickets: Tickets) -> None:
    text = tickets.issue(TicketKind.OPENID, MINUTE, {"state": "s"})
    sealed = base64.urlsafe_b64decode(text)
    made_up: list[str | None] = [None, "", "é", "x" * LONGEST * 2, text[:-8], text + text]
    for place in range(0, len(sealed), 7):
        changed = sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :]
        made_up.append(base64.urlsafe_b64encode(changed).decode())
    for one in made_up:
        with pytest.raises(Unauthenticated):
            tickets.open(TicketKind.OPENID, one)


def test_another_process_opens_it_and_a_key_is_made_once(
    tickets: Tickets, storage: SqlStorage, clock: Clock, database: Engine
) -> None:
    others = [Tickets(storage, clock) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        texts = list(pool.map(lambda one: one.issue(TicketKind.PASSKEY, MINUTE, {"n": "1"}), others))
    assert all(tickets.open(TicketKind.PASSKEY, one).content == {"n": "1"} for one in texts)
    with database.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(data_key)) == 1


def test_it_counts_once_however_many_come_at_the_same_time(tickets: Tickets, storage: SqlStorage, clock: Clock) -> None:
    ticket = tickets.open(TicketKind.OPENID, tickets.issue(TicketKind.OPENID, MINUTE, {}))
    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(lambda _: used(ticket, storage, clock), range(4))) == [False, False, False, True]


def test_a_transaction_that_is_not_committed_uses_none(tickets: Tickets, storage: SqlStorage, clock: Clock) -> None:
    ticket = tickets.open(TicketKind.OPENID, tickets.issue(TicketKind.OPENID, MINUTE, {}))
    with storage.write() as uow:
        use(ticket, uow, clock.now())
    assert used(ticket, storage, clock)


def test_those_that_ended_are_forgotten(tickets: Tickets, storage: SqlStorage, clock: Clock, database: Engine) -> None:
    for _ in range(3):
        assert used(tickets.open(TicketKind.OPENID, tickets.issue(TicketKind.OPENID, MINUTE, {})), storage, clock)
    clock.passed = 2 * MINUTE
    assert used(tickets.open(TicketKind.OPENID, tickets.issue(TicketKind.OPENID, MINUTE, {})), storage, clock)
    with database.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(used_ticket)) == 1

"""Operators: invited, signed in by password and second factor, locked, and signed out; on both kinds of database."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from pyotp import TOTP
from sqlalchemy import Engine

from service.access.domain import AccessRole
from service.access.domain.identities import Identity
from service.access.domain.operators import (
    CODE_LASTS,
    LOCKED_FOR,
    LONGEST_PASSWORD,
    MOST_FAILURES,
    SESSION_PREFIX,
    TOTP_SECONDS,
    OperatorState,
)
from service.access.errors import NoSession, NoSuchPasskey, Unauthenticated
from service.access.steps.opening import SessionLimits
from service.access.usecases.operators import (
    FIRST,
    activate_operator,
    create_operator,
    disable_operator,
    invite_first,
    list_operators,
    reset_operator,
)
from service.access.usecases.passkeys import revoke_passkey
from service.access.usecases.sessions import (
    Credentials,
    close_session,
    note_session,
    open_session,
    resume,
)
from service.kit.actor import Actor
from service.kit.errors import MalformedRequest
from service.kit.ids import new_uuid
from service.storage.unit import SqlStorage
from tests.service.conftest import Noon
from tests.service.made_up import TESTER, all_rows

PASSWORD = "correct horse battery"
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
STEP = timedelta(seconds=TOTP_SECONDS)
LIMITS = SessionLimits(idle=30 * MINUTE, whole=timedelta(hours=12))


@dataclass
class Desk:
    """One operator, named Hawa, and a clock that a test moves on."""

    storage: SqlStorage
    passed: timedelta = timedelta()
    totp: str = field(default="", init=False)

    def now(self) -> datetime:
        return Noon().now() + self.passed

    def invite(self, site: str | None = None) -> str:
        return create_operator("Hawa", AccessRole.ADJUDICATOR, site, actor=TESTER, storage=self.storage, clock=self)

    def activate(self, code: str, password: str = PASSWORD, name: str = "Hawa") -> None:
        self.totp = activate_operator(name, code, password, actor=TESTER, storage=self.storage, clock=self)

    def code(self, steps: int = 0) -> str:
        return TOTP(self.totp).at(self.now() + steps * STEP)

    def sign_in(self, password: str = PASSWORD, code: str | None = None, name: str = "Hawa") -> str:
        sent = Credentials(name, password, self.code() if code is None else code)
        opened = open_session(sent, actor=TESTER, storage=self.storage, clock=self, limits=LIMITS)
        return opened.secret

    def actor(self, secret: str) -> Actor:
        return resume(secret, channel="api", request_id="r1", storage=self.storage, clock=self, limits=LIMITS)

    def use(self, secret: str) -> None:
        note_session(secret, actor=TESTER, storage=self.storage, clock=self)

    def refuses(self, password: str = PASSWORD, code: str | None = None, name: str = "Hawa") -> bool:
        with pytest.raises(Unauthenticated, match="name, password or code is wrong"):
            self.sign_in(password, code, name)
        return True


@pytest.fixture
def desk(storage: SqlStorage) -> Desk:
    """Hawa has chosen her password."""
    made = Desk(storage)
    made.activate(made.invite("Djibouti-1"))
    return made


def test_who_signs_in_acts_as_the_operator_at_the_site(desk: Desk) -> None:
    secret = desk.sign_in()
    assert secret.startswith(SESSION_PREFIX)
    expected = Actor("operator:Hawa", "adjudicator", "Djibouti-1", "api", "r1", people_of=frozenset({"Djibouti-1"}))
    assert desk.actor(secret) == expected


def test_neither_password_nor_code_nor_session_is_kept(desk: Desk, database: Engine) -> None:
    code = reset_operator("Hawa", actor=TESTER, storage=desk.storage, clock=desk)
    kept = repr(all_rows(database))
    desk.activate(code)
    secret = desk.sign_in()
    kept += repr(all_rows(database))
    assert "$argon2id$" in kept
    for one in (PASSWORD, desk.totp, code, code.replace("-", ""), secret, secret.removeprefix(SESSION_PREFIX)):
        assert one not in kept


def test_every_part_has_to_be_right(desk: Desk) -> None:
    for wrong in ({"password": "wrong horse battery"}, {"code": "000000"}, {"code": ""}, {"name": "Nobody"}):
        assert desk.refuses(**wrong)
    assert desk.actor(desk.sign_in()).id == "operator:Hawa"


def test_a_code_of_the_app_counts_once_and_in_the_steps_beside_its_own(desk: Desk) -> None:
    early, present, late = desk.code(-1), desk.code(), desk.code(1)
    assert desk.refuses(code=desk.code(2))
    assert desk.refuses(code=desk.code(-2))
    for one in (early, present, late):
        desk.sign_in(code=one)
        assert desk.refuses(code=one)


def test_tries_at_once_are_counted_one_after_another(desk: Desk) -> None:
    """Otherwise guesses in parallel would not lock the name, and a code of the app would count twice."""
    with ThreadPoolExecutor(1) as pool:
        with desk.storage.write() as uow:
            one = uow.operators.for_change("Hawa")
            assert one is not None
            one.failures = MOST_FAILURES - 1
            uow.flush()
            other = pool.submit(desk.refuses, "wrong horse battery")
            time.sleep(0.7)  # time for it to have read what is there now, if it did not wait
            assert not other.done()
            uow.commit()
        assert other.result()
    assert desk.refuses()


def test_a_reset_ends_a_session_that_is_changing_passkeys_at_that_moment(desk: Desk) -> None:
    """Otherwise a thief could keep a passkey that the reset did not see."""
    secret = desk.sign_in()

    def change() -> None:
        revoke_passkey(new_uuid(), secret, actor=TESTER, storage=desk.storage, clock=desk)

    with pytest.raises(NoSuchPasskey):
        change()
    with ThreadPoolExecutor(1) as pool:
        with desk.storage.write() as uow:
            one = uow.operators.for_change("Hawa")
            assert one is not None
            other = pool.submit(change)
            time.sleep(0.7)  # time for it to have read what is there now, if it did not wait
            uow.sessions.close_all(one.key, desk.now())
            uow.commit()
        with pytest.raises(Unauthenticated):
            other.result()


def test_wrong_tries_in_a_row_lock_the_name_for_a_while(desk: Desk) -> None:
    for _ in range(MOST_FAILURES - 1):
        desk.refuses("wrong horse battery")
    desk.sign_in()
    desk.passed += STEP
    for _ in range(MOST_FAILURES):
        desk.refuses("wrong horse battery")
    assert desk.refuses()
    desk.passed += LOCKED_FOR - SECOND
    assert desk.refuses()
    desk.passed += SECOND
    assert desk.sign_in()


def test_a_session_ends_by_idleness(desk: Desk) -> None:
    secret = desk.sign_in()
    desk.passed += LIMITS.idle - SECOND
    desk.use(secret)
    desk.passed += LIMITS.idle - SECOND
    assert desk.actor(secret)
    desk.passed += SECOND
    with pytest.raises(Unauthenticated, match="has ended"):
        desk.actor(secret)


def test_a_session_ends_whatever_its_use(desk: Desk) -> None:
    secret = desk.sign_in()
    while desk.passed < LIMITS.whole - SECOND:
        desk.passed = min(desk.passed + LIMITS.idle - MINUTE, LIMITS.whole - SECOND)
        assert desk.actor(secret)
        desk.use(secret)
    desk.passed += SECOND
    with pytest.raises(Unauthenticated, match="has ended"):
        desk.actor(secret)


def test_signing_out_ends_one_session_and_disabling_all(desk: Desk) -> None:
    first = desk.sign_in()
    desk.passed += STEP
    second = desk.sign_in()
    close_session(first, actor=TESTER, storage=desk.storage, clock=desk)
    with pytest.raises(Unauthenticated):
        desk.actor(first)
    assert desk.actor(second)
    disable_operator("Hawa", actor=TESTER, storage=desk.storage, clock=desk)
    with pytest.raises(Unauthenticated):
        desk.actor(second)
    desk.passed += STEP
    assert desk.refuses()
    with pytest.raises(MalformedRequest, match="disabled"):
        reset_operator("Hawa", actor=TESTER, storage=desk.storage, clock=desk)
    with pytest.raises(NoSession):
        close_session("jisr_a token", actor=TESTER, storage=desk.storage, clock=desk)


def test_a_reset_takes_password_second_factor_and_sessions(desk: Desk) -> None:
    secret, before = desk.sign_in(), desk.totp
    code = reset_operator("Hawa", actor=TESTER, storage=desk.storage, clock=desk)
    with pytest.raises(Unauthenticated):
        desk.actor(secret)
    desk.passed += STEP
    assert desk.refuses()
    desk.activate(code, "another horse battery")
    assert desk.totp != before
    assert desk.refuses()
    assert desk.sign_in("another horse battery")


def test_a_one_time_code_counts_once_and_for_a_day(storage: SqlStorage) -> None:
    desk = Desk(storage)
    code = desk.invite()
    for name, wrong in (("Hawa", "ABCD-EFGH-JKLM-NPQR-STUV-WXYZ"), ("Nobody", code), ("Hawa", "")):
        with pytest.raises(Unauthenticated):
            desk.activate(wrong, name=name)
    desk.passed += CODE_LASTS
    with pytest.raises(Unauthenticated, match="too old"):
        desk.activate(code)
    desk.passed -= SECOND
    desk.activate(code.lower().replace("-", " "))
    with pytest.raises(Unauthenticated, match="was used"):
        desk.activate(code)


@pytest.mark.parametrize("password", ["", "x" * 11, "x" * 129])
def test_a_password_too_short_or_too_long_is_refused_and_the_code_still_counts(
    storage: SqlStorage, password: str
) -> None:
    desk = Desk(storage)
    code = desk.invite()
    with pytest.raises(MalformedRequest, match="12 to 128"):
        desk.activate(code, password)
    desk.activate(code)


EARLY = ("password12345", "azerty123456", "qwertyuiop123", "mohamed123456", "Hawa Hawa Hawa", "jisr-jisr-jisr")
HARD = (PASSWORD, "كتاب بحر شمس جبل نافذة", "3Mx!k29sLw0p", "x7" * 5 + "lampe fjord ocre")


@pytest.mark.parametrize("password", EARLY)
def test_a_password_that_is_guessed_early_is_refused_and_the_code_still_counts(
    storage: SqlStorage, password: str
) -> None:
    desk = Desk(storage)
    code = desk.invite()
    with pytest.raises(MalformedRequest, match="guessed too easily"):
        desk.activate(code, password)
    desk.activate(code)


@pytest.mark.parametrize("password", HARD)
def test_a_password_that_is_hard_to_guess_counts_in_any_script(storage: SqlStorage, password: str) -> None:
    desk = Desk(storage)
    desk.activate(desk.invite(), password)
    assert desk.sign_in(password)


def test_the_longest_password_is_judged_at_once(storage: SqlStorage) -> None:
    desk = Desk(storage)
    with pytest.raises(MalformedRequest, match="guessed too easily"):
        desk.activate(desk.invite(), "a" * LONGEST_PASSWORD)


def test_a_name_is_given_once(desk: Desk) -> None:
    with pytest.raises(MalformedRequest, match="already an operator named 'Hawa'"):
        desk.invite()


def test_a_subject_of_an_issuer_is_one_operators(storage: SqlStorage) -> None:
    identity = Identity("https://issuer.example", "s1", None, frozenset())

    def create(name: str) -> str:
        return create_operator(
            name, AccessRole.AUDITOR, None, actor=TESTER, storage=storage, clock=Noon(), identity=identity
        )

    create("Hawa")
    with pytest.raises(MalformedRequest, match="of this subject"):
        create("Moussa")


def test_the_first_administrator_is_invited_until_somebody_has_a_password(storage: SqlStorage) -> None:
    desk = Desk(storage)
    codes = [invite_first(actor=TESTER, storage=storage, clock=desk) for _ in range(2)]
    assert None not in codes
    assert codes[0] != codes[1]
    (first,) = list_operators(actor=TESTER, storage=storage)
    assert (first.name, first.role, first.state) == (FIRST, AccessRole.ADMINISTRATOR, OperatorState.INVITED)
    desk.activate(codes[1] or "", name=FIRST)
    assert invite_first(actor=TESTER, storage=storage, clock=desk) is None


def test_a_new_code_for_the_first_administrator_is_not_replaced_at_the_next_start(storage: SqlStorage) -> None:
    desk = Desk(storage)
    desk.activate(invite_first(actor=TESTER, storage=storage, clock=desk) or "", name=FIRST)
    desk.sign_in(name=FIRST)
    code = reset_operator(FIRST, actor=TESTER, storage=storage, clock=desk)
    assert invite_first(actor=TESTER, storage=storage, clock=desk) is None
    desk.activate(code, name=FIRST)


def test_no_first_administrator_is_invited_where_others_are(desk: Desk) -> None:
    assert invite_first(actor=TESTER, storage=desk.storage, clock=desk) is None

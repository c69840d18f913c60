"""Operators see and end their sessions, and change their password; on both kinds of database."""

from uuid import UUID

import pytest
from pyotp import TOTP

from service.access.domain import AccessRole
from service.access.domain.operators import FRESH, MOST_FAILURES, MOST_SESSIONS
from service.access.errors import NoSession, NoSuchSession, SignInTooOld, Unauthenticated
from service.access.usecases.operators import activate_operator, create_operator, disable_operator
from service.access.usecases.own_access import (
    NewPassword,
    OwnSession,
    change_password,
    end_other_sessions,
    end_session,
    list_sessions,
)
from service.access.usecases.sessions import Credentials, open_session
from service.kit.errors import MalformedRequest
from service.kit.ids import new_uuid
from service.storage.unit import SqlStorage
from tests.service.access.test_operators import LIMITS, MINUTE, PASSWORD, SECOND, STEP, Desk
from tests.service.made_up import TESTER

ANOTHER = "lampe fjord ocre tambour"


@pytest.fixture
def desk(storage: SqlStorage) -> Desk:
    made = Desk(storage)
    made.activate(made.invite())
    return made


def sessions(desk: Desk, bearer: str) -> list[OwnSession]:
    return list_sessions(bearer, actor=TESTER, storage=desk.storage, clock=desk, limits=LIMITS)


def ids(desk: Desk, bearer: str) -> list[UUID]:
    return [one.session.id for one in sessions(desk, bearer)]


def end(desk: Desk, session_id: UUID, bearer: str) -> None:
    end_session(session_id, bearer, actor=TESTER, storage=desk.storage, clock=desk)


def change(desk: Desk, bearer: str, former: str = PASSWORD, password: str = ANOTHER, code: str | None = None) -> None:
    sent = NewPassword(former, password, desk.code() if code is None else code)
    change_password(sent, bearer, actor=TESTER, storage=desk.storage, clock=desk)


def later_sign_in(desk: Desk) -> str:
    """In another step of the app, whose codes count once."""
    desk.passed += STEP
    return desk.sign_in()


def test_an_operator_sees_their_sessions_that_last(desk: Desk) -> None:
    first = desk.sign_in()
    desk.passed += LIMITS.idle - MINUTE
    second = desk.sign_in()
    assert [one.current for one in sessions(desk, first)] == [True, False]
    assert [one.current for one in sessions(desk, second)] == [False, True]
    desk.passed += MINUTE
    assert [one.current for one in sessions(desk, second)] == [True]


def test_ending_one_ends_that_one(desk: Desk) -> None:
    first = desk.sign_in()
    second = later_sign_in(desk)
    (lost, _) = ids(desk, second)
    end(desk, lost, second)
    with pytest.raises(Unauthenticated):
        desk.actor(first)
    assert desk.actor(second)
    with pytest.raises(NoSuchSession):
        end(desk, lost, second)
    with pytest.raises(NoSuchSession):
        end(desk, new_uuid(), second)


def test_ending_the_others_leaves_the_one_that_asks(desk: Desk) -> None:
    others = [desk.sign_in(), later_sign_in(desk)]
    mine = later_sign_in(desk)
    end_other_sessions(mine, actor=TESTER, storage=desk.storage, clock=desk)
    for one in others:
        with pytest.raises(Unauthenticated):
            desk.actor(one)
    assert desk.actor(mine)


def test_nobody_ends_the_session_of_another(desk: Desk) -> None:
    theirs = desk.sign_in()
    code = create_operator("Moussa", AccessRole.AUDITOR, None, actor=TESTER, storage=desk.storage, clock=desk)
    totp = activate_operator("Moussa", code, ANOTHER, actor=TESTER, storage=desk.storage, clock=desk)
    sent = Credentials("Moussa", ANOTHER, TOTP(totp).at(desk.now()))
    mine = open_session(sent, actor=TESTER, storage=desk.storage, clock=desk, limits=LIMITS).secret
    with pytest.raises(NoSuchSession):
        end(desk, ids(desk, theirs)[0], mine)
    end_other_sessions(mine, actor=TESTER, storage=desk.storage, clock=desk)
    assert desk.actor(theirs)


def test_sessions_are_ended_soon_after_signing_in_alone(desk: Desk) -> None:
    """Otherwise a thief of a session could shut its owner out."""
    first = desk.sign_in()
    second = later_sign_in(desk)
    (other, _) = ids(desk, second)
    desk.passed += FRESH + SECOND
    with pytest.raises(SignInTooOld):
        end(desk, other, second)
    with pytest.raises(SignInTooOld):
        end_other_sessions(second, actor=TESTER, storage=desk.storage, clock=desk)
    assert desk.actor(first)


def test_one_session_more_than_the_most_ends_the_one_not_used_for_longest(desk: Desk) -> None:
    opened = [desk.sign_in()]
    while len(opened) < MOST_SESSIONS:
        opened.append(later_sign_in(desk))
    desk.passed += MINUTE
    desk.use(opened[0])
    last = later_sign_in(desk)
    assert len(sessions(desk, last)) == MOST_SESSIONS
    with pytest.raises(Unauthenticated):
        desk.actor(opened[1])
    for one in (opened[0], *opened[2:], last):
        assert desk.actor(one)


def test_another_password_counts_at_once_and_ends_the_other_sessions(desk: Desk) -> None:
    other = desk.sign_in()
    mine = later_sign_in(desk)
    desk.passed += STEP
    change(desk, mine)
    assert desk.actor(mine)
    with pytest.raises(Unauthenticated):
        desk.actor(other)
    desk.passed += STEP
    assert desk.refuses(PASSWORD)
    assert desk.sign_in(ANOTHER)


def test_a_password_is_changed_by_all_three_alone_and_wrong_tries_lock_the_name(desk: Desk) -> None:
    mine = desk.sign_in()
    desk.passed += STEP
    used = desk.code(-1)
    for wrong in ({"former": "another horse battery"}, {"code": "000000"}, {"code": used}):
        with pytest.raises(Unauthenticated, match="password or code is wrong"):
            change(desk, mine, **wrong)
    for _ in range(MOST_FAILURES - 3):
        with pytest.raises(Unauthenticated):
            change(desk, mine, former="another horse battery")
    with pytest.raises(Unauthenticated):
        change(desk, mine)
    assert desk.refuses()


@pytest.mark.parametrize("password", ["short", "password12345", PASSWORD])
def test_a_new_password_that_will_not_do_is_named_and_counts_as_no_wrong_try(desk: Desk, password: str) -> None:
    mine = desk.sign_in()
    desk.passed += STEP
    for _ in range(MOST_FAILURES):
        with pytest.raises(MalformedRequest) as refused:
            change(desk, mine, password=password)
        assert refused.value.field == "password"
    change(desk, mine)


def test_a_token_and_a_session_that_ended_change_nothing(desk: Desk) -> None:
    with pytest.raises(NoSession):
        sessions(desk, "jisr_a token")
    with pytest.raises(NoSession):
        change(desk, "jisr_a token", code="000000")
    mine = desk.sign_in()
    desk.passed += STEP
    code = desk.code()
    disable_operator("Hawa", actor=TESTER, storage=desk.storage, clock=desk)
    with pytest.raises(Unauthenticated, match="has ended"):
        change(desk, mine, code=code)

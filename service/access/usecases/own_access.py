"""What operators do about their own access: see and end their sessions, change their password."""

from dataclasses import dataclass
from uuid import UUID

from service.access.domain.operators import Session
from service.access.errors import NoSuchSession, Unauthenticated
from service.access.ports import AccessUnit
from service.access.steps.opening import SessionLimits
from service.access.steps.own_session import owner_of, session_of
from service.access.steps.passwords import hash_password, is_password, require_hard_to_guess
from service.access.steps.second_factor import step_of
from service.audit.domain.actions import Action
from service.audit.domain.entries import Target
from service.kit.actor import Actor
from service.kit.clock import Clock
from service.kit.errors import MalformedRequest
from service.kit.unit import Storage

WRONG = "password or code is wrong, or too many wrong ones came and the name is locked for a while"


@dataclass(frozen=True, slots=True)
class OwnSession:
    """current: the one that the request came with."""

    session: Session
    current: bool


@dataclass(frozen=True, slots=True)
class NewPassword:
    """former: the password that counts until then. code: of the authenticator app."""

    former: str
    password: str
    code: str


def list_sessions(
    bearer: str, *, actor: Actor, storage: Storage[AccessUnit], clock: Clock, limits: SessionLimits
) -> list[OwnSession]:
    """Those of whose session it is that last, in the order they were opened. Raises NoSession."""
    with storage.read() as uow:
        now = clock.now()
        own = session_of(bearer, uow, now)
        uow.audit.note(actor, Action.SESSION_LIST)
        found = uow.sessions.open_of(own.operator_key)
        return [OwnSession(one, one.key == own.key) for one in found if one.lasts(now, limits.idle)]


def end_session(session_id: UUID, bearer: str, *, actor: Actor, storage: Storage[AccessUnit], clock: Clock) -> None:
    """End one session of the operator's own. Raises NoSuchSession, SignInTooOld, NoSession, Unauthenticated."""
    with storage.write() as uow:
        one, _ = owner_of(bearer, uow, clock.now())
        mine = {each.id: each for each in uow.sessions.open_of(one.key)}
        if session_id not in mine:
            raise NoSuchSession(f"you have no session {session_id} that lasts")
        mine[session_id].closed_at = clock.now()
        uow.audit.note(actor, Action.SESSION_END, Target("session", str(session_id)))
        uow.commit()


def end_other_sessions(bearer: str, *, actor: Actor, storage: Storage[AccessUnit], clock: Clock) -> None:
    """End all sessions of the operator but this one. Raises SignInTooOld, NoSession, Unauthenticated."""
    with storage.write() as uow:
        one, session = owner_of(bearer, uow, clock.now())
        uow.sessions.close_all(one.key, clock.now(), but=session.key)
        uow.audit.note(actor, Action.SESSION_END)
        uow.commit()


def change_password(
    sent: NewPassword, bearer: str, *, actor: Actor, storage: Storage[AccessUnit], clock: Clock
) -> None:
    """Take another password, by the former one and a code of the app; all other sessions of the operator end.

    A wrong try counts as one at signing in. Raises MalformedRequest for the new password, Unauthenticated, NoSession,
    SignInBusy.
    """
    with storage.read() as uow:
        known = uow.operators.by_key(session_of(bearer, uow, clock.now()).operator_key)
        name, kept = known.name, known.password_hash
    require_hard_to_guess(sent.password, name)
    if sent.password == sent.former:
        raise MalformedRequest("this is the password you have", "password")
    right, hashed = is_password(sent.former, kept), hash_password(sent.password)  # slow: outside of transactions
    with storage.write() as uow:
        now = clock.now()
        one, session = owner_of(bearer, uow, now, fresh=False)
        totp = uow.operators.totp_secret(one)
        step = None if totp is None or one.locked(now) else step_of(sent.code, totp, now, one.totp_step)
        if not right or one.password_hash != kept or step is None:
            one.note_failure(now)
            uow.audit.note(actor, Action.SIGN_IN_FAILED, Target("operator", one.name))
            uow.commit()
            raise Unauthenticated(WRONG)
        one.note_success(step)
        one.change_password(hashed)
        uow.sessions.close_all(one.key, now, but=session.key)
        uow.audit.note(actor, Action.PASSWORD_CHANGE, Target("operator", one.name))
        uow.commit()

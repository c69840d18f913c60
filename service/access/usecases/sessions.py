"""Signing in with a password and a second factor, and out."""

from dataclasses import dataclass

from service.access.domain import hash_secret
from service.access.domain.operators import Operator, OperatorState
from service.access.domain.tokens import USE_NOTED_EVERY
from service.access.errors import NoSession, Unauthenticated
from service.access.ports import AccessUnit
from service.access.steps.opening import OpenedSession, SessionLimits, SignedInBy, open_for
from service.access.steps.passwords import is_password
from service.access.steps.scope import scoped
from service.access.steps.second_factor import step_of
from service.audit.domain.actions import Action
from service.audit.domain.entries import Target
from service.kit.actor import Actor
from service.kit.clock import Clock
from service.kit.unit import Storage

REFUSED = "name, password or code is wrong, or too many wrong ones came and the name is locked for a while"
"""One sentence for all, so that it does not show which of them is right."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """code: of the authenticator app."""

    name: str
    password: str
    code: str


def open_session(
    sent: Credentials, *, actor: Actor, storage: Storage[AccessUnit], clock: Clock, limits: SessionLimits
) -> OpenedSession:
    """Sign in. Raises SignInBusy, or Unauthenticated, having noted the failure of an operator who exists."""
    with storage.read() as uow:
        known = uow.operators.by_name(sent.name)
    right = is_password(sent.password, None if known is None else known.password_hash)  # slow: outside of transactions
    if known is None:
        raise Unauthenticated(REFUSED)
    now = clock.now()
    with storage.write() as uow:
        one = uow.operators.for_change(sent.name)
        same = one is not None and one.password_hash == known.password_hash
        if one is None or one.state is not OperatorState.ACTIVE or one.locked(now):
            raise Unauthenticated(REFUSED)
        totp = uow.operators.totp_secret(one)
        step = step_of(sent.code, totp, now, one.totp_step) if totp else None
        if not right or not same or step is None:
            one.note_failure(now)
            uow.audit.note(actor, Action.SIGN_IN_FAILED, Target("operator", one.name))
            uow.commit()
            raise Unauthenticated(REFUSED)
        one.note_success(step)
        opened = open_for(one, SignedInBy.PASSWORD, uow, actor=actor, now=now, limits=limits)
        uow.commit()
    return opened


def resume(
    secret: str,
    *,
    channel: str,
    request_id: str,
    storage: Storage[AccessUnit],
    clock: Clock,
    limits: SessionLimits,
    sites_see_everyone: bool = False,
    address: str | None = None,
) -> Actor:
    """Who calls with this session. Raises Unauthenticated for one that is unknown, idle too long, ended or closed."""
    now = clock.now()
    with storage.read() as uow:
        session = uow.sessions.by_hash(hash_secret(secret))
        one = None if session is None else uow.operators.by_key(session.operator_key)
        if session is None or one is None or not session.lasts(now, limits.idle) or not _active(one):
            raise Unauthenticated("this session is unknown or has ended; sign in again")
        actor = Actor(one.actor_id, one.role, None, channel, request_id, address=address)
        return scoped(actor, one, uow, sites_see_everyone=sites_see_everyone)


def note_session(secret: str, *, actor: Actor, storage: Storage[AccessUnit], clock: Clock) -> None:
    """Keep that a session is in use, to the minute.

    Half of that is enough of a difference: notes come once per minute, and two short of it would be two minutes apart.
    """
    with storage.write() as uow:
        now = clock.now()
        uow.sessions.note_use(hash_secret(secret), now, now - USE_NOTED_EVERY / 2)
        uow.commit()


def close_session(secret: str, *, actor: Actor, storage: Storage[AccessUnit], clock: Clock) -> None:
    """Sign out. Raises NoSession where the bearer is a token."""
    with storage.write() as uow:
        session = uow.sessions.by_hash(hash_secret(secret))
        if session is None:
            raise NoSession("this bearer is a token, which `jisr token revoke` ends")
        session.closed_at = session.closed_at or clock.now()
        uow.audit.note(actor, Action.SESSION_CLOSE)
        uow.commit()


def _active(one: Operator) -> bool:
    return one.state is OperatorState.ACTIVE

"""Whose session a request came with, for what operators do about themselves."""

from datetime import datetime, timedelta

from service.access.domain import hash_secret
from service.access.domain.operators import FRESH, Operator, Session
from service.access.errors import NoSession, SignInTooOld, Unauthenticated
from service.access.ports import AccessUnit


def session_of(bearer: str, uow: AccessUnit, now: datetime, *, fresh: bool = False) -> Session:
    """Raises NoSession where the bearer is a token; SignInTooOld where it has to be fresh and is not."""
    session = uow.sessions.by_hash(hash_secret(bearer))
    if session is None:
        raise NoSession("this bearer is a token; this is for people, who sign in")
    if fresh and now - session.created_at > FRESH:
        minutes = FRESH // timedelta(minutes=1)
        raise SignInTooOld(f"this is done within {minutes} minutes of signing in: sign in again")
    return session


def owner_of(bearer: str, uow: AccessUnit, now: datetime, *, fresh: bool = True) -> tuple[Operator, Session]:
    """Whose session it is, with what they sign in by and their sessions to be changed by nobody else meanwhile.

    Raises Unauthenticated where the session was closed before, by a reset or from another session.
    """
    one = uow.operators.by_key(session_of(bearer, uow, now, fresh=fresh).operator_key)
    locked = uow.operators.for_change(one.name)
    assert locked is one
    session = uow.sessions.by_hash_afresh(hash_secret(bearer))
    if session is None or session.closed_at is not None:
        raise Unauthenticated("this session has ended; sign in again")
    return one, session

"""Opening a session for an operator, by whatever they signed in with."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from service.access.domain import hash_secret
from service.access.domain.operators import MOST_SESSIONS, Operator, Session, acting, new_session_secret
from service.access.ports import AccessUnit
from service.audit.domain.actions import Action
from service.kit.actor import Actor


class SignedInBy(StrEnum):
    """What the audit states of a session."""

    PASSWORD = "password"  # noqa: S105 no secret
    OPENID = "openid"
    PASSKEY = "passkey"


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """idle: without use, after which a session ends. whole: after which it ends whatever its use."""

    idle: timedelta
    whole: timedelta


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """secret: what the client sends as bearer."""

    secret: str
    role: str
    ends_at: datetime


def open_for(
    one: Operator, by: SignedInBy, uow: AccessUnit, *, actor: Actor, now: datetime, limits: SessionLimits
) -> OpenedSession:
    """Once it is known that it is this operator, whose row is locked. The caller commits.

    Of more sessions than an operator may have, those that were not used for longest end.
    """
    secret = new_session_secret()
    lasting = [each for each in uow.sessions.open_of(one.key) if each.lasts(now, limits.idle)]
    for each in sorted(lasting, key=_last_used)[: max(0, len(lasting) + 1 - MOST_SESSIONS)]:
        each.closed_at = now
    session = Session(one.key, hash_secret(secret), now, now, now + limits.whole)
    uow.sessions.add(session)
    uow.audit.note(acting(one, actor), Action.SESSION_OPEN, details={"by": by})
    return OpenedSession(secret, one.role, session.ends_at)


def _last_used(one: Session) -> tuple[datetime, int]:
    return one.seen_at, one.key

"""People who sign in: a password, a second factor, and sessions that end."""

import hashlib
import secrets
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from service.access.domain.identities import Identity
from service.access.domain.roles import AccessRole
from service.kit.actor import Actor, Area
from service.kit.ids import new_uuid

SESSION_PREFIX = "jisr_session_"
SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 128
"""Characters. A second factor is always asked for, so that NIST SP 800-63B-4 would take eight."""
CODE_LASTS = timedelta(hours=24)
MOST_SESSIONS = 5
"""Of one operator at a time; signing in once more ends the one that was not used for longest."""
FRESH = timedelta(minutes=10)
"""Since signing in, for what changes how an operator signs in: a session that was stolen shall not last by it."""
MOST_FAILURES = 5
"""In a row; then nobody signs in under the name for LOCKED_FOR, also with the right password."""
LOCKED_FOR = timedelta(minutes=15)
TOTP_SECONDS = 30
"""RFC 6238. A code counts in the step before and after too, for clocks that differ."""


class OperatorState(StrEnum):
    """invited: has a one-time code, and has not used it, nor signed in by an issuer."""

    INVITED = "invited"
    ACTIVE = "active"
    DISABLED = "disabled"


@dataclass(eq=False)
class Operator:
    """site: the one whose enrolments and people they see; area: all that lie in it; neither: all. code_sha256: of a
    one-time code, until code_until. totp_sealed: the secret of the second factor, which `Operators.totp_secret` opens.
    totp_step: the last that was used; none counts twice. failures: in a row. oidc_issuer, oidc_subject: who they are at
    an issuer.
    """

    name: str
    role: AccessRole
    site: str | None
    created_at: datetime
    password_hash: str | None = None
    totp_sealed: bytes | None = None
    totp_step: int = 0
    failures: int = 0
    locked_until: datetime | None = None
    code_sha256: str | None = None
    code_until: datetime | None = None
    disabled_at: datetime | None = None
    oidc_issuer: str | None = None
    oidc_subject: str | None = None
    area: str | None = None
    id: UUID = field(default_factory=new_uuid)
    key: int = field(init=False)

    @property
    def actor_id(self) -> str:
        """What they do is recorded under this: names are never given twice."""
        return f"operator:{self.name}"

    @property
    def state(self) -> OperatorState:
        if self.disabled_at is not None:
            return OperatorState.DISABLED
        known = self.password_hash is not None or self.oidc_subject is not None
        return OperatorState.ACTIVE if known else OperatorState.INVITED

    def invite(self, code: str, now: datetime) -> None:
        """Let them choose a password and a second factor, by this code; the ones before count no more."""
        self.password_hash = self.totp_sealed = self.locked_until = None
        self.failures = 0
        self.code_sha256, self.code_until = hash_code(code), now + CODE_LASTS

    def accepts(self, code: str, now: datetime) -> bool:
        """Whether this is their one-time code, and still counts."""
        good = self.code_sha256 is not None and secrets.compare_digest(self.code_sha256, hash_code(code))
        return good and self.disabled_at is None and self.code_until is not None and now < self.code_until

    def change_password(self, password_hash: str) -> None:
        self.password_hash = password_hash

    def activate(self, password_hash: str) -> None:
        """The code is used up. The second factor is a new one: `Operators.keep_totp_secret`."""
        self.password_hash, self.totp_step = password_hash, 0
        self.code_sha256 = self.code_until = None

    def bind(self, identity: Identity) -> None:
        self.oidc_issuer, self.oidc_subject = identity.issuer, identity.subject

    def forget_identity(self) -> None:
        """Who an issuer knows them as may be named anew."""
        self.oidc_issuer = self.oidc_subject = None

    def is_identity(self, identity: Identity) -> bool:
        return (self.oidc_issuer, self.oidc_subject) == (identity.issuer, identity.subject)

    def locked(self, now: datetime) -> bool:
        return self.locked_until is not None and now < self.locked_until

    def note_failure(self, now: datetime) -> None:
        """The last of MOST_FAILURES in a row locks the name."""
        self.failures += 1
        if self.failures >= MOST_FAILURES:
            self.failures, self.locked_until = 0, now + LOCKED_FOR

    def note_success(self, totp_step: int) -> None:
        self.failures, self.locked_until, self.totp_step = 0, None, totp_step


@dataclass(eq=False)
class Session:
    """One sign-in. seen_at: its last use, to the minute. ends_at: whatever its use."""

    operator_key: int
    sha256: str
    created_at: datetime
    seen_at: datetime
    ends_at: datetime
    closed_at: datetime | None = None
    id: UUID = field(default_factory=new_uuid)
    key: int = field(init=False)

    def lasts(self, now: datetime, idle: timedelta) -> bool:
        return self.closed_at is None and now < self.ends_at and now - self.seen_at < idle


def acting(one: Operator, caller: Actor) -> Actor:
    """The caller, once it is known that it is this operator; for the audit: it reads nothing."""
    area = None if one.area is None else Area(one.area, frozenset())
    return replace(caller, id=one.actor_id, role=one.role, site=one.site, area=area)


def new_session_secret() -> str:
    """What the client sends as bearer."""
    return SESSION_PREFIX + secrets.token_urlsafe(32)


def new_code() -> str:
    """120 random bits in letters and digits that are told apart easily, for a person to type."""
    drawn = "".join(secrets.choice("ABCDEFGHJKLMNPQRSTUVWXYZ23456789") for _ in range(24))
    return "-".join(drawn[n : n + 4] for n in range(0, 24, 4))


def hash_code(code: str) -> str:
    """Hyphens, spaces and capitals do not matter. A plain hash is enough: the code is random and ends soon."""
    typed = "".join(code.split()).replace("-", "").upper()
    return hashlib.sha256(typed.encode()).hexdigest()

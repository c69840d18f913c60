"""Bearer tokens, kept only as hashes: where they may be used, and until when."""

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from service.access.domain.roles import AccessRole

PREFIX = "jisr_"
LIFETIME = timedelta(days=365)
"""Of a token, unless another is asked for: once per year somebody looks whether it is still needed."""
OVERLAP = timedelta(hours=24)
"""In which a secret that was replaced still signs in, unless another is asked for."""
LONGEST_OVERLAP = timedelta(days=30)
USE_NOTED_EVERY = timedelta(minutes=1)
"""The last use is kept to this; a write for each request would cost more than the request."""
_ACTOR = "token:"


class TokenState(StrEnum):
    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(eq=False)
class Token:
    """site: the one whose enrolments it makes and sees; area: all that lie in it. device: the one it enrols with.

    None: any, also of expires_at. previous_sha256: of the secret before, which signs in until previous_until.
    """

    name: str
    role: AccessRole
    sha256: str
    created_at: datetime
    revoked_at: datetime | None = None
    site: str | None = None
    device: str | None = None
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    previous_sha256: str | None = None
    previous_until: datetime | None = None
    area: str | None = None
    key: int = field(init=False)

    @property
    def actor_id(self) -> str:
        """What actions with this token are recorded under: names are never given twice."""
        return _ACTOR + self.name

    def state(self, now: datetime) -> TokenState:
        if self.revoked_at is not None:
            return TokenState.REVOKED
        expired = self.expires_at is not None and now >= self.expires_at
        return TokenState.EXPIRED if expired else TokenState.ACTIVE

    def knows(self, sha256: str, now: datetime) -> bool:
        """Whether this is the hash of its secret, or of the one before while that still counts."""
        if sha256 == self.sha256:
            return True
        return sha256 == self.previous_sha256 and self.previous_until is not None and now < self.previous_until

    def rotate(self, sha256: str, now: datetime, overlap: timedelta, expires_at: datetime | None) -> None:
        """Replace the secret. The one before counts for the overlap, and not beyond its own end."""
        until = now + overlap
        self.previous_until = until if self.expires_at is None else min(until, self.expires_at)
        self.previous_sha256, self.sha256, self.expires_at = self.sha256, sha256, expires_at


def token_name(actor_id: str) -> str | None:
    """The name of the token behind an actor; None where no token is."""
    return actor_id.removeprefix(_ACTOR) if actor_id.startswith(_ACTOR) else None


def new_secret() -> str:
    """What the client sends as bearer: 256 random bits behind a prefix that secret scanners can find."""
    return PREFIX + secrets.token_urlsafe(32)


def hash_secret(secret: str) -> str:
    """A plain hash is enough: the secret is random, not a password."""
    return hashlib.sha256(secret.encode()).hexdigest()

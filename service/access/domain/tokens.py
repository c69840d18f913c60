"""Bearer tokens, kept only as hashes."""

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime

from service.access.domain.roles import AccessRole

PREFIX = "jisr_"


@dataclass(eq=False)
class Token:
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
    key: int = field(init=False)

    @property
    def actor_id(self) -> str:
        """What actions with this token are recorded under: names are never given twice."""
        return f"token:{self.name}"


def new_secret() -> str:
    """What the client sends as bearer: 256 random bits behind a prefix that secret scanners can find."""
    return PREFIX + secrets.token_urlsafe(32)


def hash_secret(secret: str) -> str:
    """A plain hash is enough: the secret is random, not a password."""
    return hashlib.sha256(secret.encode()).hexdigest()

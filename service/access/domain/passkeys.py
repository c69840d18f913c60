"""Passkeys: keys of an operator that an authenticator holds, and uses only once it has verified who holds it."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from service.kit.ids import new_uuid

MOST = 10
"""Of one operator."""
LONGEST_CREDENTIAL_ID = 1023
"""Bytes (W3C Web Authentication 3, 5.1)."""


@dataclass(frozen=True, slots=True)
class NewCredential:
    """What an authenticator made. public_key: in COSE. sign_count: how often it signed, 0 where it does not count."""

    credential_id: bytes
    public_key: bytes
    sign_count: int


@dataclass(eq=False)
class Passkey:
    """name: by which the operator tells theirs apart."""

    operator_key: int
    name: str
    credential_id: bytes
    public_key: bytes
    sign_count: int
    created_at: datetime
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None
    id: UUID = field(default_factory=new_uuid)
    key: int = field(init=False)

    def note_use(self, sign_count: int, at: datetime) -> None:
        self.sign_count, self.last_used_at = sign_count, at

"""Passwords, kept as Argon2id."""

import threading
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
"""OWASP Password Storage Cheat Sheet, Argon2id: 19 MiB, two passes, one thread."""
_AT_ONCE = threading.BoundedSemaphore(4)
"""Each takes 19 MiB; further ones wait."""
_NOBODYS = _HASHER.hash("the password of no one")


def hash_password(password: str) -> str:
    with _AT_ONCE:
        return _HASHER.hash(_normal(password))


def is_password(password: str, kept: str | None) -> bool:
    """Takes as long where there is nothing to compare with, so that time does not show who has a password."""
    with _AT_ONCE:
        try:
            good = _HASHER.verify(_NOBODYS if kept is None else kept, _normal(password))
        except (VerificationError, InvalidHashError):
            return False
    return good and kept is not None


def _normal(password: str) -> str:
    """The same from every keyboard (NIST SP 800-63B)."""
    return unicodedata.normalize("NFKC", password)

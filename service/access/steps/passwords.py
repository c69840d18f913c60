"""Passwords, kept as Argon2id."""

import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from service.access.errors import SignInBusy

_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
"""OWASP Password Storage Cheat Sheet, Argon2id: 19 MiB, two passes, one thread."""
_AT_ONCE = threading.BoundedSemaphore(4)
"""Each takes 19 MiB. Further ones are refused: if they waited, they would hold the threads that answer others."""
_NOBODYS = _HASHER.hash("the password of no one")


def hash_password(password: str) -> str:
    """Raises SignInBusy."""
    with _turn():
        return _HASHER.hash(_normal(password))


def is_password(password: str, kept: str | None) -> bool:
    """Takes as long where there is nothing to compare with, so that time does not show who has a password.

    Raises SignInBusy.
    """
    with _turn():
        try:
            good = _HASHER.verify(_NOBODYS if kept is None else kept, _normal(password))
        except (VerificationError, InvalidHashError):
            return False
    return good and kept is not None


@contextmanager
def _turn() -> Iterator[None]:
    if not _AT_ONCE.acquire(blocking=False):
        raise SignInBusy("others sign in at this moment; try again in a second")
    try:
        yield
    finally:
        _AT_ONCE.release()


def _normal(password: str) -> str:
    """The same from every keyboard (NIST SP 800-63B)."""
    return unicodedata.normalize("NFKC", password)

"""Passwords, kept as Argon2id."""

import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn import zxcvbn

from service.access.domain.operators import LONGEST_PASSWORD, SHORTEST_PASSWORD
from service.access.errors import SignInBusy
from service.kit.errors import MalformedRequest

_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
"""OWASP Password Storage Cheat Sheet, Argon2id: 19 MiB, two passes, one thread."""
_AT_ONCE = threading.BoundedSemaphore(4)
"""Each takes 19 MiB. Further ones are refused: if they waited, they would hold the threads that answer others."""
_HARD = 3
"""Of zxcvbn's 0 to 4: more than 10^8 guesses (D. Wheeler, "zxcvbn: low-budget password strength estimation", 2016)."""
_READ = 72
"""Characters that zxcvbn is given: its time grows with their square, and what follows only makes guessing harder."""
_OF_HERE = (
    "jisr",
    "جسر",
    "registre",
    "social",
    "registry",
    "السجل",
    "الاجتماعي",
    "djibouti",
    "maroc",
    "morocco",
    "tchad",
)
"""Words that whoever guesses would try here first."""
_ONE_AT_A_TIME = threading.Lock()
"""zxcvbn keeps the words it is given in a table of the whole process."""
_NOBODYS = _HASHER.hash("the password of no one")


def require_hard_to_guess(password: str, name: str) -> None:
    """Raise MalformedRequest for a password that is too short, too long, or found early by who tries common ones.

    name: the operator's, which is no secret.
    """
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise MalformedRequest(f"a password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters", "password")
    words = [*_OF_HERE, name, *name.split()]
    with _ONE_AT_A_TIME:
        found = zxcvbn(_normal(password)[:_READ], words)
    if found["score"] < _HARD:
        raise MalformedRequest(
            "this password is guessed too easily: it is a common one, a name, a date or a pattern; several words that"
            " do not belong together are harder to guess",
            "password",
        )


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

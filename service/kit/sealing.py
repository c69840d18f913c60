"""Sealed bytes: AES-256-GCM under a data key, bound to the place they are kept in.

`MAGIC | data key's ID, 16 bytes | nonce, 12 bytes | ciphertext | tag, 16 bytes`. The header and the place are
associated data, so that sealed bytes open nowhere else.

`cryptography` is used, not `tink`: with a key per owner almost every call opens another key, which costs 5 µs here and
60 to 90 µs as a keyset of tink.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol
from uuid import UUID, uuid4

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from service.kit.errors import SealBroken

MAGIC = b"JSR\x01"
"""The last byte is the version of the form."""
KEY_BYTES, _ID, _NONCE = 32, 16, 12
_HEADER = len(MAGIC) + _ID
OVERHEAD = _HEADER + _NONCE + 16


class KeyClass(StrEnum):
    """What a data key seals: what is kept for one period has one class."""

    CAPTURE = "capture"
    TEMPLATE = "template"
    PERSON = "person"
    NOTE = "note"
    SNAPSHOT = "snapshot"
    OPERATOR = "operator"
    SEARCH = "search"


@dataclass(frozen=True, slots=True)
class DataKey:
    """Of one owner, as `enrolment/UUID`. Destroyed with its row, it takes along all that it sealed."""

    id: UUID
    owner: str
    kind: KeyClass
    secret: bytes = field(repr=False)

    def seal(self, content: bytes, place: str) -> bytes:
        """place: record, kind and field, such as `person/UUID/personal`."""
        header = MAGIC + self.id.bytes
        return header + encrypt(self.secret, content, header + place.encode())


class Opener(Protocol):
    def open(self, sealed: bytes, place: str) -> bytes:
        """What was sealed for this place. Raises SealBroken."""


def new_key(owner: str, kind: KeyClass) -> DataKey:
    """A fresh key, which no table holds yet."""
    return DataKey(uuid4(), owner, kind, new_secret())


def new_secret() -> bytes:
    return os.urandom(KEY_BYTES)


def is_sealed(content: bytes) -> bool:
    return content.startswith(MAGIC)


def key_of(sealed: bytes) -> UUID:
    """The ID of the data key that sealed this. Raises SealBroken."""
    return UUID(bytes=key_bytes_of(sealed))


def key_bytes_of(sealed: bytes) -> bytes:
    """The same as 16 bytes, which thousands are compared by quicker. Raises SealBroken."""
    if not is_sealed(sealed) or len(sealed) < OVERHEAD:
        raise SealBroken("these bytes are not sealed")
    return bytes(sealed[len(MAGIC) : _HEADER])


def open_with(secret: bytes, sealed: bytes, place: str) -> bytes:
    """Raises SealBroken."""
    return opener(secret)(sealed, place)


def opener(secret: bytes) -> Callable[[bytes, str], bytes]:
    """Opens what this key sealed, given the sealed bytes and their place. Setting a key up costs more than opening."""
    unwrap = unwrapper(secret)
    return lambda sealed, place: unwrap(sealed[_HEADER:], sealed[:_HEADER] + place.encode())


def encrypt(secret: bytes, content: bytes, bound_to: bytes) -> bytes:
    """`nonce | ciphertext | tag`."""
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(secret).encrypt(nonce, content, bound_to)


def decrypt(secret: bytes, sealed: bytes, bound_to: bytes) -> bytes:
    """Raises SealBroken."""
    return unwrapper(secret)(sealed, bound_to)


def unwrapper(secret: bytes) -> Callable[[bytes, bytes], bytes]:
    """`decrypt` with a key that is set up once."""
    cipher = AESGCM(secret)

    def unwrap(sealed: bytes, bound_to: bytes) -> bytes:
        try:
            return cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], bound_to)
        except (InvalidTag, ValueError):
            raise SealBroken("sealed bytes do not open: they were altered or moved, or the key is another") from None

    return unwrap

"""Key-encryption keys in a token of PKCS#11 (OASIS, version 2.40): a hardware security module, or SoftHSM.

The keys are made in the token and never leave it: secrets go in and come out wrapped (AES-256-GCM).
"""

import os
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

import pkcs11
from pkcs11 import Attribute, GCMParams, KeyType, Mechanism, ObjectClass

from service.kit.errors import KeysUnusable

LABEL = "jisr key-encryption key"
_NONCE = 12


class TokenKeys:
    """module: the vendor's library. token: its label. pin: of its user. Fills `kit.keys.KeyEncryption`.

    One session serves all threads in turn: wrapping takes microseconds in a token of this machine.
    """

    def __init__(self, module: Path, token: str, pin: str) -> None:
        self._where = f"the token {token!r} of {module}"
        self._lock = Lock()
        self._open: Callable[[], Any] = lambda: (
            pkcs11.lib(str(module)).get_token(token_label=token).open(rw=True, user_pin=pin)
        )
        self._kept: Any = None
        with self._in_our_words():
            self._session  # noqa: B018 a token that is not there is named at start

    def ids(self) -> Sequence[str]:
        """IDs begin with the time of their making, so that the newest is the greatest."""
        with self._in_our_words():
            return sorted((one.id.hex() for one in self._all()), reverse=True)

    def make(self) -> str:
        key_id = int(time.time() * 1000).to_bytes(6, "big") + secrets.token_bytes(2)
        with self._in_our_words():
            self._session.generate_key(
                KeyType.AES,
                256,
                id=key_id,
                label=LABEL,
                store=True,
                template={Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False, Attribute.MODIFIABLE: False},
            )
        return key_id.hex()

    def wrap(self, key_id: str, secret: bytes, bound_to: str) -> bytes:
        """`nonce | ciphertext | tag`."""
        nonce = os.urandom(_NONCE)
        with self._in_our_words():
            key = self._key(key_id)
            return nonce + bytes(
                key.encrypt(secret, mechanism=Mechanism.AES_GCM, mechanism_param=GCMParams(nonce, bound_to.encode()))
            )

    def unwrap(self, key_id: str, wrapped: bytes, bound_to: str) -> bytes:
        with self._in_our_words():
            key = self._key(key_id)
            parameters = GCMParams(wrapped[:_NONCE], bound_to.encode())
            try:
                return bytes(key.decrypt(wrapped[_NONCE:], mechanism=Mechanism.AES_GCM, mechanism_param=parameters))
            except (pkcs11.EncryptedDataInvalid, pkcs11.EncryptedDataLenRange, pkcs11.GeneralError):
                raise KeysUnusable(
                    f"the wrapped key of {bound_to} was altered: restore the database from its copy"
                ) from None

    @property
    def _session(self) -> Any:
        if self._kept is None:
            self._kept = self._open()
        return self._kept

    def keep_only(self, key_id: str) -> None:
        with self._in_our_words():
            self._key(key_id)  # the others stay where it is not there
            for one in list(self._all()):
                if one.id.hex() != key_id:
                    one.destroy()

    def _all(self) -> Iterator[Any]:
        yield from self._session.get_objects({Attribute.CLASS: ObjectClass.SECRET_KEY, Attribute.LABEL: LABEL})

    def _key(self, key_id: str) -> Any:
        wanted = {Attribute.CLASS: ObjectClass.SECRET_KEY, Attribute.LABEL: LABEL, Attribute.ID: bytes.fromhex(key_id)}
        for found in self._session.get_objects(wanted):
            return found
        raise KeysUnusable(
            f"the key-encryption key {key_id} of this registry is not in {self._where}: restore the token from its "
            "copy; without it nothing sealed can be read"
        )

    @contextmanager
    def _in_our_words(self) -> Iterator[None]:
        with self._lock:
            try:
                yield
            except pkcs11.NoSuchToken:
                raise KeysUnusable(f"{self._where} is not there") from None
            except pkcs11.PinIncorrect:
                raise KeysUnusable(f"{self._where} refuses the PIN of JISR_PKCS11_PIN") from None
            except (pkcs11.PKCS11Error, RuntimeError) as error:
                self._kept = None  # a session that was dropped is opened anew by the next call
                raise KeysUnusable(f"{self._where} does not answer: {type(error).__name__} {error}".strip()) from None

"""Key-encryption keys: in a file, or in the environment. A key-management service fills the same port."""

import base64
import binascii
import fcntl
import hashlib
import os
import secrets
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol
from uuid import UUID

from service.kit.errors import KeysUnusable, SealBroken
from service.kit.sealing import KEY_BYTES, DataKey, KeyClass, decrypt, encrypt, new_secret


class KeyEncryption(Protocol):
    """Wraps keys under keys that need not leave it. Every method raises KeysUnusable."""

    def ids(self) -> Sequence[str]:
        """Of the keys held, the current first; empty before the first start."""

    def make(self) -> str:
        """Make a key, the current one from now on. Returned is its ID, once the key is durable."""

    def wrap(self, key_id: str, secret: bytes, bound_to: str) -> bytes: ...
    def unwrap(self, key_id: str, wrapped: bytes, bound_to: str) -> bytes: ...
    def keep_only(self, key_id: str) -> None:
        """Forget all other keys: nothing is wrapped under them any more."""


class DataKeys(Protocol):
    """The data keys, as a transaction sees them."""

    def add(self, one: DataKey) -> None:
        """Keep a new key, wrapped, with this transaction."""

    def of_owner(self, owner: str, kind: KeyClass) -> DataKey:
        """The owner's key of this class, made where there is none."""

    def ids_of(self, owners: Sequence[str], kind: KeyClass | None = None) -> Sequence[UUID]:
        """The keys of these owners, of one class or of all."""

    def left_of(self, key_ids: Sequence[UUID]) -> Sequence[UUID]:
        """Those of these keys that are not destroyed."""

    def destroy(self, owners: Sequence[str], kind: KeyClass | None = None) -> int:
        """Destroy the keys of these owners, of one class or of all, and with them all that they sealed; how many."""

    def destroy_spent(self, before: str) -> Sequence[str]:
        """Destroy the keys of classes and months under which no key of an owner is left; which, as `capture 2026-01`.

        before: a month, as `2026-02`: only those of earlier ones, under which no new key comes.
        """

    def open(self, sealed: bytes, place: str) -> bytes:
        """Raises SealBroken."""

    def destroy_others(self, kind: KeyClass, kept: Collection[UUID]) -> int:
        """Destroy all keys of a class but these; how many."""


class HeldKeys:
    """Keys in memory; `JISR_KEY` gives them. keys: the current first."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = {_id_of(one): one for one in keys}

    def ids(self) -> Sequence[str]:
        return list(self._keys)

    def make(self) -> str:
        raise KeysUnusable(
            "put a new key before the present one in JISR_KEY, separated by a comma: 32 random bytes in base64, as "
            "`head -c 32 /dev/urandom | base64` writes them"
        )

    def wrap(self, key_id: str, secret: bytes, bound_to: str) -> bytes:
        return encrypt(self._key(key_id), secret, bound_to.encode())

    def unwrap(self, key_id: str, wrapped: bytes, bound_to: str) -> bytes:
        try:
            return decrypt(self._key(key_id), wrapped, bound_to.encode())
        except SealBroken:
            raise KeysUnusable(
                f"the wrapped key of {bound_to} was altered: restore the database from its copy"
            ) from None

    def keep_only(self, key_id: str) -> None:
        """JISR_KEY is the operator's to change."""

    def _key(self, key_id: str) -> bytes:
        if key_id not in self._keys:
            raise KeysUnusable(
                f"the key-encryption key {key_id} of this registry is not in {self._where()}: restore its copy; "
                "without it nothing sealed can be read"
            )
        return self._keys[key_id]

    def _where(self) -> str:
        return "JISR_KEY"


class FileKeys(HeldKeys):
    """One key per line, in base64, the current first. The file is its owner's alone (0600).

    Read anew where a key is missing: another process may have rotated them.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        super().__init__(self._read())

    def ids(self) -> Sequence[str]:
        if not self._keys:
            self._take(self._read())
        return super().ids()

    def make(self) -> str:
        """The first of several processes makes the first key; the others find it."""
        with self._locked():
            found = self._read()
            if not self._keys and found:
                self._take(found)
            else:
                self._write([new_secret(), *found])
        return self.ids()[0]

    def keep_only(self, key_id: str) -> None:
        """A file that lacks this key stays as it is. Raises KeysUnusable."""
        with self._locked():
            kept = [one for one in self._read() if _id_of(one) == key_id]
            if not kept:
                raise KeysUnusable(f"the key-encryption key {key_id} is not in {self._where()}: restore its copy")
            self._write(kept)

    def _key(self, key_id: str) -> bytes:
        if key_id not in self._keys:
            self._take(self._read())
        return super()._key(key_id)

    def _where(self) -> str:
        return str(self._path.absolute())

    def _take(self, keys: Sequence[bytes]) -> None:
        self._keys = {_id_of(one): one for one in keys}

    def _read(self) -> Sequence[bytes]:
        try:
            mode = self._path.stat().st_mode
            text = self._path.read_text(encoding="ascii", errors="replace")
        except FileNotFoundError:
            return []
        except OSError as error:
            raise KeysUnusable(f"{self._where()} cannot be read: {error.strerror}") from None
        if mode & 0o077:
            raise KeysUnusable(f"{self._where()} can be read by others: run `chmod 600 {self._where()}`")
        return keys_in(text, self._where())

    def _write(self, keys: Sequence[bytes]) -> None:
        """Atomically: a reader sees the old or the new file."""
        partial = self._path.with_name(f"{self._path.name}.{secrets.token_hex(8)}.part")
        try:
            with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.writelines(f"{_text_of(one)}\n" for one in keys)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(self._path)
            _sync(self._path.parent)
        except OSError as error:
            with suppress(OSError):
                partial.unlink(missing_ok=True)
            raise KeysUnusable(f"{self._where()} cannot be written: {error.strerror}") from None
        self._take(keys)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = os.open(self._path.with_name(f"{self._path.name}.lock"), os.O_WRONLY | os.O_CREAT, 0o600)
        except OSError as error:
            raise KeysUnusable(f"{self._where()} cannot be written: {error.strerror}") from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)


def keys_in(text: str, where: str) -> Sequence[bytes]:
    """Keys in base64, separated by commas or space. Raises KeysUnusable."""
    try:
        keys = [base64.b64decode(one, validate=True) for one in text.replace(",", " ").split()]
    except binascii.Error:
        keys = [b""]
    if any(len(one) != KEY_BYTES for one in keys):
        raise KeysUnusable(f"{where} holds something that is no key: each is {KEY_BYTES} bytes in base64")
    return keys


Progress = Callable[[int, int], None]
"""Called with how many are done, of how many."""


def _id_of(key: bytes) -> str:
    """Shows nothing of the key."""
    return hashlib.sha256(b"jisr key-encryption key" + key).hexdigest()[:16]


def _text_of(key: bytes) -> str:
    return base64.b64encode(key).decode()


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

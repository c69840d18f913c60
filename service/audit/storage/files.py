"""The key that signs checkpoints, and copies of checkpoints: files outside the database."""

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from service.audit.domain.checkpoints import number_of
from service.audit.errors import CheckpointsBroken

KEY, PUBLIC_KEY, CHECKPOINTS = "signing.key", "signing.pub", "checkpoints.jsonl"
BLOCK = 65536
"""Bytes read of the end of a file: some checkpoints."""


class KeyFile:
    """An Ed25519 key in PEM, readable by its owner alone, and its public half beside it in hex."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key

    @property
    def public_key(self) -> str:
        return self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()

    def sign(self, statement: str) -> str:
        return self._key.sign(statement.encode()).hex()


def read_key(folder: Path) -> KeyFile | None:
    """The key in a folder; None where there is none. Raises CheckpointsBroken for a file that is no such key."""
    try:
        key = load_pem_private_key((folder / KEY).read_bytes(), None)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        raise CheckpointsBroken(f"{folder / KEY} is no readable key: {type(error).__name__}") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise CheckpointsBroken(f"{folder / KEY} is no Ed25519 key")
    return KeyFile(key)


def make_key(folder: Path) -> KeyFile:
    """A new key, or the one that another process made meanwhile. It appears whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = Ed25519PrivateKey.generate()
    part = folder / f"{KEY}.{os.getpid()}.part"
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        file.write(made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        file.flush()
        os.fsync(file.fileno())
    with suppress(FileExistsError):
        (folder / KEY).hardlink_to(part)
    part.unlink()
    found = read_key(folder)
    assert found is not None
    (folder / PUBLIC_KEY).write_text(found.public_key + "\n", encoding="ascii")
    return found


def public_key_in(folder: Path) -> str | None:
    """By the key itself, or by its public half where only that is there, as an auditor has it."""
    found = read_key(folder)
    if found is not None:
        return found.public_key
    with suppress(FileNotFoundError):
        return (folder / PUBLIC_KEY).read_text(encoding="ascii").strip()
    return None


class CopyFile:
    """Checkpoints, or other signed statements, as lines of JSON. A line left unfinished by a crash is written again."""

    def __init__(self, folder: Path, file: str = CHECKPOINTS) -> None:
        self._path = folder / file

    @property
    def name(self) -> str:
        return str(self._path)

    def lines(self) -> Sequence[str]:
        try:
            content = self._path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return ()
        return content[: content.rfind("\n") + 1].splitlines()

    def count(self) -> int:
        try:
            last, _ = self._end()
        except FileNotFoundError:
            return 0
        return number_of(last.decode()) if last else 0

    def append(self, lines: Sequence[str]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(self._path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600), "ab") as file:
            self._drop_unfinished(file.fileno())
            file.write("".join(f"{one}\n" for one in lines).encode())
            file.flush()
            os.fsync(file.fileno())

    def _drop_unfinished(self, descriptor: int) -> None:
        _, unfinished = self._end()
        if unfinished:
            os.ftruncate(descriptor, os.fstat(descriptor).st_size - len(unfinished))

    def _end(self) -> tuple[bytes, bytes]:
        """The last whole line, and what a crash left after it. Only the end of the file is read for it."""
        with self._path.open("rb") as file:
            size, block = file.seek(0, os.SEEK_END), BLOCK
            while True:
                start = file.seek(max(0, size - block))
                whole, _, unfinished = file.read(size - start).rpartition(b"\n")
                _, _, last = whole.rpartition(b"\n")
                if start == 0 or len(last) < len(whole):
                    return last, unfinished
                block *= 2

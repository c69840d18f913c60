"""Sealed files of a gallery: AES-256-GCM in blocks, so that each opens alone, where and when it is needed.

`MAGIC | block 0 | tag | block 1 | tag | …`, all blocks of one size, the last as long as what remains. Every file has a
key of its own, which seals nothing else; so a block's number serves as its nonce. Associated data are the form, the
size of blocks and that of the content. So a block opens at its own place of its own file only, and no block of a file
that became shorter or longer opens at all.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import IO, Self

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from numpy.typing import NDArray

from matcher.errors import GalleryDamaged
from matcher.parameters import SEALED_AT_ONCE

MAGIC = b"JSRFILE\x01"
"""The last byte is the version of the form."""
TAG = 16
_KEY_BYTES = 32

Content = NDArray[np.uint8]
"""A file's bytes, opened."""
Pieces = Sequence[memoryview]
"""A file's bytes, one piece after the other."""


@dataclass(frozen=True)
class SealedFile:
    """What opens one file. size: of the content, bytes. block: bytes sealed together.

    sha256: of the file as stored, for `check`; empty where nothing asks for it.
    """

    secret: bytes = field(repr=False)
    size: int
    block: int
    sha256: str = ""

    @classmethod
    def write(cls, path: Path, pieces: Pieces, block: int, *, checked: bool = False) -> Self:
        """Seal the pieces in a new file, its owner's alone. checked: `check` will be asked."""
        one = cls(os.urandom(_KEY_BYTES), sum(map(len, pieces)), block)
        sealed, found = memoryview(bytearray(one.stored)), hashlib.sha256(MAGIC)
        with open(path, "xb", SEALED_AT_ONCE, opener=_owners_alone) as file:
            file.write(MAGIC)
            for number, piece in enumerate(_blocks(pieces, block)):
                length = one._cipher.encrypt_into(_nonce(number), piece, one._bound_to, sealed[: len(piece) + TAG])
                file.write(sealed[:length])
                if checked:
                    found.update(sealed[:length])
        return replace(one, sha256=found.hexdigest()) if checked else one

    @classmethod
    def stated(cls, text: str) -> Self:
        """The reverse of `str`."""
        secret, size, block, sha256 = text.split(" ")
        return cls(bytes.fromhex(secret), int(size), int(block), sha256)

    def __str__(self) -> str:
        """For a manifest, which is sealed itself."""
        return f"{self.secret.hex()} {self.size} {self.block} {self.sha256}"

    @property
    def stored(self) -> int:
        """Bytes of a whole block with its tag."""
        return self.block + TAG

    @property
    def blocks(self) -> int:
        return -(-self.size // self.block)

    def read(self, path: Path) -> Content:
        """All of it. Raises OSError, and GalleryDamaged where anything does not open."""
        content = np.empty(self.size, np.uint8)
        for start, stop, sealed in self._sealed_parts(path):
            self._open_part(sealed, start, content[start * self.block : stop * self.block])
        return content

    def check(self, path: Path) -> None:
        """Raises OSError, and GalleryDamaged where the file is not as it was written.

        In less time than to open many small blocks.
        """
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != self.sha256:
                raise GalleryDamaged("it does not match its checksum")

    def open_blocks(self, sealed: Content, numbers: NDArray[np.int64]) -> Content:
        """Some blocks, each whole: (k × block,); of the last block of the file what is beyond its end is undefined.

        sealed: the whole file. Raises GalleryDamaged where one does not open.
        """
        block, stored, bound_to, decrypt_into = self.block, self.stored, self._bound_to, self._cipher.decrypt_into
        content = np.empty(len(numbers) * block, np.uint8)
        whole, opened = sealed.data[len(MAGIC) :], content.data
        last, rest = self.blocks - 1, self.size - (self.blocks - 1) * block
        at = number = 0
        try:  # nothing is called that need not be: a search opens ten thousand blocks
            for number in numbers.tolist():
                begin, end = number * stored, at + (block if number < last else rest)
                decrypt_into(number.to_bytes(12), whole[begin : begin + stored], bound_to, opened[at:end])
                at += block
        except (InvalidTag, ValueError):
            raise _altered(number) from None
        return content

    def require_size(self, size: int) -> None:
        """Raises GalleryDamaged where a file of this many bytes cannot be this one."""
        if size != len(MAGIC) + self.size + self.blocks * TAG:
            raise GalleryDamaged(f"it has {size} bytes")

    @cached_property
    def _cipher(self) -> AESGCM:
        return AESGCM(self.secret)

    @cached_property
    def _bound_to(self) -> bytes:
        return MAGIC + self.block.to_bytes(8, "big") + self.size.to_bytes(8, "big")

    @property
    def _at_once(self) -> int:
        """Blocks read at a time."""
        return max(min(SEALED_AT_ONCE // self.block, self.blocks), 1)

    def _sealed_parts(self, path: Path) -> Iterator[tuple[int, int, memoryview]]:
        """The blocks from a first to before a last, sealed, in a buffer that the next ones take."""
        buffer = memoryview(bytearray(self._at_once * self.stored))
        with path.open("rb", buffering=0) as file:
            self.require_size(os.fstat(file.fileno()).st_size)
            if file.read(len(MAGIC)) != MAGIC:
                raise GalleryDamaged("it is no sealed file")
            for start in range(0, self.blocks, self._at_once):
                stop = min(start + self._at_once, self.blocks)
                part = buffer[: min(stop * self.block, self.size) - start * self.block + (stop - start) * TAG]
                _fill(file, part)
                yield start, stop, part

    def _open_part(self, sealed: memoryview, first: int, content: Content) -> None:
        opened = content.data
        for at in range(-(-len(content) // self.block)):
            stored = sealed[at * self.stored : (at + 1) * self.stored]
            self._open(first + at, stored, opened[at * self.block : (at + 1) * self.block])

    def _open(self, number: int, sealed: memoryview, content: memoryview) -> None:
        try:
            self._cipher.decrypt_into(_nonce(number), sealed, self._bound_to, content)
        except (InvalidTag, ValueError):
            raise _altered(number) from None


def _altered(number: int) -> GalleryDamaged:
    return GalleryDamaged(f"its block {number} does not open: it was altered or moved")


def _nonce(number: int) -> bytes:
    return number.to_bytes(12)


def _blocks(pieces: Pieces, block: int) -> Iterator[memoryview]:
    """The same bytes in blocks; copied are only those that reach from one piece into the next."""
    held = b""
    for whole in pieces:
        piece = whole
        if held:
            missing = block - len(held)
            held, piece = held + bytes(piece[:missing]), piece[missing:]
            if len(held) < block:
                continue
            yield memoryview(held)
        end = len(piece) - len(piece) % block
        for start in range(0, end, block):
            yield piece[start : start + block]
        held = bytes(piece[end:])
    if held:
        yield memoryview(held)


def _fill(file: IO[bytes], part: memoryview) -> None:
    read = 0
    while read < len(part):
        count = file.readinto(part[read:])  # type: ignore[attr-defined]
        if not count:
            raise GalleryDamaged("it ends early")
        read += count


def _owners_alone(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def write_plain(path: Path, pieces: Pieces) -> None:
    """The same pieces as a plain file, its owner's alone."""
    with open(path, "xb", opener=_owners_alone) as file:
        file.writelines(pieces)

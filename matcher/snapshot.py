"""A gallery on disk: one file, written beside its predecessor and renamed over it, checked whole before it is read.

Layout: `JISRGAL1`, SHA-256 of all that follows (32 bytes), header length (u32), header (JSON, see `Header`), then for
every person key (i64) and number of templates (u16), each with its length (u32) and `packing`'s bytes.
"""

import hashlib
import json
import os
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from matcher.errors import GalleryDamaged, TemplateDamaged
from matcher.packing import template_from_bytes, template_to_bytes
from matcher.types import Template

_MAGIC = b"JISRGAL1"
_LENGTH = struct.Struct("<I")
_PERSON = struct.Struct("<qH")
_DIGEST = hashlib.sha256().digest_size

People = Iterable[tuple[int, Sequence[Template]]]


@dataclass(frozen=True, slots=True)
class Header:
    """sequence: of the last enrolment contained. models: modality → hash of its networks. people: how many follow."""

    sequence: int
    models: Mapping[str, str]
    people: int


def write(path: Path, header: Header, people: People) -> None:
    """Replace `path` whole or, whatever happens meanwhile, not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".unfinished")
    with unfinished.open("wb") as file:
        file.write(_MAGIC + bytes(_DIGEST))
        digest = hashlib.sha256()
        for part in _parts(header, people):
            digest.update(part)
            file.write(part)
        file.seek(len(_MAGIC))
        file.write(digest.digest())
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)  # the renaming itself is on disk only with its folder
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read(path: Path) -> tuple[Header, Iterator[tuple[int, list[Template]]]]:
    """The header and, as they are asked for, the people. The checksum is compared before anything is returned.

    Raises FileNotFoundError, and GalleryDamaged when the file is not what `write` left.
    """
    with path.open("rb") as file:
        magic, stated = file.read(len(_MAGIC)), file.read(_DIGEST)
        if magic != _MAGIC or hashlib.file_digest(file, "sha256").digest() != stated:
            raise GalleryDamaged(f"{path} does not match its checksum")
        file.seek(len(_MAGIC) + _DIGEST)
        header = Header(**json.loads(file.read(*_LENGTH.unpack(file.read(_LENGTH.size)))))
        start = file.tell()
    return header, _people(path, start, header.people)


def _parts(header: Header, people: People) -> Iterator[bytes]:
    encoded = json.dumps(asdict(header)).encode()
    yield _LENGTH.pack(len(encoded)) + encoded
    for key, templates in people:
        yield _PERSON.pack(key, len(templates))
        for template in templates:
            packed = template_to_bytes(template)
            yield _LENGTH.pack(len(packed)) + packed


def _people(path: Path, start: int, count: int) -> Iterator[tuple[int, list[Template]]]:
    with path.open("rb") as file:
        file.seek(start)
        for _ in range(count):
            key, templates = _PERSON.unpack(file.read(_PERSON.size))
            yield key, [_template(file) for _ in range(templates)]


def _template(file: BinaryIO) -> Template:
    (length,) = _LENGTH.unpack(file.read(_LENGTH.size))
    try:
        return template_from_bytes(file.read(length))
    except TemplateDamaged as error:
        raise GalleryDamaged(f"{file.name}: {error}") from error

"""A gallery on disk: a folder of arrays, with a manifest that states the SHA-256 of each file, or what opens it.

The folder is written next to its final path and then renamed; the former one is kept aside until then. Full segments
and blocks never change, so the next snapshot links to the same files instead of writing them again. `manifest.json` is
the hash of its second line, and that line.

With a seal every file is sealed under a key of its own, which the manifest holds, and the manifest is sealed by whoever
gave the seal. So a file that two snapshots share opens by the manifest of either, and once a snapshot's manifest opens
no more, nothing of it does but what a later one links to.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from matcher.calibrate import Line
from matcher.errors import GalleryDamaged
from matcher.gallery.coder import Coder, read_coders, write_coders
from matcher.gallery.layout import Layout
from matcher.gallery.mapped import expect_random_reads, mapped
from matcher.gallery.preselection import Block, Preselection
from matcher.gallery.records import COLD, Column, Records, columns
from matcher.gallery.saved_array import array_in, pieces_of
from matcher.gallery.sealed_file import Content, Pieces, SealedFile, write_plain
from matcher.gallery.sealed_rows import SealedRows, whole_rows
from matcher.gallery.store import Proof, Saved, Segment, Store
from matcher.parameters import SEALED_BLOCK

VERSION = 2
_MANIFEST = "manifest.json"

Read = Content | SealedRows | GalleryDamaged
Each = Callable[[Callable[[str], Read], Iterable[str]], Iterable[Read]]


Seal = Callable[[bytes], bytes]
"""Seals the manifest of one snapshot. The keys it does so with are its own affair."""
Unseal = Callable[[bytes], bytes | None]
"""Opens one. None where it was altered, or is not sealed, or its key is gone."""


@dataclass(frozen=True, slots=True)
class Source:
    """What a file is written from. block: bytes that are sealed together."""

    pieces: Callable[[], Pieces]
    block: int = SEALED_BLOCK


@dataclass(frozen=True, slots=True)
class Stamp:
    """sequence: of the last change contained. models: modality → hash of its networks."""

    sequence: int
    models: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Part:
    """Something written into files of its own. owner: the full segment or block that remembers its files, or None."""

    files: Mapping[str, Source]
    owner: Segment | Block | None


@dataclass(frozen=True, slots=True)
class Contents:
    """All that is written, as it was at one moment. layouts: (mask, mixed) of each block, in their order."""

    parts: list[Part]
    people: int
    segments: int
    layouts: list[tuple[int, bool]]
    trained_on: int


def contents_of(store: Store, preselection: Preselection, *, mapped: bool = False) -> Contents:
    """What to write. Call it while no other thread adds or removes; full segments and blocks are read later.

    mapped: vectors and minutiae are to be read from the disk, one person after another.
    """
    segments = [Part(_columns(number, one.records, mapped=mapped), one) for number, one in enumerate(store.full)]
    open_segment = Part(_columns(len(store.full), store.open.records), None)
    alive = store.alive.copy()
    coders = preselection.coders
    rest = Part({"alive.npy": _array(alive), "coders.npz": Source(lambda: [memoryview(_coders(coders))])}, None)
    blocks = [
        Part(_block_files(number, block), block) if block.full else Part(_open_block_files(number, block), None)
        for number, block in enumerate(preselection.blocks)
    ]
    layouts = [(block.layout.mask, block.layout.mixed) for block in preselection.blocks]
    parts = [*segments, open_segment, rest, *blocks]
    return Contents(parts, len(store), len(segments) + 1, layouts, preselection.trained_on)


def write(folder: Path, stamp: Stamp, contents: Contents, seal: Seal | None = None) -> None:
    """Replace `folder` atomically: after a failure at any moment it holds the old or the new snapshot."""
    unfinished = _unfinished(folder)
    shutil.rmtree(unfinished, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    unfinished.mkdir(mode=0o700)
    proofs: dict[str, Proof] = {}
    for part in contents.parts:
        known = part.owner.saved if part.owner and part.owner.saved else {}
        for name, source in part.files.items():
            path = unfinished / name
            proofs[name] = _linked(known.get(name), path, seal) or _written(path, source, seal)
    _write_manifest(unfinished / _MANIFEST, _manifest(stamp, contents, proofs), seal)
    _sync(unfinished)
    former = _former(folder)
    if folder.exists():
        shutil.rmtree(former, ignore_errors=True)
        folder.replace(former)
    unfinished.replace(folder)
    _sync(folder.parent)
    shutil.rmtree(former, ignore_errors=True)
    for part in contents.parts:
        if part.owner:
            part.owner.saved = {name: (folder / name, proofs[name]) for name in part.files}


def read(
    folder: Path,
    models: Mapping[str, str],
    store: Store,
    lines: Mapping[str, Line],
    each: Each,
    *,
    mapped: bool,
    unseal: Unseal | None = None,
) -> tuple[int, Preselection]:
    """Fill an empty store; return the sequence number and the preselection. Every byte is checked before it is used.

    each: maps over file names with all threads it may use. mapped: leave vectors and minutiae on the disk, where they
    were saved for it. Raises FileNotFoundError, and GalleryDamaged if files are not as `write` left them, or of other
    models.
    """
    folder = folder if folder.exists() else _former(folder)
    manifest = _read_manifest(folder / _MANIFEST, unseal)
    if manifest["models"] != dict(models):
        raise GalleryDamaged(f"saved with models {manifest['models']}, loaded are {dict(models)}")
    proofs: dict[str, Proof] = {
        name: stated if unseal is None else SealedFile.stated(stated) for name, stated in manifest["files"].items()
    }
    stay = _cold_files(manifest["segments"] - 1) if mapped else set()
    contents = _contents(folder, proofs, stay, each)
    store.restore(
        [_read_segment(contents, number) for number in range(manifest["segments"])], _array_in(contents, "alive.npy")
    )
    coders = read_coders(BytesIO(_bytes_in(contents, "coders.npz").tobytes()), models)
    preselection = Preselection(coders, lines, manifest["trained_on"])
    for number, (mask, mixed) in enumerate(manifest["blocks"]):
        preselection.restore(_read_block(contents, number, preselection.layout(mask, mixed)))
    for number, segment in enumerate(store.full):
        if all(_fits(proofs[_column_file(number, name)], mapped=mapped) for name in COLD):
            segment.saved = {name: (folder / name, proofs[name]) for name in _columns(number, segment.records)}
    for number, block in enumerate(preselection.blocks):
        block.saved = {name: (folder / name, proofs[name]) for name in _block_files(number, block)}
    return int(manifest["sequence"]), preselection


def release(store: Store) -> None:
    """Map the columns of full segments that are saved, so that memory no longer holds them."""
    for number, segment in enumerate(store.full):
        if segment.saved and segment.records.in_memory:
            saved = {name: segment.saved[_column_file(number, name)] for name in COLD}
            on_disk: dict[str, Any] = {name: _on_disk(*one) for name, one in saved.items()}
            segment.records = replace(segment.records, **on_disk)


def tidy(folder: Path) -> bytes | None:
    """Delete what a stopped `write` left beside a snapshot. Returned is the snapshot's manifest as it is stored."""
    shutil.rmtree(_unfinished(folder), ignore_errors=True)
    if folder.exists():
        shutil.rmtree(_former(folder), ignore_errors=True)
    path = (folder if folder.exists() else _former(folder)) / _MANIFEST
    return path.read_bytes() if path.is_file() else None


def _unfinished(folder: Path) -> Path:
    """The path of a snapshot while it is written."""
    return folder.with_name(folder.name + ".unfinished")


def _former(folder: Path) -> Path:
    """The path of a snapshot while another replaces it."""
    return folder.with_name(folder.name + ".former")


# Parts ---------------------------------------------------------------------------------------------------------------


def _columns(number: int, records: Records, *, mapped: bool = False) -> dict[str, Source]:
    return {
        _column_file(number, name): (_cold if mapped and name in COLD else _array)(getattr(records, name))
        for name in columns()
    }


def _column_file(number: int, name: str) -> str:
    return f"segment-{number:05}-{name}.npy"


def _cold_files(full: int) -> set[str]:
    """Of the full segments, as many as these."""
    return {_column_file(number, name) for number in range(full) for name in COLD}


def _read_segment(contents: Mapping[str, Content | SealedRows], number: int) -> Records:
    found = {name: contents[_column_file(number, name)] for name in columns()}
    read: dict[str, Any] = {name: one if isinstance(one, SealedRows) else array_in(one) for name, one in found.items()}
    return Records(**read)


def _block_files(number: int, block: Block) -> dict[str, Source]:
    return {
        f"block-{number:05}.index": Source(lambda: [faiss.serialize_index(block.index).data]),
        f"block-{number:05}-slots.npy": _array(block.slots),
        f"block-{number:05}-masks.npy": _array(block.masks),
    }


def _open_block_files(number: int, block: Block) -> dict[str, Source]:
    """The same for a block that may change as soon as the lock is free: its index is copied now."""
    index = faiss.serialize_index(block.index)
    return _block_files(number, block) | {f"block-{number:05}.index": Source(lambda: [index.data])}


def _read_block(contents: Mapping[str, Content | SealedRows], number: int, layout: Layout) -> Block:
    index = faiss.deserialize_index(_bytes_in(contents, f"block-{number:05}.index"))
    slots, masks = (_array_in(contents, f"block-{number:05}-{name}.npy") for name in ("slots", "masks"))
    if not isinstance(index, faiss.IndexPQFastScan):
        raise GalleryDamaged(f"block {number} is a {type(index).__name__}")
    return Block(layout, index, slots, masks)


def _array(rows: Column) -> Source:
    return Source(lambda: pieces_of(np.asarray(rows)))


def _cold(rows: Column) -> Source:
    """Of whole rows in each block, so that what is opened for one person is little."""
    block = whole_rows(rows)
    return Source(lambda: pieces_of(np.asarray(rows), block), block)


def _coders(coders: Mapping[str, Coder]) -> bytes:
    content = BytesIO()
    write_coders(content, coders)
    return content.getvalue()


def _array_in(contents: Mapping[str, Content | SealedRows], name: str) -> NDArray[Any]:
    return array_in(_bytes_in(contents, name))


def _bytes_in(contents: Mapping[str, Content | SealedRows], name: str) -> Content:
    content = contents[name]
    assert isinstance(content, np.ndarray)
    return content


# Files ---------------------------------------------------------------------------------------------------------------


def _linked(known: Saved | None, path: Path, seal: Seal | None) -> Proof | None:
    """Link to a file of an earlier snapshot and return its proof; None if it is gone, or sealed and must not be."""
    if known is None or isinstance(known[1], SealedFile) == (seal is None):
        return None
    try:
        os.link(known[0], path)
    except OSError:
        return None
    return known[1]


def _written(path: Path, source: Source, seal: Seal | None) -> Proof:
    proof: Proof
    if seal is None:
        write_plain(path, source.pieces())
        proof = _hash(path)
    else:
        proof = SealedFile.write(path, source.pieces(), source.block, checked=source.block < SEALED_BLOCK)
    _sync(path)
    return proof


def _fits(proof: Proof, *, mapped: bool) -> bool:
    """Whether a sealed column's blocks are as large as a gallery of this kind reads them; else it is written anew."""
    return not isinstance(proof, SealedFile) or (proof.block < SEALED_BLOCK) == mapped


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _contents(
    folder: Path, proofs: Mapping[str, Proof], stay: Collection[str], each: Each
) -> dict[str, Content | SealedRows]:
    """By name. Raises GalleryDamaged once no thread reads any more: a mapped file that shrinks ends the process.

    stay: names of those that stay on the disk.
    """

    def tried(name: str) -> Read:
        try:
            return _content(folder / name, proofs[name], mapped=name in stay)
        except GalleryDamaged as error:
            return error

    found: dict[str, Content | SealedRows] = {}
    for name, one in list(zip(proofs, each(tried, proofs), strict=True)):
        if isinstance(one, GalleryDamaged):
            raise one
        found[name] = one
    return found


def _content(path: Path, proof: Proof, *, mapped: bool) -> Content | SealedRows:
    """A file's bytes, checked. mapped: they stay on the disk. Raises GalleryDamaged.

    They are checked by reading the file: a read error in a memory map would end the process.
    """
    try:
        if isinstance(proof, SealedFile):
            if not mapped or not _fits(proof, mapped=True):
                return proof.read(path)
            proof.check(path)
            return SealedRows.mapped(path, proof)
        return _plain_content(path, proof, mapped=mapped)
    except OSError as error:
        raise GalleryDamaged(f"{path} is missing or cannot be read: {error}") from error
    except GalleryDamaged as error:
        raise GalleryDamaged(f"{path}: {error}") from None


def _plain_content(path: Path, sha256: str, *, mapped: bool) -> Content:
    content = None if mapped else np.fromfile(path, np.uint8)
    found = _hash(path) if content is None else hashlib.sha256(content.data).hexdigest()
    if found != sha256:
        raise GalleryDamaged("it does not match its checksum")
    return _mapped_plain(path) if content is None else content


def _on_disk(path: Path, proof: Proof) -> Column:
    """A column that is read from its file as it is needed."""
    return SealedRows.mapped(path, proof) if isinstance(proof, SealedFile) else array_in(_mapped_plain(path))


def _mapped_plain(path: Path) -> Content:
    content = mapped(path)
    expect_random_reads(content)
    return content


def _manifest(stamp: Stamp, contents: Contents, proofs: Mapping[str, Proof]) -> str:
    return json.dumps(
        {
            "version": VERSION,
            "sequence": stamp.sequence,
            "models": dict(stamp.models),
            "people": contents.people,
            "segments": contents.segments,
            "blocks": contents.layouts,
            "trained_on": contents.trained_on,
            "files": {name: str(proof) for name, proof in proofs.items()},
        }
    )


def _write_manifest(path: Path, manifest: str, seal: Seal | None) -> None:
    stored = f"{hashlib.sha256(manifest.encode()).hexdigest()}\n{manifest}\n".encode()
    write_plain(path, [memoryview(stored if seal is None else seal(stored))])
    _sync(path)


def _read_manifest(path: Path, unseal: Unseal | None) -> dict[str, Any]:
    try:
        stored = path.read_bytes()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise GalleryDamaged(f"{path} cannot be read: {error}") from error
    found = stored if unseal is None else unseal(stored)
    if found is None:
        raise GalleryDamaged(f"{path} does not open: it was altered or is not sealed, or its key is gone")
    stated, _, text = found.decode(errors="replace").partition("\n")
    if hashlib.sha256(text.removesuffix("\n").encode()).hexdigest() != stated:
        raise GalleryDamaged(f"{path} does not match its checksum")
    manifest: dict[str, Any] = json.loads(text)
    if manifest["version"] != VERSION:
        raise GalleryDamaged(f"{path} is of version {manifest['version']}; version {VERSION} can be read")
    return manifest


def _sync(path: Path) -> None:
    """Wait until a file's content, or the names in a folder, are on the disk."""
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)

"""A gallery on disk: a folder of arrays, with a manifest that states the SHA-256 of each file.

The folder is written next to its final path and then renamed; the former one is kept aside until then. Full segments
and blocks never change, so the next snapshot links to the same files instead of writing them again. `manifest.json` is
the hash of its second line, and that line.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from matcher.calibrate import Line
from matcher.errors import GalleryDamaged
from matcher.gallery.coder import read_coders, write_coders
from matcher.gallery.layout import Layout
from matcher.gallery.prefetch import expect_random_reads
from matcher.gallery.preselection import Block, Preselection
from matcher.gallery.records import COLD, Records, columns
from matcher.gallery.store import Saved, Segment, Store

VERSION = 2
_MANIFEST = "manifest.json"
_HEADER = 2**12  # bytes; the header of a saved array is shorter

Content = NDArray[np.uint8]
"""A file's bytes."""
Each = Callable[[Callable[[str], Content], Iterable[str]], Iterable[Content]]
Write = Callable[[Path], object]


@dataclass(frozen=True, slots=True)
class Stamp:
    """sequence: of the last change contained. models: modality → hash of its networks."""

    sequence: int
    models: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Part:
    """Something written into files of its own. owner: the full segment or block that remembers its files, or None."""

    files: Mapping[str, Write]
    owner: Segment | Block | None


@dataclass(frozen=True, slots=True)
class Contents:
    """All that is written, as it was at one moment. layouts: (mask, mixed) of each block, in their order."""

    parts: list[Part]
    people: int
    segments: int
    layouts: list[tuple[int, bool]]
    trained_on: int


def contents_of(store: Store, preselection: Preselection) -> Contents:
    """What to write. Call it while no other thread adds or removes; full segments and blocks are read later."""
    segments = [Part(_columns(number, one.records), one) for number, one in enumerate(store.full)]
    open_segment = Part(_columns(len(store.full), store.open.records), None)
    alive = store.alive.copy()
    coders = preselection.coders
    rest = Part({"alive.npy": _array(alive), "coders.npz": lambda path: write_coders(path, coders)}, None)
    blocks = [
        Part(_block_files(number, block), block) if block.full else Part(_open_block_files(number, block), None)
        for number, block in enumerate(preselection.blocks)
    ]
    layouts = [(block.layout.mask, block.layout.mixed) for block in preselection.blocks]
    parts = [*segments, open_segment, rest, *blocks]
    return Contents(parts, len(store), len(segments) + 1, layouts, preselection.trained_on)


def write(folder: Path, stamp: Stamp, contents: Contents) -> None:
    """Replace `folder` atomically: after a failure at any moment it holds the old or the new snapshot."""
    unfinished = folder.with_name(folder.name + ".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    hashes: dict[str, str] = {}
    for part in contents.parts:
        known = part.owner.saved if part.owner and part.owner.saved else {}
        for name, put in part.files.items():
            hashes[name] = _linked(known.get(name), unfinished / name) or _written(unfinished / name, put)
    _write_manifest(unfinished / _MANIFEST, stamp, contents, hashes)
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
            part.owner.saved = {name: (folder / name, hashes[name]) for name in part.files}


def read(
    folder: Path, models: Mapping[str, str], store: Store, lines: Mapping[str, Line], each: Each, *, mapped: bool
) -> tuple[int, Preselection]:
    """Fill an empty store; return the sequence number and the preselection. Every byte is checked before it is used.

    each: maps over file names with all threads it may use. mapped: leave vectors and minutiae on the disk.
    Raises FileNotFoundError, and GalleryDamaged if files are not as `write` left them, or of other models.
    """
    folder = folder if folder.exists() else _former(folder)
    manifest = _read_manifest(folder / _MANIFEST)
    if manifest["models"] != dict(models):
        raise GalleryDamaged(f"saved with models {manifest['models']}, loaded are {dict(models)}")
    hashes: dict[str, str] = manifest["files"]
    checked = each(lambda name: _content(folder / name, hashes[name], mapped=mapped and _is_cold(name)), hashes)
    contents = dict(zip(hashes, checked, strict=True))
    store.restore(
        [_read_segment(contents, number) for number in range(manifest["segments"])], _array_in(contents["alive.npy"])
    )
    coders = read_coders(BytesIO(contents["coders.npz"].tobytes()), models)
    preselection = Preselection(coders, lines, manifest["trained_on"])
    for number, (mask, mixed) in enumerate(manifest["blocks"]):
        preselection.restore(_read_block(contents, number, preselection.layout(mask, mixed)))
    for number, segment in enumerate(store.full):
        segment.saved = {name: (folder / name, hashes[name]) for name in _columns(number, segment.records)}
    for number, block in enumerate(preselection.blocks):
        block.saved = {name: (folder / name, hashes[name]) for name in _block_files(number, block)}
    return int(manifest["sequence"]), preselection


def release(folder: Path, store: Store) -> None:
    """Map the columns of full segments that are in `folder`, so that memory no longer holds them."""
    for number, segment in enumerate(store.full):
        if segment.saved and not isinstance(segment.records.faces, np.memmap):
            contents = {name: _mapped(folder / _column_file(number, name)) for name in COLD}
            for content in contents.values():
                expect_random_reads(content)
            mapped = {name: _array_in(content) for name, content in contents.items()}
            segment.records = replace(segment.records, **mapped)


def _former(folder: Path) -> Path:
    """The path of a snapshot while another replaces it."""
    return folder.with_name(folder.name + ".former")


# Parts ---------------------------------------------------------------------------------------------------------------


def _columns(number: int, records: Records) -> dict[str, Write]:
    return {_column_file(number, name): _array(getattr(records, name)) for name in columns()}


def _column_file(number: int, name: str) -> str:
    return f"segment-{number:05}-{name}.npy"


def _is_cold(file: str) -> bool:
    return file.startswith("segment-") and file.removesuffix(".npy").split("-")[-1] in COLD


def _read_segment(contents: Mapping[str, Content], number: int) -> Records:
    return Records(**{name: _array_in(contents[_column_file(number, name)]) for name in columns()})


def _block_files(number: int, block: Block) -> dict[str, Write]:
    return {
        f"block-{number:05}.index": lambda path: faiss.write_index(block.index, str(path)),
        f"block-{number:05}-slots.npy": _array(block.slots),
        f"block-{number:05}-masks.npy": _array(block.masks),
    }


def _open_block_files(number: int, block: Block) -> dict[str, Write]:
    """The same for a block that may change as soon as the lock is free: its index is copied now."""
    index = faiss.serialize_index(block.index)
    return _block_files(number, block) | {f"block-{number:05}.index": lambda path: index.tofile(path)}


def _read_block(contents: Mapping[str, Content], number: int, layout: Layout) -> Block:
    index = faiss.deserialize_index(contents[f"block-{number:05}.index"])
    slots, masks = (_array_in(contents[f"block-{number:05}-{name}.npy"]) for name in ("slots", "masks"))
    if not isinstance(index, faiss.IndexPQFastScan):
        raise GalleryDamaged(f"block {number} is a {type(index).__name__}")
    return Block(layout, index, slots, masks)


def _array(rows: NDArray[Any]) -> Write:
    return lambda path: np.save(path, rows)


# Files ---------------------------------------------------------------------------------------------------------------


def _linked(known: Saved | None, path: Path) -> str | None:
    """Link to a file of an earlier snapshot and return its hash; None if the file is gone."""
    if known is None:
        return None
    try:
        os.link(known[0], path)
    except OSError:
        return None
    return known[1]


def _written(path: Path, put: Write) -> str:
    put(path)
    _sync(path)
    return _hash(path)


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _content(path: Path, sha256: str, *, mapped: bool) -> Content:
    """A file's bytes, checked. mapped: they stay on the disk. Raises GalleryDamaged.

    They are checked by reading the file: a read error in a memory map would end the process.
    """
    try:
        content = None if mapped else np.fromfile(path, np.uint8)
        found = _hash(path) if content is None else hashlib.sha256(content.data).hexdigest()
    except OSError as error:
        raise GalleryDamaged(f"{path} is missing or cannot be read: {error}") from error
    if found != sha256:
        raise GalleryDamaged(f"{path} does not match its checksum")
    if content is not None:
        return content
    content = _mapped(path)
    expect_random_reads(content)
    return content


def _mapped(path: Path) -> Content:
    return np.memmap(path, np.uint8, "r")


def _array_in(content: Content) -> NDArray[Any]:
    """The array of a file that `np.save` wrote, as a view of its bytes."""
    start = BytesIO(content[:_HEADER].tobytes())
    np.lib.format.read_magic(start)
    shape, fortran_order, dtype = np.lib.format.read_array_header_1_0(start)
    return content[start.tell() :].view(dtype).reshape(shape, order="F" if fortran_order else "C")


def _write_manifest(path: Path, stamp: Stamp, contents: Contents, hashes: Mapping[str, str]) -> None:
    manifest = json.dumps(
        {
            "version": VERSION,
            "sequence": stamp.sequence,
            "models": dict(stamp.models),
            "people": contents.people,
            "segments": contents.segments,
            "blocks": contents.layouts,
            "trained_on": contents.trained_on,
            "files": dict(hashes),
        }
    )
    path.write_text(f"{hashlib.sha256(manifest.encode()).hexdigest()}\n{manifest}\n")
    _sync(path)


def _read_manifest(path: Path) -> dict[str, Any]:
    try:
        stated, _, text = path.read_text(errors="replace").partition("\n")
    except FileNotFoundError:
        raise
    except OSError as error:
        raise GalleryDamaged(f"{path} cannot be read: {error}") from error
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

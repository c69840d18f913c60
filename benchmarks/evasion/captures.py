"""The real captures: fingers of folders laid out as FVC's, faces laid out as LFW's."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image as Pillow
from rich.console import Console
from rich.progress import track

from benchmarks.lfw import read_pictures
from matcher import Capture, Extractor, Position, Template
from matcher.decode import decode
from matcher.finger.records import is_minutiae_record
from matcher.types import Pixels

CONSOLE = Console(stderr=True)
SUFFIXES = {".png", ".jpg", ".jpeg", ".jp2", ".bmp", ".tif", ".tiff", ".webp", ".wsq"}
AT_ONCE = 16  # captures extracted between two steps of a progress bar


class Unusable(Exception):
    """Captures that cannot be measured with; the message states which and why."""


@dataclass(frozen=True, slots=True)
class Impression:
    """A capture of a finger that could be extracted. dpi: the true resolution. quality: 0 to 100."""

    content: bytes
    dpi: float
    quality: int


@dataclass(frozen=True, slots=True)
class Finger:
    name: str
    impressions: Sequence[Impression]


@dataclass(frozen=True, slots=True)
class Face:
    """Pictures of one person that could be extracted."""

    name: str
    pictures: Sequence[bytes]


def read_fingers(folder: Path, dpi: float, extractor: Extractor) -> Iterator[Finger]:
    """The fingers of a folder of <finger>_<impression>.<suffix> with two usable captures. Raises Unusable."""
    found: dict[str, list[Path]] = {}
    for file in sorted(folder.glob("*_*")):
        if file.suffix.lower() in SUFFIXES:
            found.setdefault(file.stem.rpartition("_")[0], []).append(file)
    if not found:
        raise Unusable(f"{folder} has no pictures <finger>_<impression>.png, or of another kind that is read")
    contents = {name: [without_header_dpi(file.read_bytes()) for file in files] for name, files in found.items()}
    kept = _usable(contents, Position.RIGHT_INDEX, dpi, extractor, folder.name)
    for name, some in kept.items():
        if len(some) > 1:
            yield Finger(f"{folder.name}/{name}", [Impression(one, dpi, quality) for one, quality in some])
    _report(folder.name, contents, kept)


def read_faces(pairs: Path, images: Path, extractor: Extractor) -> list[Face]:
    """The people whom `pairs` names, with those of their pictures that can be used, one at least. Raises Unusable."""
    if not pairs.is_file():
        raise Unusable(f"{pairs} is no file")
    named = read_pictures(pairs)
    files = {file.stem: file for file in sorted(images.rglob("*")) if file.suffix.lower() in SUFFIXES}
    if not named:
        raise Unusable(f"{pairs} has no lines `NAME i j`, `NAME i NAME j` or `NAME count`, as LFW writes them")
    missing = [one for some in named.values() for one in some if one not in files]
    lacking = f"{len(missing)} pictures that {pairs} names are not in {images}, such as {missing[:1]}"
    if len(missing) == sum(map(len, named.values())):
        raise Unusable(lacking)
    if missing:
        CONSOLE.print(lacking)
    contents = {name: [files[one].read_bytes() for one in some if one in files] for name, some in named.items()}
    kept = _usable(contents, Position.FACE, None, extractor, "faces")
    _report("faces", contents, kept, least=1)
    return [Face(name, [content for content, _ in some]) for name, some in kept.items() if some]


def _usable(
    contents: Mapping[str, Sequence[bytes]], position: Position, dpi: float | None, extractor: Extractor, shown: str
) -> dict[str, list[tuple[bytes, int]]]:
    """Those that can be extracted, with their quality, by name."""
    flat = [(name, Capture(position, one, dpi)) for name, some in contents.items() for one in some]
    kept: dict[str, list[tuple[bytes, int]]] = {name: [] for name in contents}
    for start in track(range(0, len(flat), AT_ONCE), shown, console=CONSOLE):
        lot = flat[start : start + AT_ONCE]
        for (name, capture), one in zip(lot, extractor.extract([capture for _, capture in lot]), strict=True):
            if isinstance(one, Template):
                kept[name].append((capture.content, one.quality.score))
    return kept


def _report(
    shown: str, contents: Mapping[str, Sequence[bytes]], kept: Mapping[str, Sequence[object]], least: int = 2
) -> None:
    refused = sum(map(len, contents.values())) - sum(map(len, kept.values()))
    short = [name for name, some in kept.items() if len(some) < least]
    if refused or short:
        CONSOLE.print(f"{shown}: {refused} captures cannot be extracted; left out with fewer than {least}: {short}")


def pixels_of(content: bytes) -> Pixels:
    """Grey, uint8 (H, W)."""
    pixels = decode(content).pixels
    return pixels if pixels.ndim == 2 else np.asarray(Pillow.fromarray(pixels).convert("L"))


def without_header_dpi(content: bytes) -> bytes:
    """The same picture with no resolution in its header: in collections it is often wrong. Records stay as they are."""
    if is_minutiae_record(content) or decode(content).dpi is None:
        return content
    return png(pixels_of(content))


def png(pixels: Pixels) -> bytes:
    file = BytesIO()
    Pillow.fromarray(np.ascontiguousarray(pixels)).save(file, "PNG")
    return file.getvalue()


def resolutions(stated: Iterable[str], folders: Sequence[Path]) -> dict[str, float]:
    """The true resolution of each folder by its name: NAME=VALUE, 500 unless stated. Raises Unusable."""
    found = {folder.name: 500.0 for folder in folders}
    for item in stated:
        name, _, value = item.partition("=")
        if name not in found:
            raise Unusable(f"{item!r}: {name!r} is none of the folders {', '.join(found)}")
        try:
            found[name] = float(value)
        except ValueError:
            raise Unusable(f"{item!r}: write NAME=VALUE, such as {name}=569") from None
        if not 100 <= found[name] <= 5000:
            raise Unusable(f"{item!r}: a finger's resolution is 100 to 5000 dpi")
    return found

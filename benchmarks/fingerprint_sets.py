"""Sets of fingerprints: read from folders, extracted by us or by LEADER as shipped."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image as Pillow
from rich.progress import track

from matcher.errors import CaptureError
from matcher.finger import FingerExtractor
from matcher.finger.resample import grey_at_500_dpi
from matcher.networks import Network, open_network
from matcher.parameters import MINUTIA_QUALITY
from matcher.types import Image, Minutiae, Quality

_NONE = np.zeros(0, np.float32)
NOTHING = Minutiae(_NONE, _NONE, _NONE, _NONE, np.zeros(0, np.bool_))


@dataclass(frozen=True, slots=True)
class Print:
    """One impression of a set. finger: its number within the set, from 0. name: the finger's in the file's name.

    enhanced: the minutiae of its enhanced picture, if it is poor. refused: why no minutiae were taken, or empty.
    seconds: of extraction, one thread's own work.
    """

    finger: int
    name: str
    image: Image
    minutiae: Minutiae
    quality: Quality
    enhanced: Minutiae | None
    refused: str
    seconds: float

    @property
    def views(self) -> list[Minutiae]:
        """What is compared of it; of several comparisons the best counts."""
        return [self.minutiae] if self.enhanced is None else [self.minutiae, self.enhanced]


Sets = Mapping[str, Sequence[Print]]
Extract = Callable[[Image], tuple[Minutiae, Quality, Minutiae | None, str]]


def read_sets(folders: Sequence[Path], dpi: Sequence[str]) -> Sets:
    """Every folder's prints by its name. dpi: NAME=VALUE of those whose resolution is not 500."""
    resolution = {name: float(value) for name, _, value in (item.partition("=") for item in dpi)}
    extract = our_extraction(FingerExtractor())
    return {folder.name: read_set(folder, resolution.get(folder.name), extract) for folder in folders}


def read_set(folder: Path, dpi: float | None, extract: Extract) -> list[Print]:
    """The prints of a folder. Raises SystemExit where it has none."""
    prints: list[Print] = []
    fingers: dict[str, int] = {}
    files = sorted(folder.glob("*_*.png"))
    if not files:
        raise SystemExit(f"{folder} has no files <finger>_<impression>.png")
    for file in track(files, f"extract {folder.name}"):
        image = Image(np.asarray(Pillow.open(file).convert("L")), dpi)
        began = time.thread_time()
        found = extract(image)
        seconds = time.thread_time() - began
        finger = file.stem.partition("_")[0]
        prints.append(Print(fingers.setdefault(finger, len(fingers)), finger, image, *found, seconds))
    return prints


def our_extraction(extractor: FingerExtractor) -> Extract:
    def extract(image: Image) -> tuple[Minutiae, Quality, Minutiae | None, str]:
        try:
            return *extractor.extract(image), ""
        except CaptureError as refusal:
            return NOTHING, Quality(0), None, type(refusal).__name__

    return extract


def all_prints(sets: Sets) -> Iterator[Print]:
    return (one for prints in sets.values() for one in prints)


def better_prints(prints: Sequence[Print], reject: float) -> list[Print]:
    """Without the share of lowest quality."""
    order = np.argsort([one.quality.score for one in prints], kind="stable")
    return [prints[at] for at in sorted(order[round(reject * len(prints)) :])]


def extracted_as_shipped(sets: Sets) -> Sets:
    """The same prints by LEADER unmodified on the same images, neither cropped nor refused."""
    network = open_network("leader_as_shipped")
    return {
        name: [_as_shipped(network, one) for one in track(prints, f"as shipped {name}")]
        for name, prints in sets.items()
    }


def _as_shipped(network: Network, one: Print) -> Print:
    began = time.thread_time()
    grey = grey_at_500_dpi(one.image).astype(np.float32)
    padded = np.pad(grey, [(0, -side % 32) for side in grey.shape], mode="edge")
    found = network(input=padded[None, :, :, None])["head_conc"][0, : grey.shape[0], : grey.shape[1]]
    row, column = np.nonzero(found[:, :, 3] > MINUTIA_QUALITY)
    _, direction, ending, quality = found[row, column].T
    x, y = column.astype(np.float32), row.astype(np.float32)
    minutiae = Minutiae(x, y, np.mod(-direction, np.float32(2 * np.pi)), quality, ending >= 0.5)
    return replace(one, minutiae=minutiae, enhanced=None, refused="", seconds=time.thread_time() - began)

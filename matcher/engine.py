"""Recognition as the service sees it: captures to templates, and people found by them.

The engine alone decides who uses the cores. Networks run single-threaded, one capture a core; so does FAISS, and the
gallery shares a search's blocks and minutiae out among threads of its own.
"""

import hashlib
import logging
import os
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image as Pillow

from matcher.calibrate import read_calibrations
from matcher.decode import decode
from matcher.errors import CaptureError, GalleryDamaged
from matcher.evidence import Person, judge
from matcher.face import FaceExtractor
from matcher.finger import FingerExtractor, compare, prepare
from matcher.finger.records import extract_record, is_minutiae_record
from matcher.finger.vector import FingerVector
from matcher.fuse import modality, require_comparable
from matcher.gallery import Gallery, Stamp, shipped_coders
from matcher.networks import MODELS
from matcher.parameters import CANDIDATES_RETURNED, FINGER_DPI
from matcher.types import SLAPS, Candidate, Evidence, Image, Minutiae, Position, Quality, Template

_log = logging.getLogger(__name__)

_SNAPSHOT = "gallery"


@dataclass(frozen=True, slots=True)
class Capture:
    """A picture as it came, or for a finger a minutiae record.

    dpi: the client's word on its resolution, over the file's own; None: nothing said.
    """

    position: Position
    content: bytes
    dpi: float | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Evidence between two people. log10_lr: all common positions summed, 0 where there is none."""

    log10_lr: float
    evidence: Mapping[Position, Evidence]


class Engine:
    """Extraction, verification and the gallery. Any thread may call anything.

    models: folder of the manifest, the networks and the calibration. threads: cores to use, all by default. mapped:
    vectors and minutiae of the gallery stay on the disk once they are in a snapshot.
    Raises ModelMissing, ModelAltered or CalibrationUnusable.
    """

    def __init__(self, models: Path = MODELS, threads: int | None = None, *, mapped: bool = False) -> None:
        self._threads = threads or os.cpu_count() or 1
        self._face = FaceExtractor(models, threads=1)
        self._finger = FingerExtractor(models, threads=1)
        self._finger_vector = FingerVector(models, threads=1)
        self.models: Mapping[str, str] = {
            "face": self._face.model,
            "finger": finger_model(self._finger.model, self._finger_vector.model),
        }
        self._calibrations = read_calibrations(models / "calibration.json", self.models)
        self._dimensions = {"face": self._face.dimension, "finger": self._finger_vector.dimension}
        self._mapped = mapped
        self._coders = shipped_coders(self._dimensions, models)
        self._gallery = self._empty_gallery()
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="extract")

    def warm_up(self) -> None:
        """Have what is compiled at first use compiled now: seconds the first time on a machine, a moment later on."""
        places = np.arange(8, dtype=np.float32)
        prepared = prepare(Minutiae(20 * places, 9 * places % 50, places % 6, np.ones_like(places), places > 3))
        compare(prepared, [prepared])

    def model_of(self, position: Position) -> str:
        """Hash of the networks that make templates of this position."""
        return self.models[modality(position)]

    def check(self, position: Position, content: bytes, dpi: float | None = None) -> None:
        """Quickly refuse what can never become a template. Raises CaptureError's kinds."""
        if position.is_finger and is_minutiae_record(content):
            extract_record(content, dpi)
            return
        image = _decoded(Capture(position, content, dpi))
        if position.is_finger:
            self._finger.check(image)
        else:
            self._face.check(image)

    def cut_slap(
        self, content: bytes, part: str, missing: Collection[Position], dpi: float | None = None
    ) -> list[tuple[Position, bytes]]:
        """The fingers of a slap, from left to right, each an upright picture (PNG at 500 dpi) of the tip alone.

        part: one of SLAPS. missing: fingers declared not to be there; others are no matter. dpi: as in Capture.
        Raises SlapIncomplete where fingers are more or fewer than that, and CaptureError's other kinds.
        """
        from matcher.finger.slaps import cut_slap  # SciPy is slow to import

        expected = [position for position in SLAPS[part] if position not in missing]
        fingers = cut_slap(_decoded(Capture(SLAPS[part][0], content, dpi)), expected)
        return [(position, _png(finger)) for position, finger in fingers.items()]

    def quality(self, capture: Capture) -> Quality:
        """How well a capture would serve; nothing is kept. Raises CaptureError's kinds."""
        if capture.position.is_finger:
            return self._minutiae(capture)[1]
        return self._face.quality(_decoded(capture))

    def extract(self, captures: Sequence[Capture]) -> list[Template | CaptureError]:
        """One answer a capture, in their order: its template, or why there is none."""
        return list(self._pool.map(self._template_or_error, captures))

    def compare(self, probe: Sequence[Template], reference: Sequence[Template]) -> Comparison:
        """One to one. Raises TemplatesIncomparable for templates of other models."""
        require_comparable([*probe, *reference], self._calibrations)
        found = judge(Person(probe), [(0, Person(reference))], self._calibrations)
        return Comparison(found[0].log10_lr, found[0].evidence) if found else Comparison(0.0, {})

    def __len__(self) -> int:
        return len(self._gallery)

    def add(self, key: int, templates: Sequence[Template]) -> None:
        """Enrol a person, or add captures to one already there. Raises TemplatesIncomparable for other models."""
        self._gallery.add(key, templates)

    def replace(self, key: int, templates: Sequence[Template]) -> None:
        """Enrol a person in place of whoever has the key: no search finds neither. Raises TemplatesIncomparable."""
        self._gallery.replace(key, templates)

    def remove(self, key: int) -> None:
        """Forget a person; an unknown key is no error."""
        self._gallery.remove(key)

    def clear(self) -> None:
        """Forget everybody."""
        self._gallery = self._empty_gallery()

    def compact(self) -> None:
        """Let nothing remain of anybody removed, in memory or in what is saved from now on."""
        self._gallery.compact()

    def search(
        self, templates: Sequence[Template], limit: int = CANDIDATES_RETURNED, *, any_finger: bool = False
    ) -> list[Candidate]:
        """The people most likely the probe's own, best first, equal evidence by key; at most `limit`.

        any_finger: whatever position a finger is said to be of, it may be another; slower, and a little less certain.
        Raises TemplatesIncomparable for templates of other models.
        """
        search = self._gallery.search_any_finger if any_finger else self._gallery.search
        return search(templates, limit)

    def search_many(
        self, templates_of_many: Sequence[Sequence[Template]], limit: int = CANDIDATES_RETURNED
    ) -> list[list[Candidate]]:
        """`search` for many people at once, in their order; less work than one after another."""
        return self._gallery.search_many(templates_of_many, limit)

    def save(self, folder: Path, sequence: int) -> None:
        """Put everyone enrolled into `folder`, in place of what was saved there. sequence: of the last one applied."""
        self._gallery.save(folder / _SNAPSHOT, Stamp(sequence, self.models))

    def load(self, folder: Path) -> int | None:
        """Replace everyone enrolled by those saved; the sequence number saved with them.

        None, with the gallery as it was, where there is no snapshot, or a damaged one, or one of other models.
        """
        try:
            return self._gallery.load(folder / _SNAPSHOT, self.models)
        except FileNotFoundError:
            return None
        except GalleryDamaged as error:
            _log.warning("gallery_snapshot_unusable", extra={"reason": str(error)})
            return None

    def _empty_gallery(self) -> Gallery:
        return Gallery(self._dimensions, self._calibrations, self._coders, self._threads, mapped=self._mapped)

    def _template_or_error(self, capture: Capture) -> Template | CaptureError:
        try:
            return self._template(capture)
        except CaptureError as error:
            return error

    def _template(self, capture: Capture) -> Template:
        position = capture.position
        model = self.model_of(position)
        if not position.is_finger:
            vector, quality = self._face.extract(_decoded(capture))
            return Template(position, vector, quality, model)
        minutiae, quality = self._minutiae(capture)
        return Template(position, self._finger_vector(minutiae), quality, model, minutiae)

    def _minutiae(self, capture: Capture) -> tuple[Minutiae, Quality]:
        """A finger's, from its picture or its minutiae record.

        A record's template carries our model's name although another extractor found its minutiae, so that the two
        can be compared; they agree only as far as the extractors do.
        """
        if is_minutiae_record(capture.content):
            return extract_record(capture.content, capture.dpi)
        return self._finger.extract(_decoded(capture))


def finger_model(extractor: str, vector: str) -> str:
    """The hash a finger template carries, of the two it is made by."""
    return hashlib.sha256(f"{extractor} {vector}".encode()).hexdigest()[:12]


def _decoded(capture: Capture) -> Image:
    """Fingers get 500 dpi, the scanners' common resolution, where neither the client nor the file says."""
    image = decode(capture.content, dpi=capture.dpi)
    if capture.position.is_finger and image.dpi is None:
        return replace(image, dpi=FINGER_DPI)
    return image


def _png(image: Image) -> bytes:
    file = BytesIO()
    Pillow.fromarray(image.pixels).save(file, "PNG", dpi=(image.dpi, image.dpi))
    return file.getvalue()

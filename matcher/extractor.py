"""Captures to templates and quality: decoding, minutiae records and networks."""

import hashlib
import os
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path

from PIL import Image as Pillow

from matcher.decode import decode
from matcher.errors import CaptureError
from matcher.face import FaceExtractor
from matcher.finger import FingerExtractor
from matcher.finger.records import extract_record, is_minutiae_record
from matcher.finger.vector import FingerVector
from matcher.fuse import modality
from matcher.networks import MODELS
from matcher.parameters import FINGER_DPI
from matcher.types import SLAPS, CaptureWarning, Image, Minutiae, Position, Quality, Template, TemplateFormat


@dataclass(frozen=True, slots=True)
class Capture:
    """A picture as it came, or for a finger a minutiae record.

    dpi: resolution stated by the client, which counts more than the file's own; None if the client states none.
    """

    position: Position
    content: bytes
    dpi: float | None = None


@dataclass(frozen=True, slots=True)
class CutSlap:
    """The fingers of a slap, from left to right, each an upright picture (PNG at 500 dpi) of the tip alone.

    warnings: what was odd about the slap's own file.
    """

    fingers: Sequence[tuple[Position, bytes]]
    warnings: tuple[CaptureWarning, ...]


class Extractor:
    """Makes templates. Any thread may call any method.

    models: folder of the manifest and the networks. threads: captures extracted at the same time, one per core by
    default; each network runs in one thread. Raises ModelMissing or ModelAltered.
    """

    def __init__(self, models: Path = MODELS, threads: int | None = None) -> None:
        self._face = FaceExtractor(models, threads=1)
        self._finger = FingerExtractor(models, threads=1)
        self._finger_vector = FingerVector(models, threads=1)
        self._format = TemplateFormat(
            models={
                "face": self._face.model,
                "finger": finger_model(self._finger.model, self._finger_vector.model),
            },
            dimensions={"face": self._face.dimension, "finger": self._finger_vector.dimension},
        )
        self._pool = ThreadPoolExecutor(threads or os.cpu_count() or 1, thread_name_prefix="extract")

    @property
    def format(self) -> TemplateFormat:
        """The format of this extractor's templates."""
        return self._format

    @property
    def models(self) -> Mapping[str, str]:
        """Hash of the networks, by modality."""
        return self._format.models

    @property
    def dimensions(self) -> Mapping[str, int]:
        """Length of the vectors, by modality."""
        return self._format.dimensions

    def model_of(self, position: Position) -> str:
        """Hash of the networks that make templates of this position."""
        return self.models[modality(position)]

    def check(self, position: Position, content: bytes, dpi: float | None = None) -> tuple[CaptureWarning, ...]:
        """Quickly refuse what can never become a template; what is odd about the rest. Raises CaptureError's kinds."""
        if position.is_finger and is_minutiae_record(content):
            return extract_record(content, dpi, position)[1].warnings
        image = _decoded(content, dpi, (position,))
        if position.is_finger:
            self._finger.check(image)
        else:
            self._face.check(image)
        return image.warnings

    def cut_slap(self, content: bytes, part: str, missing: Collection[Position], dpi: float | None = None) -> CutSlap:
        """Cut a slap into its fingers.

        part: one of SLAPS. missing: fingers declared missing; those of other parts are ignored. dpi: as in Capture.
        Raises SlapIncomplete if the picture shows more or fewer fingers than that, and CaptureError's other kinds.
        """
        from matcher.finger.slaps import cut_slap  # SciPy is slow to import

        expected = [position for position in SLAPS[part] if position not in missing]
        image = _decoded(content, dpi, SLAPS[part])
        fingers = [(position, _png(finger)) for position, finger in cut_slap(image, expected).items()]
        return CutSlap(fingers, image.warnings)

    def quality(self, capture: Capture) -> Quality:
        """How well a capture would serve; nothing is kept. Raises CaptureError's kinds."""
        if capture.position.is_finger:
            return self._minutiae(capture)[1]
        image = _decoded(capture.content, capture.dpi, (capture.position,))
        return replace(self._face.quality(image), warnings=image.warnings)

    def extract(self, captures: Sequence[Capture]) -> list[Template | CaptureError]:
        """One result per capture, in their order: its template, or the reason why there is none."""
        return list(self._pool.map(self._template_or_error, captures))

    def _template_or_error(self, capture: Capture) -> Template | CaptureError:
        try:
            return self._template(capture)
        except CaptureError as error:
            return error

    def _template(self, capture: Capture) -> Template:
        position = capture.position
        model = self.model_of(position)
        if not position.is_finger:
            image = _decoded(capture.content, capture.dpi, (position,))
            vector, quality = self._face.extract(image)
            return Template(position, vector, replace(quality, warnings=image.warnings), model)
        minutiae, quality = self._minutiae(capture)
        return Template(position, self._finger_vector(minutiae), quality, model, minutiae)

    def _minutiae(self, capture: Capture) -> tuple[Minutiae, Quality]:
        """A finger's minutiae, from its picture or its minutiae record.

        The template of a record carries our model's name although another extractor found its minutiae: so the two can
        be compared. They agree only as far as the extractors do.
        """
        if is_minutiae_record(capture.content):
            return extract_record(capture.content, capture.dpi, capture.position)
        image = _decoded(capture.content, capture.dpi, (capture.position,))
        minutiae, quality = self._finger.extract(image)
        return minutiae, replace(quality, warnings=image.warnings)


def finger_model(extractor: str, vector: str) -> str:
    """The hash that a finger template carries, made of the hashes of its two networks."""
    return hashlib.sha256(f"{extractor} {vector}".encode()).hexdigest()[:12]


def _decoded(content: bytes, dpi: float | None, sent_as: Collection[Position]) -> Image:
    """The picture; fingers without a stated resolution get 500 dpi, the scanners' common one."""
    image = decode(content, dpi=dpi, sent_as=sent_as)
    if Position.FACE not in sent_as and image.dpi is None:
        return replace(image, dpi=FINGER_DPI)
    return image


def _png(image: Image) -> bytes:
    file = BytesIO()
    Pillow.fromarray(image.pixels).save(file, "PNG", dpi=(image.dpi, image.dpi))
    return file.getvalue()

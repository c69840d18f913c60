"""Captures to templates and quality: decoding, minutiae records and networks."""

import hashlib
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Self

from PIL import Image as Pillow

from matcher.cores import yield_cores
from matcher.decode import Header, decode, read_header
from matcher.errors import CaptureError
from matcher.face import FaceExtractor
from matcher.finger import Extracted, FingerExtractor
from matcher.finger.records import extract_record, is_minutiae_record
from matcher.finger.resample import check_extent
from matcher.finger.vector import FingerVector
from matcher.fuse import modality
from matcher.memory import PixelBudget, claim_memory
from matcher.networks import MODELS
from matcher.parameters import FACE_SHARE, FINGER_DPI, FINGER_LARGEST_MM, FINGER_SHARE, PIXELS_AT_ONCE
from matcher.types import SLAPS, CaptureWarning, Features, Image, Position, Quality, Template, TemplateFormat


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
    default; each network runs in one thread. pixels: of captures worked on at the same time, by all callers together;
    a call waits for its share of the budget. Raises ModelMissing or ModelAltered.
    """

    def __init__(self, models: Path = MODELS, threads: int | None = None, pixels: int = PIXELS_AT_ONCE) -> None:
        claim_memory()
        self.budget = PixelBudget(pixels)
        self._patience: float | None = None
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
        self._pool = ThreadPoolExecutor(
            threads or os.cpu_count() or 1, thread_name_prefix="extract", initializer=yield_cores
        )

    def hurried(self, seconds: float) -> Self:
        """The same extractor, whose methods raise MatcherBusy where a capture would wait longer for its share."""
        other = copy(self)
        other._patience = seconds
        return other

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
        with self._image(content, dpi, (position,)) as image:
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
        with self._image(content, dpi, SLAPS[part]) as image:
            cut = cut_slap(image, expected)
        return CutSlap([(position, _png(finger)) for position, finger in cut.items()], image.warnings)

    def quality(self, capture: Capture) -> Quality:
        """How well a capture would serve; nothing is kept. Raises CaptureError's kinds."""
        if capture.position.is_finger:
            return self._minutiae(capture, twice=False).quality
        with self._image(capture.content, capture.dpi, (capture.position,)) as image:
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
            with self._image(capture.content, capture.dpi, (position,)) as image:
                vector, quality = self._face.extract(image)
            return Template(position, vector, replace(quality, warnings=image.warnings), model)
        minutiae, quality, again = self._minutiae(capture, twice=True)
        template = Template(position, self._finger_vector(minutiae), quality, model, minutiae)
        if again is None:
            return template
        return replace(template, enhanced=Features(self._finger_vector(again), again))

    def _minutiae(self, capture: Capture, *, twice: bool) -> Extracted:
        """A finger's minutiae, from its picture or its minutiae record.

        The template of a record carries our model's name although another extractor found its minutiae: so the two can
        be compared. They agree only as far as the extractors do.
        """
        if is_minutiae_record(capture.content):
            return Extracted(*extract_record(capture.content, capture.dpi, capture.position), None)
        with self._image(capture.content, capture.dpi, (capture.position,)) as image:
            found = self._finger.extract(image, twice=twice)
        return found._replace(quality=replace(found.quality, warnings=image.warnings))

    @contextmanager
    def _image(self, content: bytes, dpi: float | None, sent_as: Collection[Position]) -> Iterator[Image]:
        """The picture, with its share of the pixels for as long as it is used. Raises CaptureError or MatcherBusy."""
        header, of_fingers = read_header(content, dpi=dpi, sent_as=sent_as), Position.FACE not in sent_as
        if of_fingers and header.dpi_is_final:
            check_extent(header.width, header.height, header.dpi)
        with self.budget.share(_share(header, of_fingers), self._patience):
            yield _decoded(content, dpi, sent_as)


def finger_model(extractor: str, vector: str) -> str:
    """The hash that a finger template carries, made of the hashes of its two networks."""
    return hashlib.sha256(f"{extractor} {vector}".encode()).hexdigest()[:12]


def _share(header: Header, of_fingers: bool) -> int:
    """What a capture takes of the memory, in pixels of a large portrait."""
    if not of_fingers:
        return header.pixels + FACE_SHARE
    at_500_dpi = (FINGER_LARGEST_MM / 25.4 * FINGER_DPI) ** 2
    return header.pixels + round(
        FINGER_SHARE * min(header.pixels * (FINGER_DPI / (header.dpi or FINGER_DPI)) ** 2, at_500_dpi)
    )


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

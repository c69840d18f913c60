"""Faces: found, brought upright, turned into a vector, and judged."""

import hashlib
from pathlib import Path

import numpy as np

from matcher.errors import NoFace, SeveralFaces
from matcher.face.align import align
from matcher.face.detect import Detector, Face
from matcher.face.embed import Embedder
from matcher.face.quality import assess
from matcher.networks import MODELS, open_network
from matcher.parameters import SECOND_FACE_SCORE, SECOND_FACE_SIZE
from matcher.types import Image, Pixels, Quality, Vector

__all__ = ["FaceExtractor"]

EXTRACTION = 1
"""Raised whenever the same networks would give another vector for the same picture."""


class FaceExtractor:
    """Portraits to vectors. Any thread may call.

    model: short hash of the networks and of this code's version; vectors of different models are never compared.
    dimension: length of the vectors.
    """

    def __init__(self, models: Path = MODELS, threads: int = 1) -> None:
        detector = open_network("yunet", threads=threads, models=models)
        embedding = open_network("sface", threads=threads, models=models)
        self._detector = Detector(detector)
        self._embedder = Embedder(embedding)
        named = f"{EXTRACTION} {detector.entry.sha256} {embedding.entry.sha256}"
        self.model = hashlib.sha256(named.encode()).hexdigest()[:12]
        self.dimension = self._embedder.dimension

    def check(self, image: Image) -> None:
        """Raises NoFace or SeveralFaces as extract would, at the cost of the detector alone."""
        self._only_face(_rgb(image))

    def extract(self, image: Image) -> tuple[Vector, Quality]:
        """The one face's unit vector, float32 (dimension,), and its quality. Raises NoFace or SeveralFaces."""
        pixels = _rgb(image)
        raw = self._embedder.embed(align(pixels, self._only_face(pixels).landmarks))
        length = float(np.linalg.norm(raw))
        return (raw / length).astype(np.float32), assess(length)

    def quality(self, image: Image) -> Quality:
        """As extract gives it; nothing else is kept. Raises NoFace or SeveralFaces."""
        return self.extract(image)[1]

    def _only_face(self, pixels: Pixels) -> Face:
        faces = sorted(self._detector.find(pixels), key=_area, reverse=True)
        if not faces:
            raise NoFace("no face was found; the face must be whole, in the light and turned to the camera")
        rivals = [face for face in faces[1:] if _is_rival(face, faces[0])]
        if rivals:
            raise SeveralFaces(f"{len(rivals) + 1} faces were found; only one person may be in the picture")
        return faces[0]


def _rgb(image: Image) -> Pixels:
    return image.pixels if image.pixels.ndim == 3 else np.repeat(image.pixels[:, :, None], 3, axis=2)


def _area(face: Face) -> float:
    return float(np.prod(face.size))


def _is_rival(face: Face, main: Face) -> bool:
    """Large and sure enough to be taken for the person in question, not a passer-by or a picture on the wall."""
    return face.score >= SECOND_FACE_SCORE and _area(face) >= SECOND_FACE_SIZE**2 * _area(main)

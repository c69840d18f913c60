"""Faces: found, rotated upright, described by a vector, and judged."""

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np

from matcher.errors import NoFace
from matcher.face.align import align
from matcher.face.detect import find_faces
from matcher.face.embed import Embedder, side_by_side
from matcher.face.liveness import Liveness
from matcher.face.quality import assess
from matcher.face.subject import NO_FACE, subject_face
from matcher.face.upright import detect_again
from matcher.face.yunet import Face, YuNet
from matcher.networks import MODELS, Network, open_network, read_manifest
from matcher.types import Image, Pixels, Quality, Vector

__all__ = ["FaceExtractor"]

EXTRACTION = 1
"""Increased whenever the same networks would give another vector for the same picture."""


class FaceExtractor:
    """Makes vectors of portraits. Any thread may call any method.

    model: short hash of the networks and of this code's version; vectors of different models are never compared.
    dimension: length of the vectors.
    """

    def __init__(self, models: Path = MODELS, threads: int = 1) -> None:
        """Load every `face_embedding` of the manifest, for vectors side by side, and its `pad` networks, if any."""

        def networks(kind: str) -> list[Network]:
            names = [entry.name for entry in read_manifest(models).values() if entry.kind == kind]
            return [open_network(name, threads=threads, models=models) for name in names]

        (detector,), embeddings, pads = (networks(kind) for kind in ("face_detector", "face_embedding", "pad"))
        self._yunet = YuNet(detector)
        self._embedders = [Embedder(network) for network in embeddings]
        self._liveness = [Liveness(network) for network in pads]
        named = [str(EXTRACTION), *(network.entry.sha256 for network in (detector, *embeddings))]
        self.model = hashlib.sha256(" ".join(named).encode()).hexdigest()[:12]
        self.dimension = sum(embedder.dimension for embedder in self._embedders)

    def check(self, image: Image) -> None:
        """Raises NoFace or SeveralFaces as `extract` would, at the cost of the detector alone."""
        subject_face(self.faces(image), image)

    def extract(self, image: Image) -> tuple[Vector, Quality]:
        """The subject face's unit vector, float32 (dimension,), and its quality. Raises NoFace or SeveralFaces."""
        face, alone = subject_face(self.faces(image), image)
        vector, quality = self.describe(image, face)
        return vector, quality if alone else replace(quality, reasons=(*quality.reasons, "several_people"))

    def quality(self, image: Image) -> Quality:
        """As `extract` returns it; nothing is kept. Raises NoFace or SeveralFaces."""
        return self.extract(image)[1]

    def faces(self, image: Image) -> list[Face]:
        """Every face of the picture, highest score first."""
        return find_faces(self._yunet, _rgb(image))

    def describe(self, image: Image, face: Face) -> tuple[Vector, Quality]:
        """Vector and quality of one face of the picture, as by `extract`. Raises NoFace if the second detection finds
        none.
        """
        pixels = _rgb(image)
        confirmed = detect_again(self._yunet, pixels, face)
        if confirmed is None:
            raise NoFace(NO_FACE)
        crop = align(pixels, confirmed.landmarks)
        raw = [embedder.embed(crop) for embedder in self._embedders]
        quality = assess(pixels, confirmed, crop, length=float(np.linalg.norm(raw[0])))
        if self._liveness:
            least = min(judge.judge(pixels, confirmed) for judge in self._liveness)
            quality = replace(quality, components={**quality.components, "liveness": least})
        return side_by_side(raw), quality


def _rgb(image: Image) -> Pixels:
    """(H, W, 3); of a grey picture a view that must not be written to."""
    pixels = image.pixels
    return pixels if pixels.ndim == 3 else np.broadcast_to(pixels[:, :, None], (*pixels.shape, 3))

"""Whose portrait this is, where a picture shows more than one face."""

import numpy as np

from matcher import parameters as p
from matcher.errors import NoFace, SeveralFaces
from matcher.face.yunet import Face
from matcher.types import Image

NO_FACE = "no face was found; the face must be whole, in the light and turned to the camera"


def sitter(faces: list[Face], image: Image) -> tuple[Face, bool]:
    """The face that was meant, and whether it is the only one that could be.

    Small or unsure faces are passers-by. Of several others, the one in the middle was meant, if it is there alone and
    hardly smaller than any. Raises NoFace, and SeveralFaces where nobody can tell.
    """
    if not faces:
        raise NoFace(NO_FACE)
    largest = max(faces, key=_area)
    rivals = [face for face in faces if face is largest or _counts(face, largest)]
    if len(rivals) == 1:
        return largest, True
    middle, *others = sorted(rivals, key=lambda face: _off_centre(face, image))
    place = _off_centre(middle, image)
    apart = min(_off_centre(face, image) for face in others) - place
    meant = _area(middle) >= p.SITTER_SIZE**2 * _area(largest)
    if place > p.SITTER_OFF_CENTRE or apart < p.SITTER_APART or not meant:
        raise SeveralFaces(f"{len(rivals)} faces were found, none of them alone in the middle; show one person only")
    return middle, False


def _area(face: Face) -> float:
    return float(np.prod(face.size))


def _off_centre(face: Face, image: Image) -> float:
    """How far from the picture's upright middle line, in shares of its width: how high a face sits tells nothing."""
    return float(abs(face.centre[0] / image.pixels.shape[1] - 0.5))


def _counts(face: Face, largest: Face) -> bool:
    """Large and sure enough to be the person in question, not a passer-by or a picture on the wall."""
    return face.score >= p.SECOND_FACE_SCORE and _area(face) >= p.SECOND_FACE_SIZE**2 * _area(largest)

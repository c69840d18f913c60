"""The subject face of a picture that may show several."""

import numpy as np

from matcher import parameters as p
from matcher.errors import NoFace, SeveralFaces
from matcher.face.yunet import Face
from matcher.types import Image

NO_FACE = "no face was found; the whole face must be visible, well lit and facing the camera"


def subject_face(faces: list[Face], image: Image) -> tuple[Face, bool]:
    """The face that is the subject's, and whether no other face could be.

    Small or uncertain faces are passers-by. Of several large ones, the subject's is the one in the middle, if it is
    alone there and hardly smaller than the largest. A smaller one may be the subject's too, such as a child's before an
    adult who is nearer to the camera: the largest is taken, and the answer is that it is not the only one. Raises
    NoFace, and SeveralFaces if several are large and none is clearly the subject's.
    """
    if not faces:
        raise NoFace(NO_FACE)
    largest = max(faces, key=_area)
    rivals = [face for face in faces if face is largest or _counts(face, largest)]
    if len(rivals) == 1:
        return largest, not any(_may_be_meant(face, largest, image) for face in faces if face is not largest)
    middle, *others = sorted(rivals, key=lambda face: _off_centre(face, image))
    off_centre = _off_centre(middle, image)
    apart = min(_off_centre(face, image) for face in others) - off_centre
    large = _area(middle) >= p.SUBJECT_SIZE**2 * _area(largest)
    if off_centre > p.SUBJECT_OFF_CENTRE or apart < p.SUBJECT_APART or not large:
        raise SeveralFaces(f"{len(rivals)} faces were found, none of them alone in the middle; show one person only")
    return middle, False


def _area(face: Face) -> float:
    return float(np.prod(face.size))


def _off_centre(face: Face, image: Image) -> float:
    """Distance from the picture's upright middle line, in shares of its width: the height of a face means nothing."""
    return float(abs(face.centre[0] / image.pixels.shape[1] - 0.5))


def _counts(face: Face, largest: Face) -> bool:
    """Whether a face is large and certain enough to be the subject's, not a passer-by's or a picture's on the wall."""
    return _is_clear(face, largest, p.SECOND_FACE_SIZE)


def _may_be_meant(face: Face, largest: Face, image: Image) -> bool:
    """Whether a face may be the one that the picture was taken of: clear, and not cut off by the picture's edge.

    The detector's box of a face that is cut off ends at the edge.
    """
    reach = (0.5 + p.MEANT_FACE_MARGIN) * face.size
    whole = bool((face.centre >= reach).all() and (face.centre + reach <= image.pixels.shape[1::-1]).all())
    return whole and _is_clear(face, largest, p.MEANT_FACE_SIZE)


def _is_clear(face: Face, largest: Face, size: float) -> bool:
    return face.score >= p.SECOND_FACE_SCORE and _area(face) >= size**2 * _area(largest)

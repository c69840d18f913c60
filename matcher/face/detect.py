"""All faces of a picture, of any size."""

import numpy as np
from PIL import Image as Pillow
from PIL import ImageOps

from matcher.face.yunet import Face, YuNet
from matcher.parameters import FACE_DETECTION_SIDE, FACE_PASSES
from matcher.types import Pixels


def find_faces(yunet: YuNet, pixels: Pixels) -> list[Face]:
    """All faces of an RGB picture (H, W, 3), highest score first. Later passes run only while nothing is found."""
    picture = Pillow.fromarray(pixels)
    scale = min(1.0, FACE_DETECTION_SIDE / max(picture.size))
    small = _resized(picture, scale)
    for settings in FACE_PASSES:
        border = round(settings.border * max(small.size))
        framed = ImageOps.expand(small, border) if border else small
        faces = yunet(np.asarray(framed), settings.score)
        if faces:
            return [_in_picture(face, scale, border) for face in faces]
    return []


def _resized(picture: Pillow.Image, scale: float) -> Pillow.Image:
    if scale == 1.0:
        return picture
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    return picture.resize(size, Pillow.Resampling.BILINEAR, reducing_gap=3.0)


def _in_picture(face: Face, scale: float, border: int) -> Face:
    factor, shift = np.float32(1 / scale), np.float32(border)
    return Face((face.centre - shift) * factor, face.size * factor, (face.landmarks - shift) * factor, face.score)

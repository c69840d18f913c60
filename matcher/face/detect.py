"""All faces of a picture, of any size."""

import numpy as np
from PIL import Image as Pillow
from PIL import ImageOps

from matcher.face.yunet import Face, YuNet
from matcher.memory import strips
from matcher.parameters import FACE_DETECTION_SIDE, FACE_PASSES
from matcher.types import Pixels


def find_faces(yunet: YuNet, pixels: Pixels) -> list[Face]:
    """All faces of an RGB picture (H, W, 3), highest score first. Later passes run only while nothing is found."""
    scale = min(1.0, FACE_DETECTION_SIDE / max(pixels.shape[:2]))
    small = _resized(pixels, scale)
    for settings in FACE_PASSES:
        border = round(settings.border * max(small.size))
        framed = ImageOps.expand(small, border) if border else small
        faces = yunet(np.asarray(framed), settings.score)
        if faces:
            return [_in_picture(face, scale, border) for face in faces]
    return []


REDUCING_GAP = 3.0
"""How many times larger than wanted a picture stays when it is first reduced by a whole number, which is faster."""


def _resized(pixels: Pixels, scale: float) -> Pillow.Image:
    """As Pillow's `resize` with a reducing gap, which would take a copy of the whole picture of 4 bytes per pixel."""
    if scale == 1.0:
        return Pillow.fromarray(pixels)
    height, width = pixels.shape[:2]
    size = max(1, round(width * scale)), max(1, round(height * scale))
    across, down = (int(side / wanted / REDUCING_GAP) or 1 for side, wanted in zip((width, height), size, strict=True))
    reduced = _reduced(pixels, across, down)
    return reduced.resize(size, Pillow.Resampling.BILINEAR, (0, 0, width / across, height / down))


def _reduced(pixels: Pixels, across: int, down: int) -> Pillow.Image:
    """The means of blocks of so many pixels."""
    height, width = pixels.shape[:2]
    reduced = Pillow.new("RGB", (-(-width // across), -(-height // down)))
    for rows in strips(height, width, down):
        reduced.paste(Pillow.fromarray(pixels[rows]).reduce((across, down)), (0, rows.start // down))
    return reduced


def _in_picture(face: Face, scale: float, border: int) -> Face:
    factor, shift = np.float32(1 / scale), np.float32(border)
    return Face((face.centre - shift) * factor, face.size * factor, (face.landmarks - shift) * factor, face.score)

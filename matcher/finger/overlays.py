"""Overlays: pictures of intermediate results of extraction and comparison, for operators and for debugging.

All are RGB, uint8 (H, W, 3), at 500 dpi.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageDraw

from matcher import parameters as p
from matcher.finger.cylinders import prepare
from matcher.finger.extract import find_ridges
from matcher.finger.matching import paired_minutiae
from matcher.types import Image, Minutiae, Pixels

ENDING, BIFURCATION, PAIRED = (214, 39, 40), (31, 119, 180), (44, 160, 44)
GAP = 16
"""Pixels between two prints side by side."""


def segmentation_overlay(image: Image) -> Pixels:
    """The print: the background is tinted, ridges are crossed by lines along their flow."""
    grey, ridges = find_ridges(image)
    mask = np.repeat(np.repeat(ridges.ridge, p.RIDGE_STEP, axis=0), p.RIDGE_STEP, axis=1)
    tinted = np.repeat(grey[:, :, None], 3, axis=2)
    tinted[~mask[: grey.shape[0], : grey.shape[1]], 1:] //= 2
    picture = Pillow.fromarray(tinted)
    draw = ImageDraw.Draw(picture)
    for row, column in zip(*np.nonzero(ridges.ridge), strict=True):
        along = float(ridges.orientation[row, column]) + np.pi / 2
        x, y = (column + 0.5) * p.RIDGE_STEP, (row + 0.5) * p.RIDGE_STEP
        u, v = 6 * np.cos(along), 6 * np.sin(along)
        draw.line([x - u, y - v, x + u, y + v], fill=PAIRED)
    return np.asarray(picture)


def minutiae_overlay(image: Image, minutiae: Minutiae) -> Pixels:
    """The print with its minutiae, red endings and blue bifurcations, each with a line in its direction."""
    picture = _paper(image)
    colours = [ENDING if ending else BIFURCATION for ending in minutiae.ending]
    _mark(ImageDraw.Draw(picture), minutiae, np.arange(len(minutiae)), colours)
    return np.asarray(picture)


def pairs_overlay(first: tuple[Image, Minutiae], second: tuple[Image, Minutiae]) -> Pixels:
    """Two prints side by side, with lines between the pairs of minutiae that made their score."""
    _, pairs = paired_minutiae(prepare(first[1]), prepare(second[1]))
    sheets = [_paper(first[0]), _paper(second[0])]
    height, offset = max(sheet.height for sheet in sheets), sheets[0].width + GAP
    picture = Pillow.new("RGB", (offset + sheets[1].width, height), "white")
    picture.paste(sheets[0], (0, 0))
    picture.paste(sheets[1], (offset, 0))
    draw = ImageDraw.Draw(picture)
    for minutiae, shift, rows in ((first[1], 0, pairs[:, 0]), (second[1], offset, pairs[:, 1])):
        _mark(draw, minutiae, rows, [PAIRED] * len(rows), shift)
    for a, b in pairs:
        draw.line([first[1].x[a], first[1].y[a], second[1].x[b] + offset, second[1].y[b]], fill=PAIRED)
    return np.asarray(picture)


def _paper(image: Image) -> Pillow.Image:
    return Pillow.fromarray(find_ridges(image)[0]).convert("RGB")


def _mark(
    draw: ImageDraw.ImageDraw,
    minutiae: Minutiae,
    rows: NDArray[np.integer],
    colours: list[tuple[int, int, int]],
    shift: int = 0,
) -> None:
    for row, colour in zip(rows, colours, strict=True):
        x, y, direction = float(minutiae.x[row]) + shift, float(minutiae.y[row]), float(minutiae.direction[row])
        draw.ellipse([x - 3, y - 3, x + 3, y + 3], outline=colour)
        draw.line([x, y, x + 10 * np.cos(direction), y + 10 * np.sin(direction)], fill=colour)

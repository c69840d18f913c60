"""The pictures show what they say, where they say it."""

import numpy as np

from matcher.finger import FingerExtractor, minutiae_picture, pairs_picture, segmentation_picture
from matcher.finger.seeing import GAP
from tests.matcher.finger.test_extract import picture


def test_minutiae_are_marked_at_their_places() -> None:
    image = picture("p1_1.png")
    minutiae = FingerExtractor().minutiae(image)
    seen = minutiae_picture(image, minutiae)
    assert seen.shape == (*image.pixels.shape, 3)
    assert seen.dtype == np.uint8
    coloured = (seen.max(axis=2) != seen.min(axis=2)).nonzero()
    drawn = np.stack(coloured, axis=1)
    for x, y in zip(minutiae.x, minutiae.y, strict=True):
        assert np.abs(drawn - [y, x]).max(axis=1).min() <= 3
    apart = np.linalg.norm(drawn[:, None] - np.stack([minutiae.y, minutiae.x], axis=1), axis=2)
    assert apart.min(axis=1).max() <= 12


def test_ground_is_tinted_and_ridges_are_not() -> None:
    image = picture("p1_1.png")
    grey = np.pad(image.pixels, 80, constant_values=255)
    seen = segmentation_picture(type(image)(grey))
    assert (seen[5, 5] == [255, 127, 127]).all()
    middle = seen[grey.shape[0] // 2 - 20 : grey.shape[0] // 2 + 20, grey.shape[1] // 2 - 20 : grey.shape[1] // 2 + 20]
    assert (middle.max(axis=2) == middle.min(axis=2)).mean() > 0.6


def test_two_prints_stand_side_by_side_with_their_pairs() -> None:
    extractor = FingerExtractor()
    first, second = picture("p1_1.png"), picture("p1_2.png")
    seen = pairs_picture((first, extractor.minutiae(first)), (second, extractor.minutiae(second)))
    (height, width), (other_height, other_width) = first.pixels.shape, second.pixels.shape
    assert seen.shape == (max(height, other_height), width + GAP + other_width, 3)
    gap = seen[:, width : width + GAP]
    assert (gap.max(axis=2) != gap.min(axis=2)).any()

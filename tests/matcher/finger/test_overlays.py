"""Overlays show what they should, where they should."""

import numpy as np

from matcher.finger import FingerExtractor, minutiae_overlay, pairs_overlay, segmentation_overlay
from matcher.finger.overlays import GAP
from tests.matcher.finger.test_extract import picture


def test_minutiae_are_marked_where_they_are() -> None:
    image = picture("p1_1.png")
    minutiae = FingerExtractor().minutiae(image)
    shown = minutiae_overlay(image, minutiae)
    assert shown.shape == (*image.pixels.shape, 3)
    assert shown.dtype == np.uint8
    coloured = (shown.max(axis=2) != shown.min(axis=2)).nonzero()
    drawn = np.stack(coloured, axis=1)
    for x, y in zip(minutiae.x, minutiae.y, strict=True):
        assert np.abs(drawn - [y, x]).max(axis=1).min() <= 3
    apart = np.linalg.norm(drawn[:, None] - np.stack([minutiae.y, minutiae.x], axis=1), axis=2)
    assert apart.min(axis=1).max() <= 12


def test_background_is_tinted_and_ridges_are_not() -> None:
    image = picture("p1_1.png")
    grey = np.pad(image.pixels, 80, constant_values=255)
    shown = segmentation_overlay(type(image)(grey))
    assert (shown[5, 5] == [255, 127, 127]).all()
    middle = shown[grey.shape[0] // 2 - 20 : grey.shape[0] // 2 + 20, grey.shape[1] // 2 - 20 : grey.shape[1] // 2 + 20]
    assert (middle.max(axis=2) == middle.min(axis=2)).mean() > 0.6


def test_two_prints_stand_side_by_side_with_their_pairs() -> None:
    extractor = FingerExtractor()
    first, second = picture("p1_1.png"), picture("p1_2.png")
    shown = pairs_overlay((first, extractor.minutiae(first)), (second, extractor.minutiae(second)))
    (height, width), (other_height, other_width) = first.pixels.shape, second.pixels.shape
    assert shown.shape == (max(height, other_height), width + GAP + other_width, 3)
    gap = shown[:, width : width + GAP]
    assert (gap.max(axis=2) != gap.min(axis=2)).any()

"""Quality falls with everything that spoils a print, and names it."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy import ndimage

from matcher.finger import FingerExtractor
from matcher.finger.extract import find_ridges
from matcher.finger.quality import finger_quality
from matcher.types import Image, Pixels, Quality
from tests.matcher.finger.made_up import made_up_finger
from tests.matcher.finger.test_extract import picture


@pytest.fixture(scope="module")
def extractor() -> FingerExtractor:
    return FingerExtractor()


def judged(extractor: FingerExtractor, pixels: Pixels) -> Quality:
    image = Image(pixels)
    return extractor.quality(image, extractor.minutiae(image))


def test_a_clear_print_scores_well_without_reasons(extractor: FingerExtractor) -> None:
    quality = judged(extractor, picture("p1_1.png").pixels)
    assert quality.score > 60
    assert quality.reasons == ()


@pytest.mark.parametrize("sigma", [90, 130])
def test_noise_lowers_the_score(sigma: float, extractor: FingerExtractor) -> None:
    clean = picture("p1_1.png").pixels
    noisy = np.clip(clean + np.random.default_rng(1).normal(0, sigma, clean.shape), 0, 255).astype(np.uint8)
    assert judged(extractor, noisy).score < judged(extractor, clean).score


def test_less_finger_scores_less_and_is_the_reason(extractor: FingerExtractor) -> None:
    whole = picture("p1_1.png").pixels
    rows, columns = np.mgrid[: whole.shape[0], : whole.shape[1]]
    middle = np.hypot(rows - whole.shape[0] / 2, columns - whole.shape[1] / 2)
    scores = [judged(extractor, np.where(middle < radius, whole, 255).astype(np.uint8)) for radius in (130, 90, 55)]
    assert scores[0].score > scores[1].score > scores[2].score
    assert scores[2].reasons[0] == "too_small_area"


def test_no_finger_is_named() -> None:
    extractor = FingerExtractor()
    quality = judged(extractor, np.full((300, 300), 255, np.uint8))
    assert (quality.score, quality.reasons) == (0, ("not_a_finger",))


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda clean: ndimage.grey_dilation(clean, size=(3, 3)), "too_dry"),
        (lambda clean: ndimage.grey_erosion(clean, size=(3, 3)), "too_wet"),
        (lambda clean: ndimage.gaussian_filter(clean, 3), "smudged"),
    ],
)
def test_thin_closed_and_blurred_ridges_are_distinguished(spoil: Callable[[Pixels], Pixels], reason: str) -> None:
    """Of prints with too few sure minutiae and area enough."""
    few = made_up_finger(1, count=8)
    assert finger_quality(*find_ridges(Image(spoil(picture("p2_1.png").pixels))), few).reasons == (reason,)

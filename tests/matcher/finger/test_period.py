"""The distance between ridges shows a wrong resolution."""

import numpy as np
import pytest

from matcher.decode import decode
from matcher.finger import FingerExtractor
from matcher.finger.extract import find_ridges
from matcher.finger.period import ridge_period
from matcher.parameters import USUAL_DPI
from matcher.types import Image, Pixels
from tests.data import evaluation_data
from tests.matcher.finger.made_up import ridges_picture
from tests.matcher.finger.test_extract import checked, picture

DOUBTFUL = "resolution_doubtful"


def period(pixels: Pixels, dpi: float = 500) -> float:
    return ridge_period(*find_ridges(Image(pixels, dpi)))


@pytest.mark.parametrize(("stated", "pixels"), [(250, 18), (400, 11.25), (500, 9), (750, 6), (1000, 4.5)])
def test_the_period_is_that_of_the_resolution_stated(stated: float, pixels: float) -> None:
    assert period(ridges_picture(), stated) == pytest.approx(pixels, rel=0.06)


@pytest.mark.parametrize("shape", [(1, 1), (5, 700), (31, 400), (65, 33), (400, 400)])
def test_a_blank_has_no_period(shape: tuple[int, int]) -> None:
    assert period(np.full(shape, 128, np.uint8)) == 0


def test_a_picture_of_any_shape_is_measured() -> None:
    for height, width in ((31, 320), (320, 33), (47, 49)):
        assert period(ridges_picture()[:height, :width]) >= 0


@pytest.fixture(scope="module")
def extractor() -> FingerExtractor:
    return FingerExtractor()


@pytest.mark.parametrize("name", ["p1_1.png", "p2_1.png"])
@pytest.mark.parametrize(("stated", "doubtful"), [(250, True), (300, True), (500, False), (750, True), (1000, True)])
def test_a_wrong_resolution_is_a_reason_whatever_the_score(
    name: str, stated: float, doubtful: bool, extractor: FingerExtractor
) -> None:
    image = Image(picture(name).pixels, stated)
    quality = extractor.quality(image, extractor.minutiae(picture("p1_1.png")))
    assert quality.score >= 60
    assert (DOUBTFUL in quality.reasons) is doubtful
    believed = 500 if stated >= USUAL_DPI[1] else stated
    assert quality.components["ridge_period_px"] == pytest.approx(9.1 * 500 / believed, rel=0.1)


def test_what_is_no_finger_has_no_reason_but_that(extractor: FingerExtractor) -> None:
    image = Image(checked("obama.jpg")[:400, :400])
    assert extractor.quality(image, extractor.minutiae(image)).reasons == ("not_a_finger",)


@pytest.mark.parametrize(("name", "dpi"), [("FVC2000_DB2_B", 500), ("FVC2002_DB1_B", 500), ("FVC2002_DB2_B", 569)])
def test_real_prints_of_a_true_resolution_are_not_doubted(name: str, dpi: float) -> None:
    for path in sorted(evaluation_data(f"fingerprints/{name}").glob("*_1.png")):
        print_ = decode(path.read_bytes(), dpi=dpi).pixels
        assert 6.5 <= period(print_, dpi) <= 12.5, path.name
        assert not 6.5 <= period(print_, dpi / 2) <= 12.5, path.name

"""A slap, a palm and prints side by side that are sent as one finger."""

import numpy as np
import pytest

from matcher.decode import decode
from matcher.finger import FingerExtractor
from matcher.finger.extract import find_ridges
from matcher.finger.several import shows_several
from matcher.types import Image, Pixels
from tests.data import evaluation_data
from tests.matcher.finger.made_up import ridges_picture
from tests.matcher.finger.test_extract import PRINTS, picture
from tests.matcher.finger.test_slaps import SAMPLES, slap

REASON = "slap_as_finger"


def several(pixels: Pixels, dpi: float = 500) -> bool:
    return shows_several(*find_ridges(Image(pixels, dpi)))


def waves(width: int) -> Pixels:
    """Bent ridges without a gap, as of a palm."""
    rows, columns = np.mgrid[:400, :width]
    return np.asarray(127 + 80 * np.sin(2 * np.pi * (rows + 60 * np.sin(columns / 120)) / 9), np.uint8)


@pytest.mark.parametrize("count", [2, 3, 4])
def test_fingers_side_by_side_are_several(count: int) -> None:
    assert several(slap([1, 2, 3, 4][:count]).pixels)
    assert several(slap([1, 2, 3, 4][:count], tilt=20).pixels)


def test_one_finger_is_not() -> None:
    assert not several(slap([1]).pixels)
    assert not several(ridges_picture())
    assert not several(np.full((400, 400), 255, np.uint8))
    for name in PRINTS:
        assert not several(picture(name).pixels), name


def test_ridges_wider_than_any_finger_are_several() -> None:
    assert several(waves(1000))
    assert not several(waves(700))


def test_two_prints_in_one_picture_are_a_reason_and_are_not_refused() -> None:
    both = Image(np.hstack([picture("p1_1.png").pixels, picture("p2_1.png").pixels]), 500)
    minutiae, quality, _ = FingerExtractor().extract(both)
    assert len(minutiae) > 40
    assert quality.score > 60
    assert quality.reasons == (REASON,)


@pytest.mark.parametrize("name", SAMPLES)
def test_slaps_of_nist_are_several(name: str) -> None:
    assert several(decode(evaluation_data(f"formats/slaps/{name}.png").read_bytes(), dpi=500).pixels)


@pytest.mark.parametrize("name", ["wsq-original", "Right_Thumb", "info_finger_left_thumb_auth"])
def test_wide_prints_of_one_finger_are_not(name: str) -> None:
    """The first is rolled, 39 mm wide."""
    assert not several(decode(evaluation_data(f"formats/wsq/{name}.wsq").read_bytes(), dpi=500).pixels)


def test_prints_of_fvc_are_not() -> None:
    for path in sorted(evaluation_data("fingerprints/FVC2000_DB3_B").glob("*_1.png")):
        assert not several(decode(path.read_bytes(), dpi=500).pixels), path.name

"""The enhanced picture: ridges stand out, nothing moves; poor prints are read twice."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow

from matcher.finger import FingerExtractor, compare, prepare
from matcher.finger.enhance import enhanced
from matcher.parameters import ENHANCED_BELOW
from matcher.types import Image, Vector
from tests.data import evaluation_data


def waves(period: float, height: int = 200, width: int = 240) -> Vector:
    column = np.arange(width)
    return np.tile(np.cos(2 * np.pi * column / period), (height, 1)).astype(np.float32)


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 90), st.integers(1, 90), st.integers(0, 2**32 - 1))
def test_any_picture_keeps_its_size(height: int, width: int, seed: int) -> None:
    grey = np.random.default_rng(seed).integers(0, 256, (height, width), np.uint8)
    clear = enhanced(grey)
    assert clear.shape == grey.shape
    assert clear.dtype == np.uint8


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_blank_picture_stays_blank(level: int) -> None:
    assert np.ptp(enhanced(np.full((90, 70), level, np.uint8))) <= 1


def test_faint_ridges_under_noise_and_uneven_light_come_out_where_they_were() -> None:
    rng = np.random.default_rng(1)
    wave = waves(9)
    light = np.linspace(40, 200, wave.shape[1])
    spoilt = np.clip(light + 8 * wave + rng.normal(0, 12, wave.shape), 0, 255).astype(np.uint8)
    clear = enhanced(spoilt)[32:-32, 32:-32].astype(float)
    kept = wave[32:-32, 32:-32].ravel()
    assert np.corrcoef(clear.ravel(), kept)[0, 1] > 0.9
    assert np.corrcoef(spoilt[32:-32, 32:-32].ravel(), kept)[0, 1] < 0.2


@pytest.mark.parametrize("period", [2.5, 30])
def test_waves_that_no_ridge_has_are_left_out(period: float) -> None:
    """Beside ridges; alone, any picture is raised to full contrast."""
    ridges, other = waves(9).T[:200, :200], waves(period)[:200, :200]
    clear = enhanced(np.clip(128 + 40 * ridges + 40 * other, 0, 255).astype(np.uint8))[40:-40, 40:-40].ravel()
    of_ridges, of_other = (abs(np.corrcoef(clear, one[40:-40, 40:-40].ravel())[0, 1]) for one in (ridges, other))
    assert of_ridges > 0.9
    assert of_other < 0.1


def read(name: str) -> Image:
    return Image(np.asarray(Pillow.open(evaluation_data(f"fingerprints/{name}.png")).convert("L")))


def test_a_print_of_too_few_minutiae_matches_by_its_enhanced_picture() -> None:
    extractor = FingerExtractor()
    mate = prepare(extractor.extract(read("FVC2000_DB4_B/101_1")).minutiae)
    found = extractor.extract(read("FVC2000_DB4_B/101_3"))
    assert found.quality.score < ENHANCED_BELOW
    assert found.enhanced is not None
    assert compare(mate, [prepare(found.minutiae)])[0] == 0
    assert compare(mate, [prepare(found.enhanced)])[0] > 0.1


def test_good_prints_are_read_once_and_poor_ones_too_where_that_is_asked() -> None:
    extractor = FingerExtractor()
    good = extractor.extract(read("FVC2002_DB1_B/101_1"))
    assert good.quality.score >= ENHANCED_BELOW
    assert good.enhanced is None
    assert extractor.extract(read("FVC2000_DB4_B/101_3"), twice=False).enhanced is None

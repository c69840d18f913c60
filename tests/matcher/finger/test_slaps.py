"""Slaps are cut into their fingers: made-up slaps with a known truth, and samples of NIST."""

import math
from dataclasses import dataclass
from functools import cache
from io import BytesIO

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow

from matcher import SLAPS, Extractor, Position
from matcher.decode import decode
from matcher.errors import CaptureError, SlapIncomplete
from matcher.finger import FingerExtractor, compare, prepare
from matcher.finger.extract import find_ridges
from matcher.finger.slaps import Tip, cut_slap, find_tips
from matcher.types import Image, Pixels
from tests.data import evaluation_data
from tests.matcher.finger.made_up import ridges_picture

PAPER = 245
TALL = 380
RIGHT_FOUR = SLAPS["plain_right_four"]
DROPS = (90, 0, 20, 170)
"""How far below the longest finger's end each of the others ends, in pixels."""


@cache
def finger(seed: int) -> Pixels:
    """A tip of 256 × 361 pixels, a crease, and another phalanx under it."""
    tip = Pillow.fromarray(ridges_picture(seed)).resize((320, TALL), Pillow.Resampling.BICUBIC)
    rows, columns = np.mgrid[:260, :320]
    lines = 140 + 70 * np.sin(2 * np.pi * (rows + 0.3 * columns + 4 * np.sin(columns / 40)) / 9)
    lower = np.where((abs(columns - 160) < 95) & (rows > 16), lines, PAPER)
    return np.vstack([np.asarray(tip), lower.astype(np.uint8)])


@pytest.fixture(scope="module")
def extractor() -> Extractor:
    return Extractor(threads=1)


@dataclass(frozen=True, slots=True)
class Slap:
    """A picture, and the middles of its tips (x, y) in pixels."""

    pixels: Pixels
    middles: list[tuple[float, float]]


def slap(seeds: list[int], tilt: float = 0, apart: int = 290) -> Slap:
    """Fingers side by side, rotated clockwise by `tilt` degrees as one. A tip is 256 pixels wide."""
    sheet = np.full((1100, apart * (len(seeds) - 1) + 480), PAPER, np.uint8)
    middles = []
    for at, (seed, drop) in enumerate(zip(seeds, DROPS, strict=False)):
        print_, left, top = finger(seed), 80 + apart * at, 100 + drop
        part = sheet[top : top + len(print_), left : left + 320]
        np.minimum(part, print_, out=part)
        middles.append((left + 160 - sheet.shape[1] / 2, top + TALL / 2 - sheet.shape[0] / 2))
    rotated = Pillow.fromarray(sheet).rotate(-tilt, Pillow.Resampling.BICUBIC, expand=True, fillcolor=PAPER)
    c, s = math.cos(math.radians(tilt)), math.sin(math.radians(tilt))
    middle = rotated.width / 2, rotated.height / 2
    return Slap(np.asarray(rotated), [(c * x - s * y + middle[0], s * x + c * y + middle[1]) for x, y in middles])


def tips_of(pixels: Pixels, wanted: int) -> list[Tip]:
    return find_tips(*find_ridges(Image(pixels)), wanted)


@settings(max_examples=12, deadline=None)
@given(tilt=st.floats(-30, 30), apart=st.integers(246, 300), count=st.integers(2, 4))
@example(tilt=-29.0, apart=248, count=2)  # two tips in one blob and a phalanx are not two fingers
def test_every_tip_is_found_in_order_at_any_tilt_of_the_hand(tilt: float, apart: int, count: int) -> None:
    """Fingers up to 44 pixels apart or overlapping by 10; nothing below the crease is a tip or left on one."""
    made = slap([1, 2, 3, 4][:count], tilt, apart)
    tips = tips_of(made.pixels, count)
    assert len(tips) == count
    for tip, (x, y) in zip(tips, made.middles, strict=True):
        assert math.hypot(tip.x - x, tip.y - y) < 30
        assert abs(math.degrees(tip.angle) - tilt) < 10
        assert 200 < tip.width < 290
        assert 300 < tip.length < 400


def test_a_cut_finger_matches_the_print_it_was_cut_from() -> None:
    extractor = FingerExtractor()
    cut = cut_slap(Image(slap([1, 2, 3, 4], tilt=20).pixels), RIGHT_FOUR)
    assert tuple(cut) == RIGHT_FOUR
    sources = [prepare(extractor.minutiae(Image(finger(seed)[:TALL]))) for seed in (1, 2, 3, 4)]
    for at, image in enumerate(cut.values()):
        scores = compare(prepare(extractor.minutiae(image)), sources)
        assert int(np.argmax(scores)) == at
        assert image.dpi == 500


def test_the_fingers_that_are_there_are_named_in_order() -> None:
    there = [Position.RIGHT_INDEX, Position.RIGHT_RING, Position.RIGHT_LITTLE]
    assert list(cut_slap(Image(slap([1, 2, 3]).pixels), there)) == there


@pytest.mark.parametrize("count", [3, 2])
def test_other_than_the_expected_number_is_refused(count: int) -> None:
    with pytest.raises(SlapIncomplete, match=f"{count} fingers were found, 4 were expected: right_index, right_middle"):
        cut_slap(Image(slap([1, 2, 3, 4][:count]).pixels), RIGHT_FOUR)


def test_a_finger_declared_missing_must_not_be_there() -> None:
    with pytest.raises(SlapIncomplete, match="4 fingers were found, 3 were expected"):
        cut_slap(Image(slap([1, 2, 3, 4]).pixels), RIGHT_FOUR[:3])


def test_an_empty_sheet_shows_no_finger() -> None:
    with pytest.raises(SlapIncomplete, match="0 fingers were found"):
        cut_slap(Image(np.full((700, 1000), PAPER, np.uint8)), RIGHT_FOUR)


def png(pixels: Pixels, dpi: float) -> bytes:
    file = BytesIO()
    Pillow.fromarray(pixels).save(file, "PNG", dpi=(dpi, dpi))
    return file.getvalue()


def test_the_extractor_gives_captures_of_the_fingers_not_declared_missing(extractor: Extractor) -> None:
    """From a picture at 1000 dpi."""
    made = Pillow.fromarray(slap([1, 2, 3]).pixels)
    large = np.asarray(made.resize((made.width * 2, made.height * 2), Pillow.Resampling.BICUBIC))
    missing = {Position.LEFT_RING, Position.RIGHT_THUMB}
    cut = extractor.cut_slap(png(large, 1000), "plain_left_four", missing, dpi=1000)
    fingers = cut.fingers
    assert cut.warnings == ()
    assert [position for position, _ in fingers] == [
        Position.LEFT_LITTLE,
        Position.LEFT_MIDDLE,
        Position.LEFT_INDEX,
    ]
    for _, content in fingers:
        image = decode(content)
        assert image.dpi == pytest.approx(500, abs=0.1)
        assert image.pixels.shape[0] > 1.2 * image.pixels.shape[1] > 1.2 * 240


def test_what_is_no_picture_is_refused(extractor: Extractor) -> None:
    with pytest.raises(CaptureError):
        extractor.cut_slap(b"no picture", "plain_thumbs", ())


SAMPLES = {
    "nbis_valid1.8_1": [(320, 470), (617, 170), (957, 236), (1364, 623)],
    "nbis_valid1.8_2": [(205, 794), (494, 326), (789, 162), (1115, 345)],
    "nbis_valid1.8_3": [(430, 400), (1170, 440)],
    "type-4-14-slaps.an2_1": [(287, 757), (589, 250), (908, 146), (1273, 341)],
    "type-4-14-slaps.an2_2": [(236, 601), (551, 230), (914, 165), (1348, 569)],
    "type-4-14-slaps.an2_3": [(213, 581), (675, 514)],
}
"""The middle of each tip, from left to right for both hands, read from the pictures by eye."""


@pytest.mark.parametrize("name", SAMPLES)
def test_every_finger_of_nist_samples_is_found_and_extracts(name: str) -> None:
    path = evaluation_data(f"formats/slaps/{name}.png")
    image = decode(path.read_bytes(), dpi=500)
    middles = SAMPLES[name]
    tips = find_tips(*find_ridges(image), len(middles))
    assert len(tips) == len(middles)
    for tip, middle in zip(tips, middles, strict=True):
        assert math.hypot(tip.x - middle[0], tip.y - middle[1]) < 60
    part = {4: "plain_right_four", 2: "plain_thumbs"}[len(middles)]
    extractor = FingerExtractor()
    for finger_image in cut_slap(image, SLAPS[part]).values():
        assert len(extractor.extract(finger_image)[0]) >= 15


@pytest.mark.parametrize("gone", range(4))
def test_a_finger_removed_from_a_sample_is_not_replaced_by_another(gone: int) -> None:
    """Its lower phalanges are removed too, as on a hand without the finger."""
    grey, ridges = find_ridges(decode(evaluation_data("formats/slaps/nbis_valid1.8_2.png").read_bytes(), dpi=500))
    tips = find_tips(grey, ridges, 4)
    tip = tips.pop(gone)
    rows, columns = np.mgrid[: grey.shape[0], : grey.shape[1]]
    x, y, c, s = columns - tip.x, rows - tip.y, math.cos(tip.angle), math.sin(tip.angle)
    wiped = (abs(c * x + s * y) < 0.6 * tip.width) & (c * y - s * x > -0.75 * tip.length)
    rest = np.where(wiped, np.uint8(255), grey)
    assert len(tips_of(rest, 4)) == 3
    found = tips_of(rest, 3)
    assert [tip.x for tip in found] == pytest.approx([tip.x for tip in tips], abs=20)

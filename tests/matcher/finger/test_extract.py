"""Extraction on real prints, and on pictures that show no print."""

from functools import cache
from io import BytesIO

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from matcher.errors import NotAFingerprint, TooFewFeatures
from matcher.finger import FingerExtractor, compare, prepare
from matcher.finger.extract import find_ridges, read
from matcher.finger.resample import grey_at_500_dpi
from matcher.finger.ridges import shows_ridges
from matcher.networks import open_network
from matcher.types import Image, Minutiae, Pixels
from tests.captures import capture
from tests.matcher.finger.made_up import ridges_picture, rotated

PRINTS = ["p1_1.png", "p1_2.png", "p2_1.png"]


@cache
def picture(name: str) -> Image:
    return Image(np.asarray(Pillow.open(BytesIO(capture(name))).convert("L")))


@pytest.fixture(scope="module")
def extractor() -> FingerExtractor:
    return FingerExtractor()


def points(minutiae: Minutiae) -> NDArray[np.float64]:
    return np.stack([minutiae.x, minutiae.y], axis=1).astype(np.float64)


def share_found_again(ours: Minutiae, theirs: Minutiae, within: float) -> float:
    """Share of our minutiae that have one of theirs within so many pixels and 20 degrees."""
    apart = np.linalg.norm(points(ours)[:, None] - points(theirs), axis=2)
    angle = np.abs(np.angle(np.exp(1j * (ours.direction[:, None] - theirs.direction))))
    return float(((apart <= within) & (angle < np.radians(20))).any(axis=1).mean())


@pytest.mark.parametrize("name", PRINTS[:2])
def test_the_rebuilt_network_finds_what_the_shipped_one_does(name: str) -> None:
    grey = grey_at_500_dpi(picture(name)).astype(np.float32)
    grey = np.pad(grey, [(0, -side % 32) for side in grey.shape], mode="edge")
    shipped = open_network("leader_as_shipped")(input=grey[None, :, :, None])["head_conc"][0]
    rebuilt = open_network("leader")(image=grey[None, None], least=np.array([0.3], np.float32))
    row, column = np.nonzero(shipped[:, :, 3] > 0.3)
    np.testing.assert_array_equal(rebuilt["place"][:, 2:], np.stack([row, column], axis=1))
    inner = (np.minimum(row, column) > 2) & (row < grey.shape[0] - 3) & (column < grey.shape[1] - 3)
    _, direction, ending, quality = shipped[row, column][inner].T
    described = rebuilt["seen"][inner]
    np.testing.assert_allclose(described[:, 0], quality, atol=1e-4)
    np.testing.assert_allclose(
        np.exp(1j * np.arctan2(described[:, 2], described[:, 1])), np.exp(1j * direction), atol=1e-3
    )
    np.testing.assert_allclose(1 / (1 + np.exp(-described[:, 3])), ending, atol=1e-3)


def test_two_impressions_match_and_another_finger_does_not(extractor: FingerExtractor) -> None:
    first, again, other = (prepare(extractor.extract(picture(name))[0]) for name in PRINTS)
    mated, not_mated = compare(first, [again, other])
    assert mated > 3 * not_mated


@pytest.mark.parametrize("degrees", [30, 145, 250])
def test_a_rotated_print_passes_and_matches(degrees: float, extractor: FingerExtractor) -> None:
    ground = int(picture("p1_1.png").pixels[0, 0])
    print_ = Pillow.fromarray(picture("p1_1.png").pixels).rotate(
        degrees, Pillow.Resampling.BICUBIC, expand=True, fillcolor=ground
    )
    minutiae, _, _ = extractor.extract(Image(np.asarray(print_)))
    again, other = (prepare(extractor.minutiae(picture(name))) for name in PRINTS[1:])
    mated, not_mated = compare(prepare(minutiae), [again, other])
    assert mated > 2 * not_mated


@pytest.mark.parametrize("dpi", [250.0, 1000.0])
def test_another_resolution_gives_minutiae_at_the_same_points(dpi: float, extractor: FingerExtractor) -> None:
    image = picture("p1_1.png")
    size = round(image.pixels.shape[1] * dpi / 500), round(image.pixels.shape[0] * dpi / 500)
    other = np.asarray(Pillow.fromarray(image.pixels).resize(size, Pillow.Resampling.LANCZOS))
    want, got = extractor.minutiae(image), extractor.minutiae(Image(other, dpi))
    assert share_found_again(want, got, within=6) > 0.75


def test_blank_margins_only_shift_the_minutiae(extractor: FingerExtractor) -> None:
    image = picture("p1_1.png")
    wide = np.pad(image.pixels, ((64, 96), (128, 32)), mode="edge")
    want, got = extractor.minutiae(image), extractor.minutiae(Image(wide))
    shifted = Minutiae(got.x - 128, got.y - 64, got.direction, got.quality, got.ending)
    assert share_found_again(want, shifted, within=3) > 0.9


def test_colour_and_negative_change_nothing(extractor: FingerExtractor) -> None:
    grey = ridges_picture()
    want = extractor.minutiae(Image(grey))
    for other in (np.repeat(grey[:, :, None], 3, axis=2), 255 - grey):
        np.testing.assert_array_equal(points(extractor.minutiae(Image(other))), points(want))


def test_fields_are_in_their_ranges(extractor: FingerExtractor) -> None:
    minutiae, _, _ = extractor.extract(picture("p2_1.png"))
    height, width = picture("p2_1.png").pixels.shape
    assert ((minutiae.direction >= 0) & (minutiae.direction < 2 * np.pi)).all()
    assert ((minutiae.x >= 0) & (minutiae.x < width) & (minutiae.y >= 0) & (minutiae.y < height)).all()
    assert ((minutiae.quality > 0) & (minutiae.quality <= 1)).all()
    assert 0 < minutiae.ending.mean() < 1
    assert {minutiae.x.dtype, minutiae.y.dtype, minutiae.direction.dtype} == {np.dtype(np.float32)}


def text_page(size: int) -> Pixels:
    page = Pillow.new("L", (500, 600), 255)
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(size)
    for y in range(0, 600, round(size * 1.25)):
        draw.text((2, y), "The quick brown fox jumps over the lazy dog, 0123456789 times " * 2, font=font, fill=0)
    return np.asarray(page)


def noise(low: int, high: int) -> Pixels:
    return np.random.default_rng(1).integers(low, high, (400, 400)).astype(np.uint8)


def checked(name: str) -> Pixels:
    return np.asarray(Pillow.open(BytesIO(capture(name))).convert("RGB"))


@pytest.mark.parametrize(
    "pixels",
    [
        pytest.param(np.full((400, 400), 200, np.uint8), id="blank"),
        pytest.param(np.full((5, 700), 90, np.uint8), id="sliver"),
        pytest.param(noise(0, 256), id="noise"),
        pytest.param(noise(120, 130), id="faint noise"),
        pytest.param(np.tile(127 + 100 * np.sin(np.arange(400) * 0.7), (400, 1)).astype(np.uint8), id="stripes"),
        *(pytest.param(text_page(size), id=f"text {size}") for size in (10, 14, 20, 40)),
    ],
)
def test_what_is_no_print_is_refused(pixels: Pixels, extractor: FingerExtractor) -> None:
    with pytest.raises(NotAFingerprint):
        extractor.check(Image(pixels))


@pytest.mark.parametrize("name", ["obama.jpg", "biden.jpg"])
def test_a_face_is_refused(name: str, extractor: FingerExtractor) -> None:
    with pytest.raises(NotAFingerprint):
        extractor.extract(Image(checked(name)))


def small(page: Pixels) -> Pixels:
    """So few pixels that its minutiae are looked at, as those of a small reader's picture."""
    return np.ascontiguousarray(page[:500, :500])


@pytest.mark.parametrize("size", [10, 20])
@pytest.mark.parametrize("noisy", [False, True])
def test_small_text_has_not_the_minutiae_of_a_print(size: int, noisy: bool, extractor: FingerExtractor) -> None:
    page = small(text_page(size))
    with pytest.raises(NotAFingerprint):
        extractor.extract(Image(spoilt_by_noise(page, 60) if noisy else page))


@pytest.mark.parametrize("height", [250, 400])
@pytest.mark.parametrize("name", ["obama.jpg", "biden.jpg"])
def test_a_small_face_has_not_the_minutiae_of_a_print(name: str, height: int, extractor: FingerExtractor) -> None:
    face = Pillow.fromarray(checked(name)).convert("L")
    face.thumbnail((height, height), Pillow.Resampling.LANCZOS)
    with pytest.raises(NotAFingerprint):
        extractor.check(Image(np.asarray(face)))
    with pytest.raises(NotAFingerprint):
        extractor.extract(Image(np.asarray(face)))


def spoilt_by_noise(clean: Pixels, deviation: float) -> Pixels:
    return np.clip(clean + np.random.default_rng(1).normal(0, deviation, clean.shape), 0, 255).astype(np.uint8)


def test_a_print_without_clear_ridges_passes_if_it_would_match(extractor: FingerExtractor) -> None:
    image = Image(spoilt_by_noise(picture("p1_2.png").pixels, 130))
    assert not shows_ridges(find_ridges(image)[1])
    extractor.check(image)
    minutiae, quality, _ = extractor.extract(image)
    mate, other = (prepare(extractor.minutiae(picture(name))) for name in ("p1_1.png", "p2_1.png"))
    mated, not_mated = compare(prepare(minutiae), [mate, other])
    assert mated > 0.1 > 4 * not_mated
    assert quality.score > 0
    assert quality.reasons[0] == "not_clear_print"
    assert "not_a_finger" not in quality.reasons


def test_a_print_without_any_sure_minutiae_is_refused(extractor: FingerExtractor) -> None:
    with pytest.raises(NotAFingerprint):
        extractor.check(Image(spoilt_by_noise(picture("p1_2.png").pixels, 400)))


def test_minutiae_of_a_blank_picture_are_not_looked_for(
    extractor: FingerExtractor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extractor, "_find", None)
    for method in (extractor.check, extractor.extract):
        with pytest.raises(NotAFingerprint):
            method(Image(np.full((300, 300), 128, np.uint8)))


def test_minutiae_of_large_pictures_without_clear_ridges_are_not_looked_for(extractor: FingerExtractor) -> None:
    """That would take seconds."""
    noisy = spoilt_by_noise(picture("p1_2.png").pixels, 130)
    wide = Image(np.pad(noisy, ((0, 0), (0, 700 - noisy.shape[1])), constant_values=200))
    assert extractor.quality(wide, extractor.minutiae(Image(noisy))).reasons == ("not_a_finger",)
    for method in (extractor.check, extractor.extract):
        with pytest.raises(NotAFingerprint):
            method(wide)


@pytest.mark.parametrize("degrees", range(0, 180, 20))
def test_ridges_pass_at_any_angle(degrees: int, extractor: FingerExtractor) -> None:
    extractor.check(Image(rotated(ridges_picture(), degrees)))


def test_hardly_any_minutiae_are_too_few(extractor: FingerExtractor) -> None:
    rows, columns = np.mgrid[:300, :300]
    rings = (127 + 100 * np.sin(np.hypot(rows + 200, columns + 200) * 2 * np.pi / 9)).astype(np.uint8)
    with pytest.raises(TooFewFeatures):
        extractor.extract(Image(rings))


def test_models_are_named_alike_in_every_process(extractor: FingerExtractor) -> None:
    assert FingerExtractor().model == extractor.model
    assert len(extractor.model) == 12


@pytest.mark.parametrize("stated", [750, 1000, 1200])
def test_a_print_stated_at_twice_its_resolution_is_read_at_its_own(extractor: FingerExtractor, stated: float) -> None:
    found, quality, _ = extractor.extract(Image(picture("p1_2.png").pixels, stated))
    extractor.check(Image(picture("p1_2.png").pixels, stated))
    assert "resolution_doubtful" in quality.reasons
    mate, other = (prepare(extractor.minutiae(picture(name))) for name in ("p1_1.png", "p2_1.png"))
    mated, not_mated = compare(prepare(found), [mate, other])
    assert mated > 0.1 > 4 * not_mated


def test_a_print_of_a_fine_scanner_is_read_as_stated(extractor: FingerExtractor) -> None:
    print_ = picture("p1_2.png").pixels
    fine = np.asarray(Pillow.fromarray(print_).resize((2 * print_.shape[1], 2 * print_.shape[0])))
    grey, _, doubted = read(Image(fine, 1000))
    assert not doubted
    assert grey.shape == print_.shape
    assert "resolution_doubtful" not in extractor.extract(Image(fine, 1000))[1].reasons


@pytest.mark.parametrize("stated", [200, 300])
def test_a_print_stated_at_half_its_resolution_is_read_at_its_own_if_it_shows_no_ridges_as_stated(
    extractor: FingerExtractor, stated: float
) -> None:
    image = Image(picture("p1_2.png").pixels, stated)
    _, ridges, doubted = read(image)
    assert shows_ridges(ridges)
    assert doubted is not shows_ridges(find_ridges(image)[1])
    assert "resolution_doubtful" in extractor.extract(image)[1].reasons


def test_what_shows_no_finger_at_the_usual_resolution_either_is_read_as_stated() -> None:
    wide = np.tile(picture("p1_2.png").pixels, (1, 3))
    for pixels in (wide, np.full((300, 300), 128, np.uint8)):
        assert not read(Image(pixels, 1000))[2]

"""Portraits of well-known people: found, rotated upright, distinguished, and judged."""

import io
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow
from PIL import ImageEnhance, ImageFilter

from matcher.decode import decode
from matcher.errors import NoFace, SeveralFaces
from matcher.face import FaceExtractor
from matcher.face.align import TEMPLATE, align, similarity
from matcher.face.detect import find_faces
from matcher.face.quality import ADVICE, yaw_and_pitch
from matcher.face.upright import detect_again, roll
from matcher.face.yunet import YuNet
from matcher.networks import open_network
from matcher.parameters import FACE_LIMITS
from matcher.types import Image, Pixels, Quality, Vector
from tests.captures import capture
from tests.data import evaluation_data


@cache
def extractor() -> FaceExtractor:
    return FaceExtractor()


@cache
def yunet() -> YuNet:
    return YuNet(open_network("yunet"))


@cache
def portrait(name: str, width: int = 500) -> Pillow.Image:
    picture = Pillow.open(io.BytesIO(capture(name))).convert("RGB")
    return picture.resize((width, round(picture.height * width / picture.width)), Pillow.Resampling.LANCZOS)


def image(picture: Pillow.Image) -> Image:
    return Image(np.array(picture))


def vector(picture: Pillow.Image) -> Vector:
    return extractor().extract(image(picture))[0]


@cache
def reference(name: str) -> tuple[Vector, Quality]:
    return extractor().extract(image(portrait(name)))


def likeness(name: str, other: Pillow.Image) -> float:
    """Cosine of the named portrait's vector to the other picture's."""
    return float(reference(name)[0] @ vector(other))


def test_the_same_person_is_alike_and_another_is_not() -> None:
    obama, again, later, biden = (reference(name)[0] for name in ("obama.jpg", "obama2.jpg", "obama3.jpg", "biden.jpg"))
    assert min(obama @ again, obama @ later, again @ later) > 0.6
    assert max(obama @ biden, again @ biden, later @ biden) < 0.3


def test_vector_and_model() -> None:
    found, quality = extractor().extract(decode(capture("obama.jpg")))
    assert found.shape == (extractor().dimension,)
    assert found.dtype == np.float32
    assert np.linalg.norm(found) == pytest.approx(1, abs=1e-6)
    assert len(extractor().model) == 12
    assert 60 <= quality.score <= 100
    assert quality.reasons == ()


def test_grey_and_small_pictures_serve() -> None:
    obama = portrait("obama.jpg")
    assert likeness("obama.jpg", obama.resize((150, 187))) > 0.9
    grey = Image(np.array(obama.convert("L")))
    assert float(extractor().extract(grey)[0] @ reference("obama.jpg")[0]) > 0.85


@pytest.mark.parametrize(
    ("name", "degrees"), [("obama.jpg", -45), ("obama.jpg", 20), ("biden.jpg", -30), ("biden.jpg", 45)]
)
def test_a_rotated_face_gives_the_vector_of_the_upright_one(name: str, degrees: int) -> None:
    upright, quality = reference(name)
    rotated = portrait(name).rotate(-degrees, Pillow.Resampling.BICUBIC, expand=True)
    found, rotated_quality = extractor().extract(image(rotated))
    assert float(found @ upright) > 0.85
    rotation = rotated_quality.components["roll_degrees"] - quality.components["roll_degrees"]
    assert rotation == pytest.approx(degrees, abs=15)


@pytest.mark.parametrize("side", [80, 160, 900])
def test_a_face_that_fills_the_picture_is_found(side: int) -> None:
    close = portrait("obama.jpg", 910).crop((380, 110, 600, 400)).resize((side, side))
    assert likeness("obama.jpg", close) > 0.6


def test_a_face_in_a_large_picture_is_found() -> None:
    wall = Pillow.new("RGB", (4000, 3000), "grey")
    wall.paste(portrait("obama.jpg", 900), (1500, 900))
    assert likeness("obama.jpg", wall) > 0.9


def test_two_people_are_too_many() -> None:
    both = Pillow.new("RGB", (1000, 700), "white")
    both.paste(portrait("obama.jpg"), (0, 0))
    both.paste(portrait("biden.jpg").crop((0, 0, 500, 700)), (500, 0))
    with pytest.raises(SeveralFaces, match="2 faces"):
        extractor().check(image(both))
    with pytest.raises(SeveralFaces, match="2 faces"):
        extractor().extract(image(both))


def test_the_face_in_the_middle_is_the_subject_and_the_other_becomes_a_reason() -> None:
    picture = Pillow.new("RGB", (1000, 700), "white")
    picture.paste(portrait("obama.jpg", 600), (250, 50))
    alone = likeness("obama.jpg", picture)
    picture.paste(portrait("biden.jpg", 420).crop((60, 0, 360, 420)), (720, 20))
    assert likeness("obama.jpg", picture) == pytest.approx(alone, abs=0.05)
    assert "several_people" in reasons(picture)


def behind(child: int, at: tuple[int, int]) -> Pillow.Image:
    """An adult 700 pixels wide, left of the middle, and another person `child` pixels wide, at the face's corner."""
    picture = Pillow.new("RGB", (1300, 900), "white")
    picture.paste(portrait("obama.jpg", 700), (0, 20))
    small = portrait("biden.jpg", child)
    picture.paste(small.crop((child // 8, 0, child - child // 8, child)), at)
    return picture


@pytest.mark.parametrize("child", [210, 290])
def test_an_adult_before_a_child_raises_the_question_whose_portrait_it_is(child: int) -> None:
    picture = behind(child, (800, 300))
    largest, second = sorted(extractor().faces(image(picture)), key=lambda face: -float(np.prod(face.size)))
    assert 0.3 < float(np.sqrt(np.prod(second.size) / np.prod(largest.size))) < 0.5
    assert "several_people" in reasons(picture)
    assert likeness("obama.jpg", picture) > 0.9


@pytest.mark.parametrize(("child", "at"), [(180, (800, 300)), (290, (1140, 300))], ids=["far behind", "cut off"])
def test_passers_by_raise_no_question(child: int, at: tuple[int, int]) -> None:
    picture = behind(child, at)
    assert len(extractor().faces(image(picture))) == 2
    assert reasons(picture) == reasons(behind(1, at))


def test_the_adult_before_the_child_of_a_report() -> None:
    picture = Pillow.open(evaluation_data("field/adult_before_child/scene.jpg")).convert("RGB")
    assert "several_people" in reasons(picture)


def test_a_small_face_behind_does_not_disturb() -> None:
    picture = portrait("obama.jpg", 900).copy()
    passer_by = portrait("biden.jpg", 200)
    picture.paste(passer_by.crop((40, 0, 200, 160)), (0, 0))
    assert likeness("obama.jpg", picture) > 0.9


@pytest.mark.parametrize("shape", [(1, 1), (31, 400), (480, 640), (300, 300, 3)])
def test_noise_and_blanks_have_no_face(shape: tuple[int, ...]) -> None:
    noise = np.random.default_rng(3).integers(0, 256, shape, np.uint8)
    for pixels in (noise, np.full(shape, 128, np.uint8)):
        with pytest.raises(NoFace):
            extractor().extract(Image(pixels))


def test_a_fingerprint_has_no_face() -> None:
    for name in ("p1_1.png", "p1_2.png", "p2_1.png"):
        with pytest.raises(NoFace):
            extractor().extract(decode(capture(name)))


def reasons(picture: Pillow.Image) -> tuple[str, ...]:
    return extractor().quality(image(picture)).reasons


def test_reasons_state_what_to_correct() -> None:
    obama = portrait("obama.jpg", 910)
    assert reasons(obama) == ()
    assert reasons(obama.filter(ImageFilter.GaussianBlur(9))) == ("blurred",)
    assert "too_dark" in reasons(ImageEnhance.Brightness(obama).enhance(0.25))
    assert "too_bright" in reasons(ImageEnhance.Brightness(obama).enhance(2.2))
    assert "low_contrast" in reasons(ImageEnhance.Contrast(obama).enhance(0.3))
    assert reasons(obama.resize((200, 250))) == ("too_far",)
    assert "head_tilted" in reasons(obama.rotate(30, Pillow.Resampling.BICUBIC))


def test_score_falls_with_blur() -> None:
    obama = portrait("obama.jpg", 700)
    scores = [extractor().quality(image(obama.filter(ImageFilter.GaussianBlur(r)))).score for r in (0, 3, 6, 9)]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] - scores[-1] > 30


def test_every_reason_has_a_sentence() -> None:
    assert {limit.reason for limit in FACE_LIMITS} | {"unclear", "several_people"} == set(ADVICE)
    assert all((limit.least is None) != (limit.most is None) for limit in FACE_LIMITS)


def test_yaw_and_pitch_follow_the_nose() -> None:
    nose_right, nose_low = TEMPLATE.astype(np.float32), TEMPLATE.astype(np.float32)
    nose_right[2, 0] += 10
    nose_low[2, 1] += 12
    straight = yaw_and_pitch(TEMPLATE.astype(np.float32))
    assert abs(straight[0]) < 1
    assert yaw_and_pitch(nose_right)[0] > 20
    assert yaw_and_pitch(nose_low)[1] > straight[1] + 15


@given(scale=st.floats(0.1, 30), degrees=st.floats(-179, 179), x=st.floats(-500, 500), y=st.floats(-500, 500))
def test_similarity_recovers_what_was_done(scale: float, degrees: float, x: float, y: float) -> None:
    c, s = scale * np.cos(np.radians(degrees)), scale * np.sin(np.radians(degrees))
    rotation, shift = np.array([[c, -s], [s, c]]), np.array([x, y])
    moved = TEMPLATE @ rotation.T + shift
    matrix, found = similarity(TEMPLATE, moved)
    np.testing.assert_allclose(matrix, rotation, atol=1e-6 * scale)
    np.testing.assert_allclose(found, shift, atol=1e-3)
    assert roll(moved.astype(np.float32)) == pytest.approx(degrees, abs=0.1)


@settings(max_examples=30, deadline=None)
@given(landmarks=st.lists(st.floats(-2000, 2000, width=32), min_size=10, max_size=10, unique=True))
def test_align_takes_any_landmarks(landmarks: list[float]) -> None:
    pixels: Pixels = np.full((60, 80, 3), 200, np.uint8)
    assert align(pixels, np.array(landmarks, np.float32).reshape(5, 2)).shape == (112, 112, 3)


def test_shrinking_filters_instead_of_skipping() -> None:
    chequers = (np.indices((1200, 1200)).sum(axis=0) % 2 * 255).astype(np.uint8)
    picture = np.repeat(chequers[:, :, None], 3, axis=2)
    crop = align(picture, (TEMPLATE * 8 + 100).astype(np.float32))
    assert np.abs(crop[10:-10, 10:-10].astype(int) - 127).max() < 12


def test_lfw_faces_are_all_found() -> None:
    folder = evaluation_data("faces/lfw_devtest/images")
    for path in sorted(folder.glob("*.jpg"))[::150]:
        pixels = decode(path.read_bytes()).pixels
        faces = find_faces(yunet(), pixels)
        assert faces, path.name
        assert detect_again(yunet(), pixels, faces[0]) is not None, path.name

"""The ways of the evasion benchmark: what each sends."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.evasion.captures import (
    Face,
    Finger,
    Impression,
    Unusable,
    pixels_of,
    png,
)
from benchmarks.evasion.ways import (
    PERMUTED,
    POSITIONS,
    SHIFTED,
    SLAP_DPI,
    SLAP_MM,
    SWAPPED,
    Known,
    Subject,
    draw_subject,
    ways,
)
from matcher import Position
from matcher.fuse import COLUMN, MIRROR

ALL_WAYS = [
    "honest_f4",
    "honest_f1",
    "face_wrong_1",
    "wrong_2_of_4",
    "wrong_4_true_face",
    "other_face",
    "swapped",
    "shifted",
    "permuted",
    "one_finger_all",
    "identical_files",
    "one_of_four_true",
    "dpi_300",
    "dpi_400",
    "dpi_600",
    "dpi_1000",
    "mirrored",
    "slap_as_finger",
    "low_quality_all",
]

PICTURES = [bytes([3, at]) for at in range(3)]

RNG = np.random.default_rng(1)


def finger(name: int, count: int = 4, dpi: float = 500) -> Finger:
    """A finger whose pictures are all different, the last the worst."""
    rng = np.random.default_rng(name)
    pictures = [png(rng.integers(0, 256, (40, 30), np.uint8)) for _ in range(count)]
    return Finger(str(name), [Impression(one, dpi, 90 - 10 * at) for at, one in enumerate(pictures)])


def known(name: int, dpi: float = 500) -> Known:
    impressions = finger(name, dpi=dpi).impressions
    return Known(str(name), impressions[0], impressions[1:])


def subject() -> Subject:
    fingers = [known(at) for at in range(8)]
    return Subject(fingers[:4], Face("own", PICTURES), fingers[4:], Face("other", [b"other 1", b"other 2"]))


ONE = subject()


def content(one: Known, at: int = 0) -> bytes:
    return one.others[at].content


def test_the_orders_are_what_they_are_called() -> None:
    assert [int(MIRROR[COLUMN[one]]) for one in POSITIONS] == [COLUMN[one] for one in SWAPPED]
    for order in (SWAPPED, SHIFTED, *PERMUTED):
        assert sorted(order) == sorted(POSITIONS)
        assert order != POSITIONS
    assert len(PERMUTED) == 24 - 4  # without the identity, shifts by one and three, and hands swapped
    assert not {SWAPPED, SHIFTED, (POSITIONS[3], *POSITIONS[:3])} & set(PERMUTED)


def test_there_are_all_ways() -> None:
    assert sorted(ways(RNG)) == sorted(ALL_WAYS)


@pytest.mark.parametrize("way", ALL_WAYS)
def test_a_way_sends_nothing_that_is_enrolled(way: str) -> None:
    enrolled = {one.content for one in ONE.enrolled()}
    sent = ways(RNG)[way].captures(ONE)
    assert sent
    assert not {one.content for one in sent} & enrolled
    assert len({one.position for one in sent}) == len(sent)


@pytest.mark.parametrize(
    ("way", "true", "wrong", "with_face"),
    [
        ("honest_f4", 4, 0, "own"),
        ("honest_f1", 1, 0, "own"),
        ("face_wrong_1", 0, 1, "own"),
        ("wrong_2_of_4", 2, 2, "own"),
        ("wrong_4_true_face", 0, 4, "own"),
        ("other_face", 4, 0, "other"),
        ("one_of_four_true", 1, 3, ""),
    ],
)
def test_true_and_wrong_captures_are_as_many_as_stated(way: str, true: int, wrong: int, with_face: str) -> None:
    sent = {one.position: one.content for one in ways(RNG)[way].captures(ONE)}
    portrait = sent.pop("face", None)
    assert portrait in (PICTURES[1:] if with_face == "own" else [b"other 2"] if with_face else [None])
    own = {position.value: content(one) for one, position in zip(ONE.fingers, POSITIONS, strict=True)}
    other = {position.value: content(one) for one, position in zip(ONE.other_fingers, POSITIONS, strict=True)}
    assert sum(sent[position] == own[position] for position in sent) == true
    assert sum(sent[position] == other[position] for position in sent) == wrong
    assert len(sent) == true + wrong


def test_a_try_depends_on_what_is_true_of_it() -> None:
    assert ways(RNG)["face_wrong_1"].depends_on(ONE) == {"own"}
    assert ways(RNG)["wrong_2_of_4"].depends_on(ONE) == {"0", "1"}
    assert ways(RNG)["one_finger_all"].depends_on(ONE) == {"0"}
    assert ways(RNG)["mirrored"].depends_on(ONE) == {"0", "1", "2", "3"}


@pytest.mark.parametrize(("way", "order"), [("swapped", SWAPPED), ("shifted", SHIFTED)])
def test_fingers_are_given_in_this_order(way: str, order: tuple[Position, ...]) -> None:
    sent = ways(RNG)[way].captures(ONE)
    assert [one.position for one in sent] == [*map(str, order)]
    assert [one.content for one in sent] == [content(one) for one in ONE.fingers]


def test_one_finger_is_given_everywhere() -> None:
    sent = ways(RNG)["one_finger_all"].captures(ONE)
    assert [one.content for one in sent] == [content(ONE.fingers[0], at) for at in (0, 1, 2, 0)]
    sent = ways(RNG)["identical_files"].captures(ONE)
    assert [one.content for one in sent] == [content(ONE.fingers[0])] * 4
    assert {one.position for one in sent} == set(map(str, POSITIONS))


@pytest.mark.parametrize("dpi", [300, 400, 600, 1000])
def test_a_wrong_resolution_is_stated_of_unchanged_pictures(dpi: int) -> None:
    sent = ways(RNG)[f"dpi_{dpi}"].captures(ONE)
    assert [(one.content, one.dpi) for one in sent] == [(content(one), dpi) for one in ONE.fingers]


def test_a_mirrored_picture_is_flipped_left_to_right() -> None:
    sent = ways(RNG)["mirrored"].captures(ONE)
    np.testing.assert_array_equal(pixels_of(sent[0].content), pixels_of(content(ONE.fingers[0]))[:, ::-1])
    assert {one.dpi for one in sent} == {500}


def test_a_slap_shows_the_fingers_at_one_resolution_side_by_side() -> None:
    fingers = [known(0, 500), known(1, 1000), known(2, 500), known(3, 500)]
    (sent,) = ways(RNG)["slap_as_finger"].captures(replace(ONE, fingers=fingers))
    pixels = pixels_of(sent.content)
    assert (sent.position, sent.dpi, pixels.shape) == ("right_index", SLAP_DPI, (40, 30 + 15 + 30 + 30))
    np.testing.assert_array_equal(pixels[:, :30], pixels_of(content(fingers[0])))
    assert (pixels[20:, 30:45] == 255).all()


def test_a_slap_is_no_wider_than_a_scanner() -> None:
    wide = Impression(png(np.zeros((10, 700), np.uint8)), 500, 90)
    fingers = [Known(str(at), wide, [wide]) for at in range(4)]
    (sent,) = ways(RNG)["slap_as_finger"].captures(replace(ONE, fingers=fingers))
    assert pixels_of(sent.content).shape[1] == 1400 <= SLAP_MM / 25.4 * SLAP_DPI < 2100


def test_the_poorest_impressions_are_sent() -> None:
    sent = ways(RNG)["low_quality_all"].captures(ONE)
    assert [one.content for one in sent] == [content(one, -1) for one in ONE.fingers]


def test_a_subject_is_drawn_of_eight_fingers_and_two_faces() -> None:
    fingers, faces = [finger(at) for at in range(9)], [Face("a", PICTURES), Face("b", PICTURES), Face("c", [b"c"])]
    for _ in range(20):
        drawn = draw_subject(fingers, faces, RNG)
        names = [one.name for one in (*drawn.fingers, *drawn.other_fingers)]
        assert len(set(names)) == 8
        assert {drawn.face.name, drawn.other_face.name} == {"a", "b"}
        assert all(one.enrolled not in one.others for one in drawn.fingers)
    with pytest.raises(Unusable, match="7 fingers and 2 faces"):
        draw_subject(fingers[:7], faces, RNG)
    with pytest.raises(Unusable, match="9 fingers and 1 faces"):
        draw_subject(fingers, faces[1:], RNG)

"""What the names of files from the field state."""

import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.client.names import POSITIONS, Named, nearest, of_system, person_of, read_name


@pytest.mark.parametrize(
    ("stem", "person", "position"),
    [
        ("omar_LEFT_INDEX", "omar", "left_index"),
        ("omar_left-thumb", "omar", "left_thumb"),
        ("omar_right_thumb (1)", "omar", "right_thumb"),
        ("omar_right_thumb_2", "omar", "right_thumb"),
        ("omar right index", "omar", "right_index"),
        ("omar-RightIndex", "omar", "right_index"),
        ("omar.face", "omar", "face"),
        ("omar/face", "omar", "face"),
        ("site 3/omar/Right Little(12)", "site 3/omar", "right_little"),
        ("omar_plain right four", "omar", "plain_right_four"),
        ("omar_plain_thumbs", "omar", "plain_thumbs"),
        ("left_thumb", "", "left_thumb"),
        ("أمينة حسن_face", "أمينة حسن", "face"),
        ("two_words_left_ring", "two_words", "left_ring"),
        ("omar - face", "omar", "face"),
        ("face_face", "face", "face"),
    ],
)
def test_plain_names_are_read(stem: str, person: str, position: str) -> None:
    assert read_name(stem) == Named(person, position)


@pytest.mark.parametrize(
    ("stem", "meant"),
    [
        ("omar_left_indx", "left_index"),
        ("omar_r_index", "right_index"),
        ("omar_lefft thumb", "left_thumb"),
        ("omar/left/index", "left_index"),
        ("omarface", None),
        ("omar_surface_12", None),
        ("omar_thumb", None),
        ("omar_index_right", None),
        ("notes", None),
        ("omar_left_index_copy of 3", None),
        ("أمينة", None),
        ("", None),
    ],
)
def test_what_is_not_plain_is_not_read_and_a_hint_is_given_where_it_resembles_one(stem: str, meant: str | None) -> None:
    assert read_name(stem) is None
    assert nearest(stem) == meant


PEOPLE = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=20)
SEPARATORS = st.tuples(st.sampled_from("_- ./"), st.sampled_from(["_", "-", " ", ""]))
CASES = st.sampled_from([str.lower, str.upper, str.title])


@given(PEOPLE, st.sampled_from(POSITIONS), SEPARATORS, CASES, st.sampled_from(["", " (1)", "_2"]))
def test_every_spelling_of_every_position_is_read(
    name: str, position: str, between: tuple[str, str], case: Callable[[str], str], copy: str
) -> None:
    after, inside = between
    named = read_name(name + after + case(position.replace("_", inside)) + copy)
    assert named is not None
    assert named.position == position
    assert named.person == person_of(name)


def test_a_name_is_the_same_composed_or_not() -> None:
    for name in ("Amélie", "آدم", "أحمد"):
        assert read_name(unicodedata.normalize("NFD", name) + "_face") == Named(
            unicodedata.normalize("NFC", name), "face"
        )


@pytest.mark.parametrize("name", ["._omar_face.png", ".DS_Store", "Thumbs.db", "desktop.ini", "__MACOSX", ".git"])
def test_what_operating_systems_leave_is_known(name: str) -> None:
    assert of_system(name)


@pytest.mark.parametrize("name", ["omar_face.png", "thumbs", "_omar_face.png"])
def test_what_people_leave_is_not_taken_for_it(name: str) -> None:
    assert not of_system(name)

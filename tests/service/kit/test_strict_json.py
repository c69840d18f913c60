"""JSON that has one meaning, and what is refused because it has none or two."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.kit.errors import NotJson, RepeatedName
from service.kit.strict_json import MOST_DIGITS, read_json

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=9)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=12,
)


@given(VALUES, st.booleans(), st.sampled_from(["", "\ufeff"]))
def test_every_value_comes_back(value: Any, ascii_only: bool, mark: str) -> None:
    assert read_json(mark + json.dumps(value, ensure_ascii=ascii_only)) == value


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ('{"a": 1, "a": 1}', ("a",)),
        ('{"a": {"b": 1, "c": 2, "b": 3}}', ("a", "b")),
        ('{"a": [{}, {"b": 1, "b": 2}]}', ("a", "1", "b")),
        ('{"a": {"b": 1, "b": 2}, "a": 3}', ("a",)),
        ('{"a": 1, "\\u0061": 2}', ("a",)),
    ],
)
def test_a_name_given_twice_is_named_with_the_way_to_it(text: str, path: tuple[str, ...]) -> None:
    with pytest.raises(RepeatedName) as refused:
        read_json(text)
    assert tuple(refused.value.path) == path


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "line 1, column 1"),
        ('{"a": 1,\n "b" 2}', "line 2, column 6"),
        ('{"a": NaN}', "NaN"),
        ("[-Infinity]", "-Infinity"),
        ("[1e999]", "larger"),
        (f"[{'9' * (MOST_DIGITS + 1)}]", "digits"),
        (f"[-{'9' * 100_000}]", "100,001 digits"),
        ("[" * 100_000, "nested"),
        ('{"a":' * 50_000, "nested"),
        ('["\\ud800"]', "surrogate"),
        ('{"\\udfff": 1}', "surrogate"),
        ('["a\x00"]', "control character"),
        ("\ufeff\ufeff{}", "line 1"),
    ],
)
def test_what_is_not_json_is_refused_with_the_place_or_the_reason(text: str, reason: str) -> None:
    with pytest.raises(NotJson, match=reason):
        read_json(text)


def test_a_whole_surrogate_pair_is_one_character() -> None:
    assert read_json('["\\ud83d\\ude00"]') == ["\U0001f600"]


def test_a_name_given_twice_is_found_among_hundreds_of_thousands_of_values_far_below() -> None:
    text = '{"a":' * 500 + "[" + "[]," * 200_000 + '{"b": 1, "b": 1}]' + "}" * 500
    with pytest.raises(RepeatedName) as refused:
        read_json(text)
    assert len(refused.value.path) == 502

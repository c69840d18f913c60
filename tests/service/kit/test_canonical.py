"""One spelling of equal content."""

from dataclasses import dataclass, field, make_dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.kit.canonical import canonical

INSTANTS = st.datetimes(datetime(2000, 1, 2), datetime(2030, 1, 1), timezones=st.just(UTC))
SCALARS = st.none() | st.booleans() | st.integers() | st.text() | st.dates() | INSTANTS | st.uuids()


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True)
class Thing:
    name: Any
    at: Any = None
    tags: frozenset[str] = frozenset()
    parts: list[Any] = field(default_factory=list)


@given(SCALARS, SCALARS, st.frozensets(st.text()), st.lists(SCALARS))
def test_a_field_with_a_default_added_later_changes_nothing(
    name: Any, at: Any, tags: frozenset[str], parts: list[Any]
) -> None:
    more = [("more", Any, None), ("even_more", str, "as always")]
    later = make_dataclass("Thing", more, bases=(Thing,), frozen=True)
    assert canonical(Thing(name, at, tags, parts)) == canonical(later(name, at, tags, parts))


@given(INSTANTS, st.integers(-14 * 60, 14 * 60))
def test_equal_instants_are_the_same(instant: datetime, minutes: int) -> None:
    elsewhere = instant.astimezone(timezone(timedelta(minutes=minutes)))
    assert canonical({"at": instant}) == canonical({"at": elsewhere})


@given(st.lists(st.text(), unique=True, min_size=2))
def test_sets_have_no_order_and_lists_have_one(words: list[str]) -> None:
    backwards = words[::-1]
    assert canonical(frozenset(words)) == canonical(frozenset(backwards))
    assert canonical(words) != canonical(backwards)
    assert canonical(dict.fromkeys(words, 1)) == canonical(dict.fromkeys(backwards, 1))


@given(SCALARS, SCALARS)
def test_different_content_is_spelt_differently(one: Any, other: Any) -> None:
    """But for texts that spell a date, an instant or a UUID: a field holds only one of these kinds."""
    if not (isinstance(one, str) ^ isinstance(other, str)):
        assert (canonical([one]) == canonical([other])) == (type(one) is type(other) and one == other)


def test_each_kind_has_its_spelling() -> None:
    value = {"b": [500.0, 0.5, True, Colour.RED], "a": date(2026, 1, 2), "c": b"", "d": Thing("x")}
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert (
        canonical(value).decode() == f'{{"a":"2026-01-02","b":[500,0.5,true,"red"],"c":"{empty}","d":{{"name":"x"}}}}'
    )
    with pytest.raises(TypeError, match="object has no canonical form"):
        canonical(object())

"""Hijri dates: days that almanacs state, and back."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.registry.domain.hijri import FIRST, LAST, gregorian_of, hijri_of


@pytest.mark.parametrize(
    ("hijri", "gregorian"),
    [
        ("1343-01-01", "1924-08-01"),
        ("1400-01-01", "1979-11-20"),
        ("1445-09-01", "2024-03-11"),
        ("1446-01-01", "2024-07-07"),
    ],
)
def test_days_that_almanacs_state(hijri: str, gregorian: str) -> None:
    assert gregorian_of(hijri) == date.fromisoformat(gregorian)
    assert hijri_of(date.fromisoformat(gregorian)) == hijri


@given(st.dates(FIRST, LAST))
def test_there_and_back(day: date) -> None:
    text = hijri_of(day)
    assert text is not None
    assert gregorian_of(text) == day


@pytest.mark.parametrize(
    "text", ["1410-9-15", "1410-09-31", "1410-13-01", "1342-01-01", "1501-01-01", "", "x", "٠-٠-٠"]
)
def test_what_is_no_hijri_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"Hijri|there is no day"):
        gregorian_of(text)


def test_outside_the_tables_there_is_none() -> None:
    assert hijri_of(date(1924, 7, 31)) is hijri_of(date(2077, 11, 17)) is hijri_of(None) is None

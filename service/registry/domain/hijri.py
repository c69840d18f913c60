"""Dates of the Hijri calendar, as Umm al-Qura has it: by the tables of `hijridate`, 1343 to 1500 AH."""

import re
from datetime import date

from hijridate import Gregorian, Hijri

FIRST, LAST = date(1924, 8, 1), date(2077, 11, 16)
"""The Gregorian days that the tables cover."""
_FORM = re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII)


def gregorian_of(text: str) -> date:
    """The Gregorian day of a Hijri date such as 1410-09-15. Raises ValueError with a sentence for people."""
    found = _FORM.fullmatch(text.strip())
    if found is None:
        raise ValueError("a Hijri date is written as year, month and day, such as 1410-09-15")
    year, month, day = map(int, found.groups())
    try:
        day_of = Hijri(year, month, day).to_gregorian()
    except OverflowError:
        raise ValueError("Hijri dates are known from 1343 to 1500; give the Gregorian date or year") from None
    except ValueError:
        raise ValueError(f"there is no day {day} of the month {month} in {year} AH") from None
    return date(day_of.year, day_of.month, day_of.day)


def hijri_of(day: date | None) -> str | None:
    """The Hijri date of a Gregorian day; None where the tables have none."""
    if day is None or not FIRST <= day <= LAST:
        return None
    return Gregorian.fromdate(day).to_hijri().isoformat()

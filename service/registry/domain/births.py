"""When people reach an age, as far as their records state it."""

from collections.abc import Iterable
from datetime import date

from service.registry.domain.people import Demographics

MAJORITY = 18
"""Convention on the Rights of the Child, Article 1."""


def month_of(who: Demographics, age: int) -> date | None:
    """The first day of the month in which a person reaches an age; None where nothing is known of the birth.

    Where only the year is known, December: by then they have reached it.
    """
    born = who.birth_date
    if born is not None:
        return date(born.year + age, born.month, 1)
    return None if who.birth_year is None else date(who.birth_year + age, 12, 1)


def still_to_come(who: Demographics, ages: Iterable[int], today: date) -> list[tuple[int, date]]:
    """Those of these ages that are reached in this month or later, each with its month."""
    this_month = today.replace(day=1)
    months = [(age, month_of(who, age)) for age in ages]
    return [(age, month) for age, month in months if month is not None and month >= this_month]


def age_on(who: Demographics, day: date) -> int | None:
    """Whole years; of a year alone, those that are over at the end of this one. None: nothing is known of the birth."""
    born = who.birth_date
    if born is not None:
        return day.year - born.year - ((day.month, day.day) < (born.month, born.day))
    return None if who.birth_year is None else day.year - who.birth_year


def is_child(who: Demographics, day: date) -> bool:
    """Whether a person is known to be younger than an adult."""
    age = age_on(who, day)
    return age is not None and age < MAJORITY

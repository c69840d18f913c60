"""What people state of themselves, as far as it is compared."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypedDict

from service.deduplication.domain.spelling import words

Spellings = tuple[str, ...]
"""One word of a name in the spellings of one person, folded. Empty: not known."""


@dataclass(frozen=True, slots=True)
class Birth:
    """month, day: None where only the year is known. estimated: the year is a guess."""

    year: int
    month: int | None = None
    day: int | None = None
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class Stated:
    """given, father, family: of the person's own name. mother: her given name. Empty or None: not known.

    area, documents: anything that is equal where the area, or the document, is the same.
    """

    given: Spellings = ()
    father: Spellings = ()
    family: Spellings = ()
    mother: Spellings = ()
    sex: str | None = None
    birth: Birth | None = None
    area: str | None = None
    documents: frozenset[str] = frozenset()


class Named(TypedDict):
    """The fields of Stated that are names."""

    given: Spellings
    father: Spellings
    family: Spellings
    mother: Spellings


def named(full: Iterable[str], father: Iterable[str] = (), mother: Iterable[str] = ()) -> Named:
    """The words of whole names, one text per spelling: given name, father's and family name, as the region writes them.

    A whole name is the given name and the last one; with three words or more, the second is the father's given name.
    father, mother: stated by themselves; the first word counts.
    """
    wholes = [found for text in full if (found := words(text))]
    fathers = [found for text in father if (found := words(text))]
    mothers = [found for text in mother if (found := words(text))]
    return {
        "given": _each(wholes, 0, 1),
        "father": _each(fathers, 0, 1) or _each(wholes, 1, 3),
        "family": _each(wholes, -1, 2),
        "mother": _each(mothers, 0, 1),
    }


def birth_of(on: date | None, year: int | None, *, estimated: bool) -> Birth | None:
    """A birth on 1 January or 31 December counts as a year alone: registrars write these where no day is known."""
    if on is not None:
        exact = not estimated and (on.month, on.day) not in ((1, 1), (12, 31))
        return Birth(on.year, on.month, on.day) if exact else Birth(on.year, estimated=estimated)
    return None if year is None else Birth(year, estimated=estimated)


def _each(names: Sequence[tuple[str, ...]], place: int, least: int) -> Spellings:
    """The word at a place of each name that has `least` words."""
    return tuple(dict.fromkeys(one[place] for one in names if len(one) >= least))

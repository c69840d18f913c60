"""How much a person's names and birth are like those that are asked for, from 0 to 1.

Spellings in one script are compared by Levenshtein distance (`rapidfuzz`), over a romanised form in which the digraphs
of French, English and Somali spelling are one letter each; spellings in two scripts or orthographies by their sounds.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from rapidfuzz.distance import Levenshtein

from service.registry.domain.people import Demographics, NameKind
from service.registry.domain.search import MOST_UNITS, YEARS, own_names, parents_names, year_of
from service.registry.domain.sounds import sounds
from service.registry.domain.spelling import ARABIC, units

ENOUGH = 0.6
"""Who is less alike is not shown. With it, one unit of two may be wrong if the birth year is right."""
_SAME_SOUND = 0.9
"""At least that much are spellings of one sound alike: more than two spellings that differ in one letter of five."""
_BEGINNING = 0.85
"""Where the name begins with what is asked for."""
_UNASKED = 0.01
"""Per unit of the name that is not asked for, so that a name that is nothing else comes first."""
_NAME, _PARENT, _YEAR = 0.7, 0.2, 0.1
"""Weights of what is asked for."""
_YEAR_OFF = 0.2
"""Per year between the birth and the year that is asked for."""
_YEAR_UNKNOWN = 0.4
Units = Sequence[tuple[str, ...]]


class Matched(StrEnum):
    NAME = "name"
    FATHER = "father"
    BIRTH_YEAR = "birth_year"
    NUMBER = "number"
    HOUSEHOLD = "household"
    DOCUMENT = "document"
    PHONE = "phone"


@dataclass(frozen=True, slots=True)
class Asked:
    """birth_year: alike up to YEARS off; who was born in another year is not alike at all."""

    name: str | None = None
    father: str | None = None
    birth_year: int | None = None


@dataclass(frozen=True, slots=True)
class Likeness:
    score: float
    matched: tuple[Matched, ...]


def likeness(asked: Asked, who: Demographics) -> Likeness:
    """Of what is asked for, to who a person is stated to be."""
    parts: list[tuple[float, float, Matched]] = []
    if asked.name is not None:
        score = max((_alike(units(asked.name), units(one)) for one in own_names(who)), default=0.0)
        parts.append((_NAME, score, Matched.NAME))
    if asked.father is not None:
        parts.append((_PARENT, _father(units(asked.father), who), Matched.FATHER))
    if asked.birth_year is not None:
        near = _year(asked.birth_year, year_of(who))
        if near is None:
            return Likeness(0.0, ())
        parts.append((_YEAR, near, Matched.BIRTH_YEAR))
    total = sum(weight for weight, _, _ in parts)
    if not total:
        return Likeness(0.0, ())
    matched = tuple(what for _, score, what in parts if score >= ENOUGH)
    return Likeness(sum(weight * score for weight, score, _ in parts) / total, matched)


def _father(asked: Units, who: Demographics) -> float:
    """As stated; or what follows the given name, for many are named after the father and his father."""
    stated = [units(one) for one in parents_names(who, (NameKind.FATHER,))]
    following = [units(one)[1:] for one in own_names(who)]
    return max((_alike(asked, one) for one in (*stated, *following)), default=0.0)


def _year(asked: int, born: int | None) -> float | None:
    if born is None:
        return _YEAR_UNKNOWN
    off = abs(asked - born)
    return None if off > YEARS else 1 - _YEAR_OFF * off


def _alike(asked: Units, name: Units) -> float:
    """Each unit asked for with another unit of the name, the most alike first; a unit without one counts nothing."""
    asked, name = asked[:MOST_UNITS], name[:MOST_UNITS]
    if not asked or not name:
        return 0.0
    found = [(_of_units(one, other), place, at) for place, one in enumerate(asked) for at, other in enumerate(name)]
    found.sort(key=lambda one: (-one[0], abs(one[1] - one[2]), one))
    total, taken, used = 0.0, set[int](), set[int]()
    for score, place, at in found:
        if place not in taken and at not in used:
            total += score
            taken.add(place)
            used.add(at)
    return max(0.0, total / len(asked) - _UNASKED * max(0, len(name) - len(asked)))


@lru_cache(maxsize=100_000)
def _of_units(asked: tuple[str, ...], unit: tuple[str, ...]) -> float:
    return max(_of_spellings(one, other) for one in asked for other in unit)


def _of_spellings(asked: str, other: str) -> float:
    if asked == other:
        return 1.0
    one, two = _romanised(asked), _romanised(other)
    score: float = Levenshtein.normalized_similarity(one, two)
    if len(one) > 1 and two.startswith(one):
        score = max(score, _BEGINNING)
    if not set(sounds(asked)).isdisjoint(sounds(other)):
        score = max(score, _SAME_SOUND + (1 - _SAME_SOUND) * score)
    return score


_ROMANISED = str.maketrans(dict(zip("ابتثجحخدذرزسشصضطظعغفقكلمنهويةى", "abtTjhKdDrzsXSdtzcGfqklmnhuiaa", strict=True)))
_LATIN = (
    ("sch|sh|ch", "X"),
    ("kh", "K"),
    ("gh", "G"),
    ("dh", "D"),
    ("th", "T"),
    ("dj", "j"),
    ("ou|oo|w", "u"),
    ("ee|y", "i"),
    ("e", "a"),
    (r"(.)\1+", r"\1"),
)


@lru_cache(maxsize=50_000)
def _romanised(unit: str) -> str:
    """One letter for each sound; of Arabic, the long vowels alone."""
    if ARABIC.search(unit):
        return unit.translate(_ROMANISED)
    for spelled, letter in _LATIN:
        unit = re.sub(spelled, letter, unit)
    return unit

"""Which records are compared at all: those that share a key, a combination of what both state.

Combinations are written as administrators set them: parts joined by +, combinations parted by commas. `year~1` is a
year of birth that may differ by one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from service.deduplication.domain.spelling import sound
from service.deduplication.domain.stated import Spellings, Stated

DEFAULT_KEYS = (
    "document, given+date, mother+date, given+father+year~1, given+family+year~1, given+mother+year~2, "
    "given+father+family"
)
PARTS = ("given", "father", "family", "mother", "date", "area", "document", "year")
WIDEST = 5
"""Years by which a year may differ in a key."""


class CombinationUnusable(ValueError):
    """A combination of keys cannot be read."""


@dataclass(frozen=True, slots=True)
class Part:
    """name: one of PARTS. apart: years by which two people may differ in it."""

    name: str
    apart: int = 0


Combination = tuple[Part, ...]


def combinations(text: str) -> list[Combination]:
    """Raises CombinationUnusable, which names the part."""
    found = [tuple(_part(part.strip()) for part in one.split("+")) for one in text.split(",") if one.strip()]
    if not found:
        raise CombinationUnusable("there is no combination")
    return found


def _part(text: str) -> Part:
    name, _, apart = text.partition("~")
    if name not in PARTS:
        raise CombinationUnusable(f"{text!r} is none of {', '.join(PARTS)}")
    if not apart:
        return Part(name)
    if name != "year" or not apart.isdecimal() or not 0 < int(apart) <= WIDEST:
        raise CombinationUnusable(f"{text!r}: only a year may differ, by 1 to {WIDEST}")
    return Part(name, int(apart))


def kept_keys(who: Stated, some: Sequence[Combination]) -> set[str]:
    """The keys under which a record is found. None of a combination of which it does not state every part."""
    return set(_keys(who, some, searched=False))


def searched_keys(who: Stated, some: Sequence[Combination]) -> set[str]:
    """The keys by which a record looks for others."""
    return set(_keys(who, some, searched=True))


def _keys(who: Stated, some: Sequence[Combination], *, searched: bool) -> Iterator[str]:
    for one in some:
        name = "+".join(part.name for part in one)
        for values in product(*(_values(who, part, searched=searched) for part in one)):
            yield "|".join((name, *values))


def _values(who: Stated, part: Part, *, searched: bool) -> list[str]:
    if part.name == "year":
        around = range(-part.apart, part.apart + 1) if searched else range(1)
        return [] if who.birth is None else [str(who.birth.year + by) for by in around]
    if part.name == "date":
        return _dates(who, searched=searched)
    if part.name == "area":
        return [] if who.area is None else [who.area]
    if part.name == "document":
        return sorted(who.documents)
    spellings: Spellings = getattr(who, part.name)
    return sorted({sound(word) or word for word in spellings})


def _dates(who: Stated, *, searched: bool) -> list[str]:
    """A search also asks for the day and month swapped."""
    birth = who.birth
    if birth is None or birth.month is None or birth.day is None or birth.estimated:
        return []
    days = {(birth.month, birth.day), (birth.day, birth.month)} if searched else {(birth.month, birth.day)}
    return [f"{birth.year}-{month:02}-{day:02}" for month, day in sorted(days)]

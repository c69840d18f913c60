"""Finding people by what is sealed: which texts stand for a person in the index, and which a query looks up.

A unit of a name is looked up by a key that is coarser than its sounds, so that nearly every unit has one: t stands for
t, d and s (ث, ذ, ظ, ط are spelled with each), n for m and n, k for g and k, and no h ends it. Pairs and triples of keys
tell people apart where names are common.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from itertools import combinations, product

from service.registry.domain.people import Demographics, Name, NameKind
from service.registry.domain.sounds import sounds
from service.registry.domain.spelling import units

YEARS = 2
"""A birth year counts as alike up to this far: many are estimated."""
MOST_UNITS = 6
"""Of one name, and of the names of one parent, that are looked up by; a name rarely has more than four."""
_MOST_IN_TRIPLES = 4
_MOST_KEYS = 3
_PREFIXES = (2, 3)
_COARSE = str.maketrans({"d": "t", "s": "t", "m": "n", "g": "k"})
_PARENTS = (NameKind.FATHER, NameKind.MOTHER)
Units = Sequence[tuple[str, ...]]


class TokenKind(StrEnum):
    """What a token stands for; also the purpose of its hash."""

    NAME = "name"
    DOCUMENT = "document number"
    PHONE = "phone"


@dataclass(frozen=True, slots=True)
class Lookup:
    """Texts to look up, each with a weight. Candidates are those with the most weight."""

    weights: dict[str, float]


def own_names(who: Demographics) -> list[str]:
    """Each way in which the person's own whole name stands: of one script, whole or of its parts."""
    whole = [one.full for one in who.names if one.kind is NameKind.FULL]
    scripts = dict.fromkeys(one.script for one in who.names)
    parts = [_joined(who.names, script) for script in scripts]
    return whole + [one for one in parts if one]


def parents_names(who: Demographics, kinds: Collection[NameKind] = _PARENTS) -> list[str]:
    return [one.full for one in who.names if one.kind in kinds]


def year_of(who: Demographics) -> int | None:
    return who.birth_year if who.birth_date is None else who.birth_date.year


def texts_of(who: Demographics) -> set[str]:
    """What stands for a person in the index."""
    year = year_of(who)
    parents = [unit for one in parents_names(who) for unit in units(one)[:MOST_UNITS]]
    found: set[str] = set()
    for name in own_names(who):
        own = units(name)[:MOST_UNITS]
        words, pairs, triples = _words([*own, *parents]), _pairs(own, parents), _triples(own)
        found |= words | pairs | triples | {f"prefix {one[:size]}" for one in _keys_of(own) for size in _PREFIXES}
        if year is not None:
            found |= {_dated(one, year) for one in words | pairs | triples}
    return found


def lookups_of(name: str, parents: Iterable[str], year: int | None) -> Sequence[Lookup]:
    """What a query looks up, in the order of how few people share it; each only where those before brought too few."""
    own = units(name)[:MOST_UNITS]
    beside = [unit for one in parents for unit in units(one)[:MOST_UNITS]]
    words, triples, pairs = _words([*own, *beside]), _weighted(_triples(own), 6), _weighted(_pairs(own, beside), 2)
    one_of = _weighted(words, 2) | {f"prefix {key[:3]}": 1.0 for key in _keys_of(own) if len(key) > 1}
    dated: dict[str, float] = {}
    words_dated: dict[str, float] = {}
    for other in () if year is None else range(year - YEARS, year + YEARS + 1):
        near = 1.0 if other == year else 0.6
        dated |= {_dated(text, other): weight * near for text, weight in (triples | pairs).items()}
        words_dated |= {_dated(text, other): near for text in words}
    return [Lookup(one) for one in (dated, triples, pairs, words_dated, one_of) if one]


def _joined(names: Iterable[Name], script: str) -> str:
    order = (NameKind.GIVEN, NameKind.FAMILY)
    some = [one for one in names if one.script == script and one.kind in order]
    return " ".join(one.full for one in sorted(some, key=lambda one: order.index(one.kind)))


@lru_cache(maxsize=50_000)
def keys_of(unit: tuple[str, ...]) -> tuple[str, ...]:
    """By which a unit is looked up, most usual first; at most three."""
    forms = (form for way in unit for form in sounds(way))
    keys = dict.fromkeys((one.rstrip("h") or one).translate(_COARSE) for one in forms)
    return tuple(keys)[:_MOST_KEYS]


def _keys_of(some: Units) -> set[str]:
    return {key for unit in some for key in keys_of(unit)}


def _words(some: Units) -> set[str]:
    return {f"word {key}" for key in _keys_of(some)}


def _pairs(own: Units, parents: Units) -> set[str]:
    """Of two units of the name, or of one and one of a parent's, in whatever order."""
    both = [*combinations(own, 2), *product(own, parents)]
    return {_together("pair", chosen) for two in both for chosen in product(*map(keys_of, two))}


def _triples(own: Units) -> set[str]:
    some = combinations(own[:_MOST_IN_TRIPLES], 3)
    return {_together("triple", chosen) for three in some for chosen in product(*map(keys_of, three))}


def _together(what: str, keys: Iterable[str]) -> str:
    return " ".join((what, *sorted(keys)))


def _dated(text: str, year: int) -> str:
    return f"{text} {year}"


def _weighted(texts: Iterable[str], weight: float) -> dict[str, float]:
    return dict.fromkeys(texts, weight)

"""How far two people's statements agree, field by field, in levels; and which pairs are relatives, not duplicates."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from service.deduplication.domain.spelling import Likeness, likeness, sound
from service.deduplication.domain.stated import Birth, Spellings, Stated

LEVELS: Mapping[str, tuple[str, ...]] = {
    "given": ("exact", "sound", "close", "moved", "other"),
    "father": ("exact", "sound", "close", "moved", "other"),
    "family": ("exact", "sound", "close", "moved", "other"),
    "mother": ("exact", "sound", "close", "other"),
    "birth": (
        "day",
        "swapped",
        "part",
        "year",
        "year_alone",
        "one_off",
        "two_off",
        "far",
        "guess_near",
        "guess_off",
        "guess_far",
    ),
    "sex": ("same", "other"),
    "area": ("same", "other"),
    "document": ("same", "other"),
}
"""By field. Names: same spelling; same sound; close spelling; the name stands at another place of the other's; other.

Birth: same day; day and month swapped; same year and month, or year and day; same year; same year where one has no day;
one or two years apart; more. Where a year is a guess: two years apart at most; five; more. A field that one of the two
does not state has no level.
"""
GENERATION, GUESSED_GENERATION = 12, 20
"""Years between births from which people are parent and child rather than one: below it, motherhood is very rare. The
latter where a birth is a guess."""


class Guard(StrEnum):
    """Why a pair is no duplicate, or not certainly one, whatever agrees.

    other_given: the given names differ, as of siblings and twins. generation: the births are a generation apart.
    twins: close given names, one birthday, the same parents: twins are often named alike. Only reviewed.
    """

    OTHER_GIVEN = "other_given"
    GENERATION = "generation"
    TWINS = "twins"


@dataclass(frozen=True, slots=True)
class Agreement:
    """level: one of LEVELS of the field. sounds: those that agree, of exact and sound; none elsewhere."""

    level: str
    sounds: tuple[str, ...] = ()


def compare(one: Stated, other: Stated) -> dict[str, Agreement]:
    """By field, in the order of LEVELS; only those that both state. The same whichever is first."""
    found = {
        "given": _given(one, other),
        "father": _lineage(one, other, "father", "family"),
        "family": _lineage(one, other, "family", "father"),
        "mother": _name(one.mother, other.mother),
        "birth": None if one.birth is None or other.birth is None else Agreement(_birth(one.birth, other.birth)),
        "sex": _same(one.sex, other.sex),
        "area": _same(one.area, other.area),
        "document": _documents(one, other),
    }
    return {field: level for field, level in found.items() if level is not None}


def guard_of(found: Mapping[str, Agreement], one: Stated, other: Stated) -> Guard | None:
    """What keeps a pair from being a duplicate. Nothing does where a document is the same."""
    level = {field: agreement.level for field, agreement in found.items()}
    if level.get("document") == "same":
        return None
    if level.get("given") == "other":
        return Guard.OTHER_GIVEN
    if one.birth is not None and other.birth is not None:
        guess = one.birth.estimated or other.birth.estimated
        if abs(one.birth.year - other.birth.year) >= (GUESSED_GENERATION if guess else GENERATION):
            return Guard.GENERATION
    if level.get("given") == "close" and level.get("birth") == "day" and _parents_agree(level):
        return Guard.TWINS
    return None


def _parents_agree(level: Mapping[str, str]) -> bool:
    return all(level.get(field) not in ("other", "moved") for field in ("father", "family", "mother"))


def _name(one: Spellings, other: Spellings) -> Agreement | None:
    if not one or not other:
        return None
    level = likeness(one, other)
    if level < Likeness.SOUND:
        return Agreement(level.name.lower())
    mine, theirs = ({sound(word) for word in some} for some in (one, other))
    return Agreement(level.name.lower(), tuple(sorted(mine & theirs)))


def _given(one: Stated, other: Stated) -> Agreement | None:
    """Moved: one writes the family name first."""
    found = _name(one.given, other.given)
    if found is None or found.level != "other":
        return found
    crossed = all(
        _agree(mine.given, theirs.father) or _agree(mine.given, theirs.family)
        for mine, theirs in ((one, other), (other, one))
    )
    return Agreement("moved") if crossed else found


def _lineage(one: Stated, other: Stated, field: str, elsewhere: str) -> Agreement | None:
    """Moved: one leaves out a name of the lineage, so that another stands in its place; or writes it first."""
    mine, theirs = getattr(one, field), getattr(other, field)
    found = _name(mine, theirs)
    if found is None or found.level != "other":
        return found
    places = (_agree(mine, getattr(other, elsewhere)), _agree(getattr(one, elsewhere), theirs))
    first = (_agree(mine, other.given), _agree(one.given, theirs))
    return Agreement("moved") if any(places) or all(first) else found


def _agree(one: Spellings, other: Spellings) -> bool:
    return bool(one and other) and likeness(one, other) >= Likeness.SOUND


def _birth(one: Birth, other: Birth) -> str:
    apart = abs(one.year - other.year)
    if one.estimated or other.estimated:
        return "guess_near" if apart <= 2 else "guess_off" if apart <= 5 else "guess_far"
    days = [(each.month, each.day) for each in (one, other)]
    if (days[0][1], days[0][0]) == days[1] and None not in days[0] and days[0] != days[1] and apart == 0:
        return "swapped"
    if apart:
        return {1: "one_off", 2: "two_off"}.get(apart, "far")
    if None in (*days[0], *days[1]):
        return "year_alone"
    agreeing = sum(mine == theirs for mine, theirs in zip(*days, strict=True))
    return ("year", "part", "day")[agreeing]


def _same(one: str | None, other: str | None) -> Agreement | None:
    return None if one is None or other is None else Agreement("same" if one == other else "other")


def _documents(one: Stated, other: Stated) -> Agreement | None:
    if not one.documents or not other.documents:
        return None
    return Agreement("same" if one.documents & other.documents else "other")

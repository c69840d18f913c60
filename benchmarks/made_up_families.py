"""Families as they enrol: who they are is known, so that duplicates and relatives can be told apart.

Clans of brothers' households that live near each other share the names of fathers and grandfathers. Given names fall by
Zipf's law, as names do. How often a field is stated, and how often a second enrolment states it otherwise, are the
numbers of ERRORS: assumed, from no register.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from benchmarks.region_names import FEMALE, MALE, rare_names, spellings
from service.deduplication.domain.stated import Birth, Stated, birth_of, named

ERRORS = {
    "other_spelling": 0.35,
    "other_script": 0.15,
    "both_scripts": 0.20,
    "typing_error": 0.02,
    "name_left_out": 0.08,
    "family_first": 0.02,
    "day_and_month_swapped": 0.02,
    "day_mistyped": 0.03,
    "year_mistyped": 0.01,
    "year_guessed_anew": 0.70,
    "sex_mistaken": 0.005,
    "moved_away": 0.15,
    "father_stated": 0.60,
    "mother_stated": 0.70,
    "document_stated": 0.35,
    "same_document": 0.80,
}
"""By what a record does with a probability of so much, each drawn alone."""
TWINS = 0.015
AREAS = 80
FIRST_NAMES = (spellings(MALE), spellings(FEMALE))
RARE = 0.20
"""Share of people whose name is none of the listed ones; those of RARE_NAMES are made of syllables."""
RARE_NAMES = (rare_names(seed=1, female=False), rare_names(seed=2, female=True))
DATED = {"child": (0.80, 0.12), "adult": (0.50, 0.25)}
"""Share of births known by the day, and by the year alone; the others are guesses."""

Name = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Being:
    """A person as they are. clan: of relatives. knows: how the birth is known: day, year, or a guess."""

    id: int
    clan: int
    female: bool
    names: tuple[Name, Name, Name]
    mother: Name
    born: date
    area: int
    knows: str
    document: int | None


class Families:
    """People drawn clan by clan. Same seed, same people."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)  # not for secrets
        self._next = 0

    def people(self, count: int) -> list[Being]:
        """`count` people; the last clan may be cut short."""
        found: list[Being] = []
        clan = 0
        while len(found) < count:
            found += self._clan(clan)
            clan += 1
        return found[:count]

    def _clan(self, clan: int) -> Iterator[Being]:
        """One to four brothers with wives and children; cousins often have the same names, after the grandfather."""
        grandfather, his_father = self._name(female=False), self._name(female=False)
        area = self.rng.randrange(AREAS)
        grandmother = self._name(female=True)
        brothers: list[Name] = []
        for _ in range(self.rng.choice((1, 1, 2, 2, 3, 4))):
            home = area if self.rng.random() < 0.7 else self.rng.randrange(AREAS)
            head = self._other_name(brothers, female=False)
            born = self._day(1950, 1990)
            yield self._being(clan, (head, grandfather, his_father), grandmother, born, female=False, area=home)
            wife = self._name(female=True)
            lineage = (wife, self._name(female=False), self._name(female=False))
            hers = born + timedelta(days=self.rng.randrange(0, 4000))
            yield self._being(clan, lineage, self._name(female=True), hers, female=True, area=home)
            yield from self._children(clan, (head, grandfather), wife, hers, home)

    def _children(self, clan: int, lineage: tuple[Name, Name], mother: Name, hers: date, home: int) -> Iterator[Being]:
        born = hers + timedelta(days=self.rng.randrange(18 * 365, 26 * 365))
        used: list[Name] = []
        for _ in range(self.rng.choice((1, 2, 3, 3, 4, 5, 6))):
            if born > date(2026, 6, 1):
                return
            for _ in range(2 if self.rng.random() < TWINS else 1):
                female = self.rng.random() < 0.5
                after_grandfather = not female and lineage[1] not in used and self.rng.random() < 0.15
                name = lineage[1] if after_grandfather else self._other_name(used, female=female)
                used.append(name)
                yield self._being(clan, (name, *lineage), mother, born, female=female, area=home)
            born += timedelta(days=self.rng.randrange(400, 1500))

    def _being(
        self, clan: int, names: tuple[Name, Name, Name], mother: Name, born: date, *, female: bool, area: int
    ) -> Being:
        self._next += 1
        exact, year = DATED["child" if born.year > 2008 else "adult"]
        drawn = self.rng.random()
        knows = "day" if drawn < exact else "year" if drawn < exact + year else "guess"
        document = self._next if self.rng.random() < 0.6 else None
        return Being(self._next, clan, female, names, mother, born, area, knows, document)

    def _other_name(self, used: list[Name], *, female: bool) -> Name:
        """A name that no sibling has."""
        while (name := self._name(female=female)) in used:
            pass
        used.append(name)
        return name

    def _name(self, *, female: bool) -> Name:
        if self.rng.random() < RARE:
            return self.rng.choice(RARE_NAMES[female])
        names = FIRST_NAMES[female]
        return self.rng.choices(names, [1 / (place + 1) ** 0.9 for place in range(len(names))])[0]

    def _day(self, first: int, last: int) -> date:
        start = date(first, 1, 1)
        return start + timedelta(days=self.rng.randrange((date(last, 12, 31) - start).days))


def state(who: Being, rng: random.Random) -> Stated:
    """One record of a person: each call states them anew, with errors of its own. Without area and document."""
    script = rng.random()
    scripts = {"ar"} if script < ERRORS["other_script"] else {"la"}
    if rng.random() < ERRORS["both_scripts"]:
        scripts = {"ar", "la"}
    parts = list(who.names)
    if rng.random() < ERRORS["name_left_out"]:
        del parts[rng.choice((1, 2))]
    if rng.random() < ERRORS["family_first"]:
        parts = [parts[-1], *parts[:-1]]
    full = [" ".join(_spell(part, one, rng) for part in parts) for one in sorted(scripts)]
    father = [_spell(who.names[1], one, rng) for one in sorted(scripts)]
    mother = [_spell(who.mother, one, rng) for one in sorted(scripts)]
    stated_sex = who.female != (rng.random() < ERRORS["sex_mistaken"])
    return Stated(
        **named(
            full,
            father if rng.random() < ERRORS["father_stated"] else (),
            mother if rng.random() < ERRORS["mother_stated"] else (),
        ),
        sex="female" if stated_sex else "male",
        birth=_state_birth(who, rng),
    )


def with_facts(stated: Stated, who: Being, rng: random.Random) -> Stated:
    """With the area and, of some, a document."""
    area = rng.randrange(AREAS) if rng.random() < ERRORS["moved_away"] else who.area
    documents: frozenset[str] = frozenset()
    if who.document is not None and rng.random() < ERRORS["document_stated"]:
        renewed = "" if rng.random() < ERRORS["same_document"] else f"/{rng.randrange(10**9)}"
        documents = frozenset({f"{who.document}{renewed}"})
    return replace(stated, area=str(area), documents=documents)


def _spell(name: Name, script: str, rng: random.Random) -> str:
    if script == "ar":
        text = name[0]
    else:
        text = rng.choice(name[2:]) if rng.random() < ERRORS["other_spelling"] else name[1]
    return _mistype(text, rng) if rng.random() < ERRORS["typing_error"] else text


def _mistype(text: str, rng: random.Random) -> str:
    at = rng.randrange(1, len(text))
    letter = rng.choice(text)
    return rng.choice((text[:at] + text[at + 1 :], text[:at] + letter + text[at:], text[: at - 1] + letter + text[at:]))


def _state_birth(who: Being, rng: random.Random) -> Birth | None:
    year, month, day = who.born.year, who.born.month, who.born.day
    if rng.random() < ERRORS["year_mistyped"]:
        year += rng.choice((-10, -1, 1, 10))
    if who.knows == "guess":
        by = round(rng.gauss(0, 2.5)) if rng.random() < ERRORS["year_guessed_anew"] else 0
        return Birth(year + by, estimated=True)
    if who.knows == "year":
        return Birth(year)
    if rng.random() < ERRORS["day_and_month_swapped"] and day <= 12:
        month, day = day, month
    if rng.random() < ERRORS["day_mistyped"]:
        day = rng.randrange(1, 29)
    return birth_of(date(year, month, min(day, 28)), None, estimated=False)


def pair_up(people: Sequence[Being], seed: int, *, facts: bool) -> tuple[list[Stated], list[Stated]]:
    """Two enrolments of each person."""
    rng = random.Random(seed)  # not for secrets
    first: list[Stated] = []
    second: list[Stated] = []
    for who in people:
        for side in (first, second):
            one = state(who, rng)
            side.append(with_facts(one, who, rng) if facts else one)
    return first, second

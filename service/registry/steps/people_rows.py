"""Checking the rows of a table of people: what a row states, or what a clerk has to correct in it."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import TypeVar

from service.kit.text import LONGEST_LINE, one_line, with_a_letter, writable
from service.registry.domain.households import Role
from service.registry.domain.identifiers import is_household_id
from service.registry.domain.imports import PersonRow
from service.registry.domain.people import Demographics, Name, NameKind, NoName, Sex
from service.registry.steps.area_file import RowProblem
from service.registry.steps.people_columns import BY_CODE, NAMES, Language, Words
from service.registry.steps.people_file import Cells

T = TypeVar("T")
EARLIEST_BIRTH, EARLIEST_STAY = date(1880, 1, 1), date(1900, 1, 1)
LONGEST_KEY = 100
_OWN = (NameKind.FULL, NameKind.GIVEN, NameKind.FAMILY)
_LOCAL_DAY = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})", re.ASCII)
_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_WORDS = {
    code: {word.casefold(): value for value, words in one.choices.items() for word in (value, *words)}
    for code, one in BY_CODE.items()
}
_IN_ENGLISH = list(Language).index(Language.ENGLISH)


class _Reading:
    """One row. Each part that is wrong is noted, and None in its place."""

    def __init__(self, line: int, cells: Cells) -> None:
        self._line, self._cells = line, cells
        self.problems: list[RowProblem] = []

    def wrong(self, column: str, detail: str) -> None:
        self.problems.append(RowProblem(self._line, column, detail))

    def has(self, column: str) -> bool:
        return column in self._cells

    def key(self, column: str) -> str | None:
        text = self._line_of(column)
        if text is not None and len(text) > LONGEST_KEY:
            self.wrong(column, f"has more than {LONGEST_KEY} characters")
            return None
        return text

    def name(self, column: str) -> str | None:
        text = self._line_of(column)
        try:
            return None if text is None else with_a_letter(text)
        except ValueError as error:
            self.wrong(column, str(error))
            return None

    def choice(self, column: str) -> str | None:
        text = self._cells.get(column)
        if text is None:
            return None
        found = _WORDS[column].get(text.casefold())
        if found is None:
            self.wrong(column, f"one of {_in_english(BY_CODE[column].choices)}")
        return found

    def day(self, column: str, earliest: date, latest: date) -> date | None:
        text = self._cells.get(column)
        if text is None:
            return None
        try:
            found = _day(text)
        except ValueError:
            self.wrong(column, "a day is written as 2001-12-31 or 31/12/2001")
            return None
        if not earliest <= found <= latest:
            self.wrong(column, f"is not a day from {earliest} to {latest}")
            return None
        return found

    def year(self, column: str, latest: int) -> int | None:
        text = self._cells.get(column)
        if text is None:
            return None
        if not (text.isascii() and text.isdecimal() and EARLIEST_BIRTH.year <= int(text[:9]) <= latest):
            self.wrong(column, f"is not a year from {EARLIEST_BIRTH.year} to {latest}")
            return None
        return int(text)

    def _line_of(self, column: str) -> str | None:
        text = self._cells.get(column)
        if text is None:
            return None
        try:
            text = one_line(writable(text)).strip()
        except ValueError as error:
            self.wrong(column, str(error))
            return None
        if len(text) > LONGEST_LINE:
            self.wrong(column, f"has more than {LONGEST_LINE} characters")
            return None
        return text


def checked(line: int, cells: Cells, today: date) -> PersonRow | list[RowProblem]:
    """What a row states, or all that is wrong with it by itself. No problem repeats what a cell holds."""
    of = _Reading(line, cells)
    if of.has(""):
        of.wrong("", "the row has more cells than the header")
    key, household, role = of.key("person"), of.key("household"), of.choice("role")
    if not of.has("person"):
        of.wrong("person", "give the key that the person has in your system")
    if of.has("household") != of.has("role"):
        of.wrong("role" if of.has("household") else "household", "a household and a role in it go together")
    if household is not None and re.fullmatch(r"M[0-9]{10}", household) and not is_household_id(household):
        of.wrong("household", "the check digits of this household ID are wrong")
    who, since = _who(of, today), of.day("since", EARLIEST_STAY, today)
    if of.problems or key is None:
        return of.problems
    return PersonRow(line, key, who, since or today, household, None if role is None else Role(role))


def _who(of: _Reading, today: date) -> Demographics:
    names = tuple(
        Name(script, text, kind) for code, (kind, script) in NAMES.items() if (text := of.name(code)) is not None
    )
    no_name = of.choice("no_name")
    if any(of.has(code) for code, (kind, _) in NAMES.items() if kind in _OWN) == of.has("no_name"):
        of.wrong("full_latin", "give a name of the person's own, or in no_name why there is none")
    born, year = of.day("birth_date", EARLIEST_BIRTH, today), of.year("birth_year", today.year)
    if born is not None and year is not None:
        if born.year != year:
            of.wrong("birth_year", "contradicts birth_date; leave one of them empty")
        year = None
    return Demographics(
        names,
        Sex(of.choice("sex") or Sex.UNKNOWN),
        born,
        year,
        of.choice("birth_estimated") == "yes",
        None if no_name is None else NoName(no_name),
    )


def _day(text: str) -> date:
    local = _LOCAL_DAY.fullmatch(text)
    if local is not None:
        day, month, year = map(int, local.groups())
        return date(year, month, day)
    if _ISO_DAY.fullmatch(text) is None:
        raise ValueError(text)
    return datetime.fromisoformat(text).replace(tzinfo=UTC).date()


def _in_english(choices: Mapping[str, Words]) -> str:
    return ", ".join(words[_IN_ENGLISH] for words in choices.values())

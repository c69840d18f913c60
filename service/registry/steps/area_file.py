"""Reading a list of areas: a table as text, with a header. All that is wrong is reported, by line and column."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from service.registry.domain.areas import LIES_IN, AreaLevel, AreaRow

LANGUAGES = ("fr", "ar", "en")
COLUMNS = ("code", "level", "parent", *(f"name_{one}" for one in LANGUAGES))
"""The header, in any order. parent is empty for a region; one of the names may be enough."""
CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,39}")
LONGEST = 200


@dataclass(frozen=True, slots=True)
class RowProblem:
    """What to correct. line: of the file, the header being the first. column: empty where it is of the whole row."""

    line: int
    column: str
    detail: str


@dataclass(frozen=True, slots=True)
class AreaList:
    """rows: those that are right, in the order of levels: what an area lies in comes before it."""

    rows: Sequence[AreaRow]
    problems: Sequence[RowProblem]


def read_areas(text: str) -> AreaList:
    """A whole list, separated by commas or semicolons, with or without a byte-order mark."""
    text = text.removeprefix("\ufeff")
    head = text.partition("\n")[0]
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=";" if head.count(";") > head.count(",") else ",")
    try:
        missing = [one for one in COLUMNS if one not in (reader.fieldnames or ())]
        if missing:
            return AreaList((), [RowProblem(1, one, "the header lacks this column") for one in missing])
        numbered = [(reader.line_num, row) for row in reader]
    except csv.Error as error:
        return AreaList((), [RowProblem(reader.line_num, "", f"the row cannot be read: {error}")])
    problems: list[RowProblem] = []
    found: dict[str, tuple[int, AreaRow]] = {}
    for line, cells in numbered:
        wrong = list(_problems(line, cells))
        problems += wrong
        if wrong:
            continue
        row = _row(cells)
        if row.code in found:
            problems.append(RowProblem(line, "code", f"{row.code} stands in line {found[row.code][0]} already"))
        found.setdefault(row.code, (line, row))
    if not problems:
        problems += _misplaced(found)
    if not numbered:
        problems.append(RowProblem(1, "", "the list has no areas; nothing is closed by an empty list"))
    levels = list(AreaLevel)
    rows = sorted((row for _, row in found.values()), key=lambda one: (levels.index(one.level), one.code))
    return AreaList(rows, sorted(problems, key=lambda one: one.line))


def _problems(line: int, cells: Mapping[str | None, str | None]) -> Iterator[RowProblem]:
    """What is wrong with a row by itself."""
    if None in cells or None in cells.values():
        yield RowProblem(line, "", "the row has more or fewer cells than the header")
        return
    if not CODE.fullmatch(_cell(cells, "code")):
        yield RowProblem(line, "code", "a code has 1 to 40 letters, digits, points, slashes or hyphens")
    level = _cell(cells, "level")
    if level not in list(AreaLevel):
        yield RowProblem(line, "level", f"one of {', '.join(AreaLevel)}")
    elif (LIES_IN[AreaLevel(level)] is None) == bool(_cell(cells, "parent")):
        wanted = LIES_IN[AreaLevel(level)]
        yield RowProblem(line, "parent", "a region lies in no area" if wanted is None else f"the code of its {wanted}")
    if not any(_cell(cells, f"name_{one}") for one in LANGUAGES):
        yield RowProblem(line, "name_fr", "give a name in at least one language")
    for column in COLUMNS[3:]:
        name = _cell(cells, column)
        if len(name) > LONGEST or any(unicodedata.category(one) in ("Cc", "Cs") for one in name):
            yield RowProblem(line, column, f"a name has at most {LONGEST} characters, which can be seen")


def _misplaced(found: Mapping[str, tuple[int, AreaRow]]) -> Iterator[RowProblem]:
    """Rows whose parent is not on the list, or not of the level above."""
    for line, row in found.values():
        if row.parent is None:
            continue
        if row.parent not in found:
            yield RowProblem(line, "parent", f"the list has no area {row.parent}")
        elif found[row.parent][1].level is not LIES_IN[row.level]:
            yield RowProblem(line, "parent", f"{row.parent} is no {LIES_IN[row.level]}, which a {row.level} lies in")


def _row(cells: Mapping[str | None, str | None]) -> AreaRow:
    names = {one: _cell(cells, f"name_{one}") for one in LANGUAGES}
    return AreaRow(
        _cell(cells, "code"),
        AreaLevel(_cell(cells, "level")),
        _cell(cells, "parent") or None,
        {language: name for language, name in names.items() if name},
    )


def _cell(cells: Mapping[str | None, str | None], column: str) -> str:
    return unicodedata.normalize("NFC", cells[column] or "").strip()

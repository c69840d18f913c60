"""Reading a table of people: CSV (UTF-8, commas or semicolons) or XLSX, row by row."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import chain
from pathlib import Path
from typing import Any

from service.kit.errors import MalformedRequest
from service.registry.steps.people_columns import BY_CODE, COLUMNS, NAMES

Cells = Mapping[str, str]
"""By the code of the column; those that are empty are left out."""
_HEADER_ROWS = 4
"""Codes, and labels in three languages."""
_CODES = {text.casefold(): one.code for one in COLUMNS for text in (one.code, *one.label)}


def read_people(path: Path) -> Iterator[tuple[int, Cells]]:
    """Rows with their numbers, the header being 1; empty rows are left out.

    The header has codes, or labels in one of the three languages; more rows of labels may follow it. Raises
    MalformedRequest for what is no such table, also midway.
    """
    rows = _rows(path)
    columns = _columns(next(rows, (1, []))[1])
    head = []
    for number, cells in rows:
        if number > _HEADER_ROWS or not _is_header(cells, columns):
            head.append((number, cells))
            break
    for number, cells in chain(head, rows):
        found = {code: text for code, text in zip(columns, cells, strict=False) if code and text}
        beyond = any(cells[len(columns) :])
        if found or beyond:
            yield number, {**found, "": "beyond"} if beyond else found


def _rows(path: Path) -> Iterator[tuple[int, Sequence[str]]]:
    kind = path.suffix.lower()
    if kind not in (".csv", ".xlsx"):
        raise MalformedRequest(f"{path} ends neither in .csv nor in .xlsx", "file")
    return _from_csv(path) if kind == ".csv" else _from_xlsx(path)


def _from_csv(path: Path) -> Iterator[tuple[int, Sequence[str]]]:
    number = 0
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            head = file.readline()
            file.seek(0)
            delimiter = ";" if head.count(";") > head.count(",") else ","
            for number, row in enumerate(csv.reader(file, delimiter=delimiter), start=1):
                yield number, [cell.strip() for cell in row]
    except UnicodeDecodeError:
        raise MalformedRequest(f"{path} is not UTF-8 text; save it as `CSV UTF-8`", "file") from None
    except csv.Error as error:
        raise MalformedRequest(f"{path}: row {number + 1} cannot be read: {error}", "file") from None
    except OSError as error:
        raise MalformedRequest(f"{path} cannot be read: {error.strerror}", "file") from None


def _from_xlsx(path: Path) -> Iterator[tuple[int, Sequence[str]]]:
    """The first sheet."""
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError  # only those who ask wait for it

    try:
        with CalamineWorkbook.from_path(path) as book:
            sheet = book.get_sheet_by_index(0)
            before = 0 if sheet.start is None else sheet.start[0]
            for number, row in enumerate(sheet.iter_rows(), start=before + 1):
                yield number, [_text(cell) for cell in row]
    except PasswordError:
        raise MalformedRequest(f"{path} is locked by a password; save it without one", "file") from None
    except (CalamineError, OSError):
        raise MalformedRequest(f"{path} cannot be read as an XLSX workbook", "file") from None


def _text(cell: Any) -> str:
    """A cell as a clerk would type it: a whole number without decimals, a day without its midnight."""
    match cell:
        case bool():
            return "yes" if cell else "no"
        case float() if cell.is_integer():
            return str(int(cell))
        case datetime():
            return cell.date().isoformat()
        case date():
            return cell.isoformat()
    return str(cell).strip()


def _columns(header: Sequence[str]) -> Sequence[str]:
    """The codes; empty where a column has no heading."""
    found = [_CODES.get(text.casefold(), text) if text else "" for text in header]
    unknown = [text for text in found if text and text not in BY_CODE]
    if unknown:
        raise MalformedRequest(f"the header has unknown columns: {', '.join(unknown)[:200]}", "file")
    named = [text for text in found if text]
    double = sorted({text for text in named if named.count(text) > 1})
    if double:
        raise MalformedRequest(f"the header has a column twice: {', '.join(double)}", "file")
    if "person" not in named or not NAMES.keys() & set(named):
        raise MalformedRequest("the header lacks the column person, or has none with names", "file")
    return found


def _is_header(cells: Sequence[str], columns: Sequence[str]) -> bool:
    """Whether each cell that is not empty names its column once more."""
    stated = [(code, text) for code, text in zip(columns, cells, strict=False) if text]
    return bool(stated) and all(_CODES.get(text.casefold()) == code for code, text in stated)

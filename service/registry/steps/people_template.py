"""The empty table that people are imported by, for a clerk to fill in."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from service.kit.errors import MalformedRequest
from service.registry.steps.people_columns import COLUMNS, Language

LAST_ROW = 1_048_575
"""Of a sheet of XLSX."""
_WIDTH = 22


def write_template(path: Path, language: Language) -> None:
    """CSV or XLSX, by the ending. language: of the values to choose from, and of the sheet that explains the columns.

    Raises MalformedRequest for another ending, a file that is there, and a folder that cannot be written.
    """
    writers = {".csv": _to_csv, ".xlsx": _to_xlsx}
    if path.suffix.lower() not in writers:
        raise MalformedRequest(f"{path} ends in none of {', '.join(writers)}", "file")
    try:
        path.touch(0o600, exist_ok=False)
        writers[path.suffix.lower()](path, language)
    except FileExistsError:
        raise MalformedRequest(f"{path} is there already", "file") from None
    except OSError as error:
        raise MalformedRequest(f"{path} cannot be written: {error.strerror}", "file") from None


def _header() -> Sequence[Sequence[str]]:
    """Codes, and labels in each language."""
    return [[one.code for one in COLUMNS], *([one.label[at] for one in COLUMNS] for at in range(len(Language)))]


def _to_csv(path: Path, language: Language) -> None:
    """With a byte-order mark: without it Excel shows Arabic as other letters."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(_header())


def _to_xlsx(path: Path, language: Language) -> None:
    from xlsxwriter import Workbook  # type: ignore[import-untyped]  # only those who ask wait for it

    at = list(Language).index(language)
    with Workbook(path, {"in_memory": True}) as book:
        text = book.add_format({"num_format": "@"})  # a key keeps its leading zeros, a day its form
        bold = book.add_format({"bold": True, "num_format": "@"})
        sheet = book.add_worksheet("people")
        sheet.set_column(0, len(COLUMNS) - 1, _WIDTH, text)
        for row, cells in enumerate(_header()):
            sheet.write_row(row, 0, cells, bold)
        sheet.freeze_panes(len(Language) + 1, 1)
        for number, one in enumerate(COLUMNS):
            if one.choices:
                words = [words[at] for words in one.choices.values()]
                sheet.data_validation(
                    len(Language) + 1, number, LAST_ROW, number, {"validate": "list", "source": words}
                )
        _explain(book.add_worksheet("columns"), bold, at)


def _explain(sheet: Any, bold: Any, at: int) -> None:
    sheet.set_column(0, 1, _WIDTH)
    sheet.set_column(2, 3, 3 * _WIDTH)
    for row, one in enumerate(COLUMNS):
        sheet.write_string(row, 0, one.code, bold)
        sheet.write_string(row, 1, one.label[at])
        sheet.write_string(row, 2, one.about[at])
        sheet.write_string(row, 3, ", ".join(f"{words[at]} ({code})" for code, words in one.choices.items()))

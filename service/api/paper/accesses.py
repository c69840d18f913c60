"""Who used a person's data and when, for that person to take home."""

from collections.abc import Iterable
from datetime import datetime

from service.api.paper.deeds import DEEDS
from service.api.paper.language import Language
from service.api.paper.sheet import A4_SIZE, PALE, TEAL, WHITE, Sheet, Style
from service.api.paper.words import day, grouped, word
from service.audit.domain.actions import WORDS
from service.audit.domain.entries import Entry

EDGE, BOTTOM = 16.0, 280.0
_WHEN, _WHO, _WHAT = 38.0, 52.0, 84.0


def list_of_accesses(number: str, entries: Iterable[Entry], made: datetime, language: Language) -> bytes:
    """A PDF of as many pages as it takes; oldest first, the time in UTC."""
    sheet = Sheet(A4_SIZE, language, word("accesses", language), made)
    page, y = 0, BOTTOM + 1
    for one in entries:
        if y > BOTTOM - 12:
            page += 1
            y = _begin(sheet, number, made, page)
        y += _row(sheet, one, y) + 1.5
        sheet.rule((EDGE, y), sheet.width - 2 * EDGE)
        y += 1.5
    if not page:
        _begin(sheet, number, made, 1)
    return sheet.bytes()


def _begin(sheet: Sheet, number: str, made: datetime, page: int) -> float:
    """A new page with its head; where the rows begin."""
    language = sheet.language
    sheet.page()
    sheet.band((0, 0), sheet.width, 22, TEAL)
    sheet.text((EDGE, 6.5), 130, word("accesses", language), Style(17, bold=True, colour=WHITE))
    sheet.text((sheet.width - EDGE - 45, 8), 45, word("registry", language), Style(12, colour=WHITE), far=True)
    sheet.text((EDGE, 27), 45, word("person_number", language), Style(10, colour=PALE))
    sheet.latin((EDGE + 45, 26.4), 60, grouped(number), Style(12, bold=True))
    said = f"{day(made.date(), language)} · {page}"
    sheet.text((sheet.width - EDGE - 60, 27), 60, said, Style(10, colour=PALE), far=True)
    heads = (("when", EDGE, _WHEN), ("who", EDGE + _WHEN, _WHO), ("what", EDGE + _WHEN + _WHO, _WHAT))
    for name, start, width in heads:
        sheet.text((start, 36), width - 3, word(name, language), Style(9, bold=True, colour=PALE))
    sheet.rule((EDGE, 42), sheet.width - 2 * EDGE)
    return 44.0


def _row(sheet: Sheet, one: Entry, y: float) -> float:
    where = one.role if one.site is None else f"{one.role}, {one.site}"
    heights = [
        sheet.latin((EDGE, y), _WHEN - 3, f"{one.at:%Y-%m-%d %H:%M}", Style(9)),
        sheet.latin((EDGE + _WHEN, y), _WHO - 3, one.actor, Style(9), lines=2),
        sheet.text((EDGE + _WHEN + _WHO, y), _WHAT, said(one.action, sheet.language), Style(9.5), lines=3),
    ]
    heights[1] += sheet.latin((EDGE + _WHEN, y + heights[1]), _WHO - 3, where, Style(8, colour=PALE), lines=2)
    return max(heights)


def said(action: str, language: Language) -> str:
    """What was done, to the person; its code where no sentence says it."""
    if language is Language.ENGLISH or action not in DEEDS:
        return WORDS.get(action, action)
    return DEEDS[action][language is Language.ARABIC]

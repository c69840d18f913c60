"""A household card: both sides at its size, or on a sheet to be cut out and folded."""

from collections.abc import Sequence
from datetime import UTC, datetime, time

from service.api.paper.language import Language, Paper
from service.api.paper.sheet import A4_SIZE, CARD_SIZE, PALE, TEAL, WHITE, Sheet, Style
from service.api.paper.words import day, grouped, word
from service.registry.domain.cards import Card

WIDTH, HEIGHT = CARD_SIZE
EDGE, BAND, CODE = 4.0, 9.5, 29.0


def household_card(card: Card, household_id: str, language: Language, paper: Paper) -> bytes:
    """A PDF. The card has its name and payload."""
    assert card.name is not None
    assert card.payload is not None
    made = datetime.combine(card.issued_on, time(), UTC)
    sheet = Sheet(CARD_SIZE if paper is Paper.CARD else A4_SIZE, language, word("card", language), made)
    sheet.page()
    if paper is Paper.CARD:
        _front(sheet, card, household_id)
        sheet.page()
        _back(sheet)
    else:
        _to_cut_out(sheet, card, household_id)
    return sheet.bytes()


def _front(sheet: Sheet, card: Card, household_id: str) -> None:
    language, payload = sheet.language, card.payload or ""
    sheet.band((0, 0), WIDTH, BAND, TEAL)
    sheet.text((EDGE, 2.2), 45, word("card", language), Style(11, bold=True, colour=WHITE))
    registry = word("registry", language)
    sheet.text((WIDTH - EDGE - 29, 2.9), 29, registry, Style(8, colour=WHITE), far=True)
    wide = WIDTH - 3 * EDGE - CODE + 2
    y = BAND + 2.5
    y += sheet.text((EDGE, y), wide, word("household_id", language), Style(6.5, colour=PALE))
    y += sheet.latin((EDGE, y), wide, grouped(household_id), Style(13, bold=True)) + 1
    y += sheet.text((EDGE, y), wide, word("head", language), Style(6.5, colour=PALE))
    for one in _in_order(card.name or (), language):
        y += sheet.text((EDGE, y), wide, one, Style(9.5, bold=True), lines=2, least=6.5)
    low = HEIGHT - 9.2
    half = wide / 2
    sheet.text((EDGE, low), half, word("issued", language), Style(6, colour=PALE))
    sheet.text((EDGE, low + 2.8), half, day(card.issued_on, language), Style(7))
    sheet.text((EDGE + half, low), half, word("serial", language), Style(6, colour=PALE))
    sheet.latin((EDGE + half, low + 2.8), half, grouped(card.serial), Style(7))
    sheet.code((WIDTH - EDGE - CODE + 2, BAND + 5), CODE, payload)


def _back(sheet: Sheet) -> None:
    language, wide, y = sheet.language, WIDTH - 2 * EDGE, 6.0
    for name in ("card_keep", "card_lost", "card_no_identity", "card_found"):
        style = Style(8, bold=name == "card_keep")
        y += sheet.text((EDGE, y), wide, word(name, language), style, lines=2, least=6.5) + 2.2
    sheet.band((0, HEIGHT - 4), WIDTH, 4, TEAL)


def _to_cut_out(sheet: Sheet, card: Card, household_id: str) -> None:
    language = sheet.language
    left, top = (sheet.width - 2 * WIDTH) / 2, 30.0
    sheet.text((20, 14), 170, word("card", language), Style(18, bold=True, colour=TEAL))
    sides = (left + WIDTH, left) if language.leftwards else (left, left + WIDTH)
    sheet.within(sides[0], top, WIDTH)
    _front(sheet, card, household_id)
    sheet.frame((0, 0), WIDTH, HEIGHT)
    sheet.within(sides[1], top, WIDTH)
    _back(sheet)
    sheet.frame((0, 0), WIDTH, HEIGHT)
    sheet.within(0, 0, sheet.width)
    y = top + HEIGHT + 5
    y += sheet.text((20, y), 170, word("cut", language), Style(10, colour=PALE)) + 8
    y += sheet.text((20, y), 170, word("household_id", language), Style(11, colour=PALE)) + 1
    y += sheet.latin((20, y), 170, grouped(household_id), Style(26, bold=True)) + 6
    for name in ("card_keep", "card_lost", "card_no_identity"):
        y += sheet.text((20, y), 170, word(name, language), Style(12), lines=3) + 3


def _in_order(names: Sequence[str], language: Language) -> Sequence[str]:
    """At most two, the one in the letters of the language first."""
    return sorted(names[:2], key=lambda name: _is_arabic(name) != language.leftwards)


def _is_arabic(name: str) -> bool:
    return any("\u0600" <= letter <= "\u06ff" for letter in name)

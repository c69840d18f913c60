"""The receipt of an enrolment: its number, what became of it, and whom to ask."""

from dataclasses import dataclass
from datetime import datetime

from service.api.paper.language import Language, Paper
from service.api.paper.sheet import A4_SIZE, CARD_SIZE, PALE, TEAL, WHITE, Sheet, Style
from service.api.paper.words import day, grouped, word
from service.enrolment.domain.enrolments import Enrolment, EnrolmentStatus

WIDTH, HEIGHT = CARD_SIZE
EDGE, BAND, CODE = 4.0, 8.5, 24.0
MARK = "JISR-R:"
"""Before the enrolment's ID in the QR code."""
STATES = {
    EnrolmentStatus.RECEIVED: "state_received",
    EnrolmentStatus.PROCESSING: "state_received",
    EnrolmentStatus.ENROLLED: "state_enrolled",
    EnrolmentStatus.IN_REVIEW: "state_in_review",
    EnrolmentStatus.UNUSABLE: "state_unusable",
}


@dataclass(frozen=True, slots=True)
class Receipt:
    """number, household_id: None until they are issued."""

    enrolment: str
    site: str
    received_at: datetime
    state: str
    number: str | None
    household_id: str | None

    @classmethod
    def of(cls, one: Enrolment, number: str | None, household_id: str | None) -> "Receipt":
        return cls(str(one.id), one.site, one.received_at, STATES[one.status], number, household_id)


def enrolment_receipt(one: Receipt, language: Language, paper: Paper) -> bytes:
    """A PDF."""
    size = CARD_SIZE if paper is Paper.CARD else A4_SIZE
    sheet = Sheet(size, language, word("receipt", language), one.received_at)
    sheet.page()
    if paper is Paper.CARD:
        _small(sheet, one)
    else:
        _large(sheet, one)
    return sheet.bytes()


def _small(sheet: Sheet, one: Receipt) -> None:
    language, wide = sheet.language, WIDTH - 3 * EDGE - CODE + 3
    sheet.band((0, 0), WIDTH, BAND, TEAL)
    sheet.text((EDGE, 2), 48, word("receipt", language), Style(10, bold=True, colour=WHITE))
    sheet.text((WIDTH - EDGE - 27, 2.5), 27, word("registry", language), Style(7.5, colour=WHITE), far=True)
    y = BAND + 2
    for name, text in _ids(one):
        y += sheet.text((EDGE, y), wide, word(name, language), Style(6, colour=PALE))
        y += sheet.latin((EDGE, y), wide, text, Style(10 if len(text) < 20 else 6.5, bold=True)) + 0.6
    y += sheet.text((EDGE, y), wide, word("received", language), Style(6, colour=PALE))
    sheet.text((EDGE, y), wide, f"{day(one.received_at.date(), language)} · {one.site}", Style(7), lines=1)
    sheet.code((WIDTH - EDGE - CODE + 2, BAND + 2), CODE, _code(one))
    whole = WIDTH - 2 * EDGE
    sheet.text((EDGE, HEIGHT - 11.5), whole, word(one.state, language), Style(7.5, bold=True), lines=2, least=6)
    sheet.text((EDGE, HEIGHT - 4.4), whole, word("receipt_ask", language), Style(6, colour=PALE))


def _large(sheet: Sheet, one: Receipt) -> None:
    language = sheet.language
    sheet.band((0, 0), sheet.width, 22, TEAL)
    sheet.text((20, 6.5), 110, word("receipt", language), Style(18, bold=True, colour=WHITE))
    sheet.text((140, 8), 50, word("registry", language), Style(13, colour=WHITE), far=True)
    y = 34.0
    for name, text in _ids(one):
        y += sheet.text((20, y), 120, word(name, language), Style(11, colour=PALE)) + 0.5
        y += sheet.latin((20, y), 120, text, Style(20 if len(text) < 20 else 13, bold=True)) + 5
    for name, text in (("received", day(one.received_at.date(), language)), ("site", one.site)):
        y += sheet.text((20, y), 120, word(name, language), Style(11, colour=PALE)) + 0.5
        y += sheet.text((20, y), 120, text, Style(14), lines=2) + 4
    sheet.code((148, 32), 42, _code(one))
    y += 2
    sheet.rule((20, y), 170)
    y += 6 + sheet.text((20, y + 6), 170, word(one.state, language), Style(15, bold=True), lines=3) + 4
    for name in ("receipt_ask", "receipt_rights"):
        y += sheet.text((20, y), 170, word(name, language), Style(12), lines=3) + 3


def _ids(one: Receipt) -> list[tuple[str, str]]:
    found = [("receipt_number", one.enrolment)]
    if one.number is not None:
        found.insert(0, ("person_number", grouped(one.number)))
    if one.household_id is not None:
        found.insert(len(found) - 1, ("household_id", grouped(one.household_id)))
    return found


def _code(one: Receipt) -> str:
    return MARK + one.enrolment.replace("-", "").upper()

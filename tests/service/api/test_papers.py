"""Papers, drawn and looked at: codes are read off them, letters are joined, nothing leaves the page."""

from datetime import UTC, date, datetime

import numpy as np
import pypdfium2
import pytest
import zxingcpp
from fpdf import FPDF
from fpdf.fonts import TTFFont
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from service.api.paper.accesses import list_of_accesses, said
from service.api.paper.card import household_card
from service.api.paper.deeds import DEEDS
from service.api.paper.font import FAMILY, FILES, MISSING, printable
from service.api.paper.language import Language, Paper
from service.api.paper.receipt import STATES, Receipt, enrolment_receipt
from service.api.paper.words import WORDS, day, grouped
from service.audit.domain.actions import WORDS as WORDS_OF_DEEDS
from service.audit.domain.entries import Entry
from service.registry.domain.cards import Card, CardReason
from tests.service.registry.test_cards import facts, written

HOUSEHOLD = "M9644870040"
LONG = ("Mohamed-Abdourahman Abdillahi Guedi Robleh Waberi", "محمد عبد الرحمن عبد الله جيدي روبله وابري الحسن")
SHORT = ("Amina Hassan", "أمينة حسن")
ENROLMENT = "0197a3c2-7b1e-7d10-9c55-2f4e8a01b3cd"
BOTH = pytest.mark.parametrize("paper", list(Paper))
ALL = pytest.mark.parametrize("language", list(Language))


def card(names: tuple[str, ...]) -> Card:
    payload = written(facts(names[-1]))
    return Card(1, 1, "0123ABCD", date(2026, 11, 28), "operator:Hawa", CardReason.FIRST, names, payload)


def receipt(state: str, number: str | None) -> Receipt:
    household = None if number is None else HOUSEHOLD
    site = "Guichet mobile d'Ali Sabieh et de ses environs 2"
    return Receipt(ENROLMENT, site, datetime(2026, 11, 28, 9, 30, tzinfo=UTC), state, number, household)


def drawn(pdf: bytes, dpi: int = 200) -> list[Image.Image]:
    document = pypdfium2.PdfDocument(pdf)
    return [page.render(scale=dpi / 72).to_pil().convert("L") for page in document]


def codes(picture: Image.Image) -> list[str]:
    return [one.text for one in zxingcpp.read_barcodes(np.asarray(picture))]


def edge(picture: Image.Image, millimetres: float, dpi: int = 200) -> NDArray[np.uint8]:
    """The pixels at both sides, top and bottom left out: bands of colour reach there."""
    wide = int(millimetres / 25.4 * dpi)
    pixels = np.asarray(picture)
    return np.concatenate([pixels[:, :wide], pixels[:, -wide:]], axis=1)


@ALL
@BOTH
@pytest.mark.parametrize("names", [SHORT, LONG])
def test_the_code_is_read_off_the_drawn_card(language: Language, paper: Paper, names: tuple[str, ...]) -> None:
    one = card(names)
    front = drawn(household_card(one, HOUSEHOLD, language, paper))[0]
    assert codes(front) == [one.payload]


@pytest.mark.parametrize("names", [SHORT, LONG])
def test_the_code_is_read_off_a_card_that_is_small_turned_or_blurred(names: tuple[str, ...]) -> None:
    one = card(names)
    front = drawn(household_card(one, HOUSEHOLD, Language.FRENCH, Paper.CARD), dpi=300)[0]
    small = front.resize((int(front.width * 0.6), int(front.height * 0.6)))
    for picture in (small, front.rotate(17, expand=True, fillcolor=255), front.filter(ImageFilter.GaussianBlur(2))):
        assert codes(picture) == [one.payload]


@ALL
@BOTH
def test_the_code_of_a_receipt_is_its_number(language: Language, paper: Paper) -> None:
    pages = drawn(enrolment_receipt(receipt("state_enrolled", "2751680394"), language, paper))
    assert codes(pages[0]) == ["JISR-R:" + ENROLMENT.replace("-", "").upper()]


@ALL
@BOTH
def test_nothing_comes_near_the_sides(language: Language, paper: Paper) -> None:
    papers = [household_card(card(LONG), HOUSEHOLD, language, paper)]
    papers += [enrolment_receipt(receipt(state, None), language, paper) for state in set(STATES.values())]
    for pdf in papers:
        for picture in drawn(pdf):
            side = edge(picture, 2.5)
            rows = np.asarray([len(np.unique(row)) for row in side])
            assert (rows == 1).all()  # bands of one colour, or white: no letter


@ALL
def test_each_side_of_a_card_has_its_words_and_no_page_is_empty(language: Language) -> None:
    pages = drawn(household_card(card(SHORT), HOUSEHOLD, language, Paper.CARD))
    assert len(pages) == 2
    for picture in pages:
        assert (np.asarray(picture) < 128).mean() > 0.01


@ALL
@BOTH
def test_the_same_paper_has_the_same_bytes(language: Language, paper: Paper) -> None:
    one = card(SHORT)
    first, second = (household_card(one, HOUSEHOLD, language, paper) for _ in range(2))
    assert first == second


def test_the_layout_of_arabic_is_mirrored() -> None:
    """The code stands right in French, left in Arabic."""
    places = {}
    for language in (Language.FRENCH, Language.ARABIC):
        front = drawn(household_card(card(SHORT), HOUSEHOLD, language, Paper.CARD))[0]
        (found,) = zxingcpp.read_barcodes(np.asarray(front))
        places[language] = found.position.top_left.x / front.width
    assert places[Language.FRENCH] > 0.5 > places[Language.ARABIC]


def test_arabic_letters_are_joined() -> None:
    """Unjoined, as without shaping, they are wider: each stands by itself."""
    widths = []
    for shaped in (True, False):
        pdf = FPDF()
        pdf.add_page()
        pdf.add_font(FAMILY, "", FILES[""])
        pdf.set_font(FAMILY, "", 20)
        pdf.set_text_shaping(shaped)
        widths.append(pdf.get_string_width("محمد عبد الرحمن"))
        font = pdf.fonts[FAMILY.lower()]
        assert isinstance(font, TTFFont)
        font.ttfont.close()
    assert widths[0] < 0.9 * widths[1]
    made = household_card(card(SHORT), HOUSEHOLD, Language.ARABIC, Paper.CARD)
    assert b"/ToUnicode" in made


@pytest.mark.parametrize(
    ("text", "shown"),
    [("Aïcha Œuvrard", "Aïcha Œuvrard"), ("Ḥasan ʿAlī", "Hasan ·Ali"), ("አሚና", MISSING * 3), ("أمينة", "أمينة")],
)
def test_letters_that_the_font_lacks_lose_their_marks(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_every_word_is_there_in_every_language_and_in_letters_of_the_font() -> None:
    for name, words in WORDS.items():
        assert set(words) == set(Language), name
        for language, text in words.items():
            assert printable(text) == text, (name, language)
    assert set(STATES.values()) <= WORDS.keys()


def test_days_are_written_as_they_are_said() -> None:
    said = [day(date(2026, 11, 3), one) for one in Language]
    assert said == ["3 novembre 2026", "3 نونبر 2026", "3 November 2026"]
    assert grouped("M9644870040") == "M964 4870 040"


def test_a_paper_is_light() -> None:
    made = household_card(card(LONG), HOUSEHOLD, Language.ARABIC, Paper.A4)
    assert len(made) < 100_000


def entries(count: int) -> list[Entry]:
    """Of every kind that concerns people, in turn."""
    actions = [*WORDS_OF_DEEDS]
    who, at = "operator:Hawa Abdillahi de la brigade mobile", datetime(2026, 11, 28, 9, 30, tzinfo=UTC)
    return [
        Entry(
            lane=1,
            number=place,
            at=at,
            action=actions[place % len(actions)],
            actor=who,
            role="data_protection_officer",
            site="Guichet mobile d'Ali Sabieh",
            channel="api",
            request_id="",
            address=None,
            target_kind=None,
            target_id=None,
            people="[]",
            details="{}",
            reason=None,
            payload=None,
            hash="",
        )
        for place in range(1, count + 1)
    ]


@ALL
def test_who_used_data_is_listed_on_as_many_pages_as_it_takes(language: Language) -> None:
    made = datetime(2026, 11, 28, tzinfo=UTC)
    pages = drawn(list_of_accesses("2751680394", entries(120), made, language), dpi=100)
    assert 4 < len(pages) < 15
    for picture in pages:
        side = edge(picture, 10, 100)
        assert (np.asarray([len(np.unique(row)) for row in side]) == 1).all()
        low = np.asarray(picture)[int(290 / 25.4 * 100) :]
        assert (low > 250).all()
    assert len(drawn(list_of_accesses("2751680394", [], made, language))) == 1


def test_every_deed_has_a_sentence_in_every_language_in_letters_of_the_font() -> None:
    assert WORDS_OF_DEEDS.keys() <= DEEDS.keys()
    for action in DEEDS:
        for language in (Language.FRENCH, Language.ARABIC):
            text = said(action, language)
            assert printable(text) == text
            assert text != action
    assert said("unheard.of", Language.ARABIC) == "unheard.of"

"""A page to draw on. Places are in mm from the side where lines begin, so that one layout serves both directions."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import segno
from fpdf import FPDF
from fpdf.enums import Align, MethodReturnValue, XPos, YPos
from fpdf.fonts import TTFFont

from service.api.paper.font import FAMILY, FILES, printable
from service.api.paper.language import Language

CARD_SIZE = (85.6, 53.98)
A4_SIZE = (210.0, 297.0)
INK, PALE, TEAL, WHITE = (28, 33, 38), (92, 101, 110), (15, 92, 92), (255, 255, 255)
"""Each at least 5.9:1 on what it is drawn on (WCAG 2.2: 4.5:1)."""
POINT = 0.3528
"""mm."""
LEADING = 1.35
Colour = tuple[int, int, int]
Place = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Style:
    """size: in points."""

    size: float
    bold: bool = False
    colour: Colour = INK

    def of(self, size: float) -> "Style":
        return replace(self, size=size)


class Sheet:
    """Pages of one size in one language."""

    def __init__(self, size: tuple[float, float], language: Language, title: str, made: datetime) -> None:
        self.language, self.width, self.height = language, *size
        self._pdf = FPDF(unit="mm", format=size)
        self._pdf.set_auto_page_break(False)
        self._pdf.set_margin(0)
        self._pdf.c_margin = 0
        for style, path in FILES.items():
            self._pdf.add_font(FAMILY, style, path)
        self._pdf.set_text_shaping(True)
        self._pdf.set_title(title)
        self._pdf.set_lang(language)
        self._pdf.set_creation_date(made)  # the same paper has the same bytes
        self._left, self._top, self._span = 0.0, 0.0, self.width

    def page(self) -> None:
        self._pdf.add_page()
        self.within(0, 0, self.width)

    def within(self, left: float, top: float, width: float) -> None:
        """Places are of this box from now on. left: of the page, whatever the direction."""
        self._left, self._top, self._span = left, top, width

    def text(
        self, at: Place, width: float, text: str, style: Style, *, lines: int = 1, least: float = 5.0, far: bool = False
    ) -> float:
        """Lines of text in a box, from the side where lines begin; the height taken.

        Smaller, down to `least` points, until it fits, and cut where it does not fit even then. far: against the other
        side of the box.
        """
        shown, size = printable(text), style.size
        while size > least and self._count(shown, width, style.of(size)) > lines:
            size -= 0.25
        fitted = style.of(size)
        return self._draw(at, width, self._cut(shown, width, fitted, lines), fitted, far=far)

    def latin(self, at: Place, width: float, text: str, style: Style, *, lines: int = 1) -> float:
        """An ID: from left to right in every language, at the side where lines begin; cut where it does not fit."""
        shown = self._cut(printable(text), width, style, lines)
        return self._draw(at, width, shown, style, rightwards=True)

    def band(self, at: Place, width: float, height: float, colour: Colour) -> None:
        self._pdf.set_fill_color(*colour)
        self._pdf.rect(self._x(at[0], width), self._top + at[1], width, height, style="F")

    def rule(self, at: Place, width: float, colour: Colour = PALE) -> None:
        self._pdf.set_draw_color(*colour)
        self._pdf.set_line_width(0.2)
        x, y = self._x(at[0], width), self._top + at[1]
        self._pdf.line(x, y, x + width, y)

    def frame(self, at: Place, width: float, height: float) -> None:
        """A broken line, to cut along."""
        self._pdf.set_draw_color(*PALE)
        self._pdf.set_line_width(0.2)
        self._pdf.set_dash_pattern(dash=1.5, gap=1.2)
        self._pdf.rect(self._x(at[0], width), self._top + at[1], width, height)
        self._pdf.set_dash_pattern()

    def code(self, at: Place, side: float, text: str) -> None:
        """A QR code with error correction M and its quiet zone, in a square of this side."""
        made = segno.make(text, error="m", boost_error=False, micro=False)
        border = 4
        module = side / (len(made.matrix) + 2 * border)
        x, y = self._x(at[0], side), self._top + at[1]
        self._pdf.set_fill_color(*WHITE)
        self._pdf.rect(x, y, side, side, style="F")
        self._pdf.set_fill_color(0, 0, 0)
        for row, line in enumerate(made.matrix):
            for begin, length in _runs(line):
                left, top = x + (border + begin) * module, y + (border + row) * module
                self._pdf.rect(left, top, length * module, module, style="F")

    def bytes(self) -> bytes:
        out = io.BytesIO()
        self._pdf.output(out)
        for font in self._pdf.fonts.values():
            if isinstance(font, TTFFont):
                font.ttfont.close()
        return out.getvalue()

    def _x(self, start: float, width: float) -> float:
        return self._left + (self._span - start - width if self.language.leftwards else start)

    def _font(self, style: Style) -> None:
        self._pdf.set_font(FAMILY, "B" if style.bold else "", style.size)
        self._pdf.set_text_color(*style.colour)

    def _count(self, text: str, width: float, style: Style) -> int:
        self._font(style)
        lines = self._pdf.multi_cell(width, text=text, dry_run=True, output=MethodReturnValue.LINES)
        assert isinstance(lines, list)
        return len(lines)

    def _cut(self, text: str, width: float, style: Style, lines: int) -> str:
        while self._count(text, width, style) > lines:
            text = text.rstrip("…")[:-1].rstrip() + "…"
        return text

    def _draw(
        self, at: Place, width: float, text: str, style: Style, *, far: bool = False, rightwards: bool = False
    ) -> float:
        self._font(style)
        self._pdf.set_text_shaping(True, direction="ltr" if rightwards else None)
        top = self._top + at[1]
        self._pdf.set_xy(self._x(at[0], width), top)
        align = Align.R if self.language.leftwards != far else Align.L
        height = style.size * POINT * LEADING
        self._pdf.multi_cell(width, height, text, align=align, new_x=XPos.LEFT, new_y=YPos.NEXT)
        return float(self._pdf.get_y() - top)


def _runs(line: Sequence[int]) -> list[tuple[int, int]]:
    """Dark stretches of a row: where each begins, and how long it is."""
    found: list[tuple[int, int]] = []
    for place, dark in enumerate(line):
        if dark and found and sum(found[-1]) == place:
            found[-1] = (found[-1][0], found[-1][1] + 1)
        elif dark:
            found.append((place, 1))
    return found

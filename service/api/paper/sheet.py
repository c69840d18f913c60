"""A page to draw on. Places are in mm from the side where lines begin, so that one layout serves both directions."""

import io
from collections.abc import Sequence
from datetime import datetime

import segno
from fpdf import FPDF
from fpdf.enums import Align, MethodReturnValue, XPos, YPos

from service.api.paper.font import FAMILY, FILES, printable
from service.api.paper.language import Language

CARD_SIZE = (85.6, 53.98)
A4_SIZE = (210.0, 297.0)
INK, PALE, TEAL, WHITE = (28, 33, 38), (92, 101, 110), (15, 92, 92), (255, 255, 255)
"""Each at least 5.9:1 on what it is drawn on (WCAG 2.2: 4.5:1)."""
POINT = 0.3528
"""mm."""
Colour = tuple[int, int, int]


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
        self,
        at: tuple[float, float],
        width: float,
        text: str,
        size: float,
        *,
        bold: bool = False,
        colour: Colour = INK,
        lines: int = 1,
        least: float = 5.0,
    ) -> float:
        """Lines of text that begin at a place; the height taken. Smaller, down to `least` points, until it fits."""
        shown = printable(text)
        while size > least and self._count(shown, width, size, bold) > lines:
            size -= 0.25
        return self._draw(at, width, self._cut(shown, width, size, bold, lines), size, bold, colour)

    def latin(
        self, at: tuple[float, float], width: float, text: str, size: float, *, bold: bool = False, colour: Colour = INK
    ) -> float:
        """An ID: from left to right in every language, at the side where lines begin."""
        return self._draw(at, width, printable(text), size, bold, colour, ltr=True)

    def band(self, at: tuple[float, float], width: float, height: float, colour: Colour) -> None:
        self._pdf.set_fill_color(*colour)
        self._pdf.rect(self._x(at[0], width), self._top + at[1], width, height, style="F")

    def rule(self, at: tuple[float, float], width: float, colour: Colour = PALE) -> None:
        self._pdf.set_draw_color(*colour)
        self._pdf.set_line_width(0.2)
        x, y = self._x(at[0], width), self._top + at[1]
        self._pdf.line(x, y, x + width, y)

    def frame(self, at: tuple[float, float], width: float, height: float) -> None:
        """A broken line, to cut along."""
        self._pdf.set_draw_color(*PALE)
        self._pdf.set_line_width(0.2)
        self._pdf.set_dash_pattern(dash=1.5, gap=1.2)
        self._pdf.rect(self._x(at[0], width), self._top + at[1], width, height)
        self._pdf.set_dash_pattern()

    def code(self, at: tuple[float, float], side: float, text: str) -> None:
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
        self._pdf.output(out)  # type: ignore[call-overload]
        return out.getvalue()

    def _x(self, start: float, width: float) -> float:
        return self._left + (self._span - start - width if self.language.leftwards else start)

    def _font(self, size: float, bold: bool) -> None:
        self._pdf.set_font(FAMILY, "B" if bold else "", size)

    def _split(self, text: str, width: float, size: float, bold: bool) -> Sequence[str]:
        self._font(size, bold)
        lines = self._pdf.multi_cell(width, text=text, dry_run=True, output=MethodReturnValue.LINES)
        assert isinstance(lines, list)
        return lines

    def _count(self, text: str, width: float, size: float, bold: bool) -> int:
        return len(self._split(text, width, size, bold))

    def _cut(self, text: str, width: float, size: float, bold: bool, lines: int) -> str:
        while self._count(text, width, size, bold) > lines:
            text = text.rstrip("…")[:-1].rstrip() + "…"
        return text

    def _draw(
        self,
        at: tuple[float, float],
        width: float,
        text: str,
        size: float,
        bold: bool,
        colour: Colour,
        ltr: bool = False,
    ) -> float:
        self._font(size, bold)
        self._pdf.set_text_color(*colour)
        leftwards = self.language.leftwards
        direction = "rtl" if leftwards and not ltr else "ltr"
        self._pdf.set_text_shaping(True, direction=direction if ltr else None)
        self._pdf.set_xy(self._x(at[0], width), self._top + at[1])
        before = self._pdf.get_y()
        self._pdf.multi_cell(
            width,
            size * POINT * 1.35,
            text,
            align=Align.R if leftwards else Align.L,
            new_x=XPos.LEFT,
            new_y=YPos.NEXT,
        )
        return float(self._pdf.get_y() - before)


def _runs(line: Sequence[int]) -> list[tuple[int, int]]:
    """Dark stretches of a row: where each begins, and how long it is."""
    found: list[tuple[int, int]] = []
    for place, dark in enumerate(line):
        if dark and found and sum(found[-1]) == place:
            found[-1] = (found[-1][0], found[-1][1] + 1)
        elif dark:
            found.append((place, 1))
    return found

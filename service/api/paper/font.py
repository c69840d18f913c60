"""The one font of papers: IBM Plex Sans Arabic, which has Latin letters too (SIL Open Font License 1.1)."""

import unicodedata
from functools import cache
from pathlib import Path

import fontpkg_ibm_plex_sans_arabic as font
from fontTools.ttLib import TTFont

FAMILY = "Plex"
_FOLDER = Path(font.__file__).parent / "files"
FILES = {"": _FOLDER / "IBMPlexSansArabic-Regular.ttf", "B": _FOLDER / "IBMPlexSansArabic-Bold.ttf"}
MISSING = "·"


@cache
def _letters() -> frozenset[int]:
    with TTFont(FILES[""], lazy=True) as opened:
        return frozenset(opened.getBestCmap())


def printable(text: str) -> str:
    """The text in letters that the font has: others lose their marks, or are shown as MISSING."""
    return "".join(map(_letter, unicodedata.normalize("NFC", text)))


def _letter(one: str) -> str:
    if ord(one) in _letters() or one == " ":
        return one
    plain = "".join(part for part in unicodedata.normalize("NFKD", one) if not unicodedata.combining(part))
    return plain if plain and all(ord(part) in _letters() for part in plain) else MISSING

"""What the name of a file states: whose capture it is, and of which position."""

import re
import unicodedata
from dataclasses import dataclass
from difflib import SequenceMatcher

from matcher import SLAPS, Position

POSITIONS = tuple(sorted((*(position.value for position in Position), *SLAPS), key=len, reverse=True))
"""The longest first, so that `plain_right_four` is not read as less."""
LEFT_BY_SYSTEMS = ("thumbs.db", "ehthumbs.db", "desktop.ini", "__macosx", "$recycle.bin", "system volume information")
"""What operating systems put into folders unasked, besides names that begin with a dot; in lower case."""
ALIKE = 0.75
"""Ratio of difflib from which on a position is a hint: `left_indx` has 0.95, `r_index` 0.78, `notes` less than 0.5."""
MOST_WORDS = 3
"""Of a position: `plain_right_four`."""

_BETWEEN = re.compile(r"[/_\-. ]+")
_WRITTEN = "|".join("[-_ ]*".join(position.split("_")) for position in POSITIONS)
_NAME = re.compile(
    rf"(?:(?P<person>.*?)[/_\-. ]+)?(?P<position>{_WRITTEN})(?: ?\(\d{{1,3}}\)|[-_ ]\d{{1,3}})?",
    re.IGNORECASE | re.DOTALL,
)
_BY_LETTERS = {position.replace("_", ""): position for position in POSITIONS}


@dataclass(frozen=True, slots=True)
class Named:
    """person: empty where the name is that of a position only."""

    person: str
    position: str


def composed(name: str) -> str:
    """A name in Unicode's composed form: macOS writes accents and some Arabic letters as two characters."""
    return unicodedata.normalize("NFC", name)


def of_system(name: str) -> bool:
    """Whether no person put a file or folder of this name there, such as `._amina_face.jpg` or `Thumbs.db`."""
    return name.startswith(".") or name.lower() in LEFT_BY_SYSTEMS


def read_name(stem: str) -> Named | None:
    """What a path without its suffix states; None where it does not end in a position.

    Capitals do not matter, words are parted by `_`, `-`, a space or nothing, and the number of a copy may follow.
    """
    found = _NAME.fullmatch(composed(stem))
    if found is None:
        return None
    letters = re.sub("[-_ ]", "", found["position"]).lower()
    return Named(person_of(found["person"] or ""), _BY_LETTERS[letters])


def person_of(text: str) -> str:
    """A person as named by a path: without what parts it from the position."""
    return composed(text).rstrip("/_-. ").lstrip()


def nearest(stem: str) -> str | None:
    """The position that the end of a name resembles, if it resembles any."""
    words = [word for word in _BETWEEN.split(stem.lower()) if word]
    ends = ["_".join(words[-count:]) for count in range(1, MOST_WORDS + 1)]
    ratio, position = max((SequenceMatcher(None, end, one).ratio(), one) for end in ends for one in POSITIONS)
    return position if ratio >= ALIKE else None

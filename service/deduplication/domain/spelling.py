"""Words of names, compared within a script and across Latin and Arabic.

A word's sound is its consonants, the same for both scripts, and the vowels between them. Arabic writes long vowels
only, so an Arabic word leaves most of them open. The classes of consonants join what the usual romanisations write
differently: English, French (of the Maghreb and Djibouti) and Somali, after the tables of ALA-LC for Arabic (2012), of
BGN/PCGN for Somali (1972), and French usage (ou, ch, dj).
"""

import re
import unicodedata
from collections.abc import Sequence
from enum import IntEnum
from functools import lru_cache

from rapidfuzz.distance import JaroWinkler

CLOSE_FROM = 0.88
"""Jaro-Winkler similarity of two spellings in one script, from which they are close (Winkler 1990)."""
CLOSE_SOUND_FROM = 0.92
"""The same of consonants alone, which carry less."""

_ARTICLES = {"al", "el", "ul", "ben", "bin", "ibn", "bint", "bent", "ould", "wuld", "بن", "ابن", "بنت", "ولد"}
_SERVANT = {"abd", "abdel", "abdul", "abdal", "abdoul", "abdou", "abdi", "cabdi", "عبد"}
_LETTERS = str.maketrans("أإآٱى", "ااااي", "ـ'’`ʼʿʾ‘")
_DIGRAPHS = (
    ("dj", "j"),
    ("kh", "h"),
    ("sh", "s"),
    ("ch", "s"),
    ("th", "t"),
    ("dh", "d"),
    ("gh", "g"),
    ("ph", "f"),
    ("gu", "g"),
    ("qu", "k"),
    ("ou", "u"),
)
_LATIN = str.maketrans({"x": "h", "q": "k", "c": "k", "p": "b", "v": "f", "y": "i", "w": "u", "o": "u"})
_ARABIC = dict(zip("بتثجحخدذرزسشصضطظغفقكلمنهويا", "bttjhhddrzsssdtdgfkklmnhuia", strict=True)) | {"ة": "a"}
_VOWELS = "aeiu"


class Likeness(IntEnum):
    """How alike two words are; a greater one is closer."""

    OTHER = 0
    CLOSE = 1
    SOUND = 2
    EXACT = 3


@lru_cache(65536)
def words(text: str) -> tuple[str, ...]:
    """The words of a name: folded, without articles and words for son and daughter, Abd joined to what follows."""
    plain = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text).casefold())
    plain = "".join(one for one in plain if unicodedata.category(one) != "Mn").translate(_LETTERS)
    found: list[str] = []
    servant = ""
    for one in re.findall(r"[^\W\d_]+", plain):
        if one in _SERVANT and not servant:
            servant = "عبد" if one == "عبد" else "abd"
        elif one not in _ARTICLES:
            found.append(servant + _without_article(one))
            servant = ""
    return (*found, servant) if servant else tuple(found)


def _without_article(word: str) -> str:
    return word[2:] if word.startswith("ال") and len(word) > 4 else word


@lru_cache(65536)
def sound(word: str) -> str:
    """The consonants of a word that `words` returned, in Latin letters. Empty for a word of vowels alone."""
    return "".join(_parts(word)[0])


@lru_cache(65536)
def _parts(word: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Consonants (n), and the vowels before, between and after them (n + 1)."""
    letters = _romanised_arabic(word) if is_arabic(word) else _romanised_latin(word)
    consonants: list[str] = []
    vowels = [""]
    for one in letters:
        if one in _VOWELS:
            vowels[-1] += one
        elif not (consonants and consonants[-1] == one and not vowels[-1]):
            consonants.append(one)
            vowels.append("")
    if len(consonants) > 1 and consonants[-1] == "h":  # mute at the end, or a ta marbuta
        consonants.pop()
        vowels.pop()
    return tuple(consonants), tuple(vowels)


def is_arabic(word: str) -> bool:
    return "\u0600" <= word[:1] <= "\u06ff"


def _romanised_arabic(word: str) -> str:
    """Without ayn and hamza; an alif at the start only carries a vowel."""
    return "".join(_ARABIC.get(one, "") for one in (word[1:] if word.startswith("ا") else word))


def _romanised_latin(word: str) -> str:
    if re.match("c[auo]", word):  # Somali c is the ayn
        word = word[1:]
    for written, letter in _DIGRAPHS:
        word = word.replace(written, letter)
    word = re.sub("c(?=[eiy])", "s", word)
    return "".join(one for one in word.translate(_LATIN) if "a" <= one <= "z")


def likeness(some: Sequence[str], others: Sequence[str]) -> Likeness:
    """The best likeness of spellings of one word with spellings of another; within a script where both have one."""
    pairs = [(one, other) for one in some for other in others]
    within = [(one, other) for one, other in pairs if is_arabic(one) == is_arabic(other)]
    return max(_likeness(one, other) for one, other in within or pairs)


@lru_cache(262144)
def _likeness(one: str, other: str) -> Likeness:
    if one == other:
        return Likeness.EXACT
    same = bool(sound(one)) and sound(one) == sound(other)  # of scripts that have no sounds here, letters alone count
    if same and _vowels_agree(one, other):
        return Likeness.SOUND
    if is_arabic(one) == is_arabic(other):
        return Likeness.CLOSE if same or JaroWinkler.similarity(one, other) >= CLOSE_FROM else Likeness.OTHER
    heard = sound(one) and sound(other)
    close = same or (heard and JaroWinkler.similarity(sound(one), sound(other)) >= CLOSE_SOUND_FROM)
    return Likeness.CLOSE if close else Likeness.OTHER


def _vowels_agree(one: str, other: str) -> bool:
    """Whether two words of the same consonants may be one: Hassan is not Hussein, Maxamed is Mohamed.

    In Latin one vowel may differ; of words of one or two consonants, less. An e, or no vowel, differs by half. A long
    vowel written in Arabic must be there. The last vowel counts in neither.
    """
    arabic = is_arabic(one) or is_arabic(other)
    between = list(zip(_parts(one)[1], _parts(other)[1], strict=True))[:-1]
    if arabic:
        return sum(_differ(*pair) for pair in between if all(pair)) < 1
    return sum(_differ(*pair) for pair in between) <= (1 if len(between) > 2 else 0.5)


def _differ(vowels: str, others: str) -> float:
    if set(vowels) & set(others) or vowels == others:
        return 0.0
    return 0.5 if "e" in vowels + others or not vowels or not others else 1.0

"""The sound of a name's unit: the consonants that its spellings in several scripts and languages share.

Which letters stand for which Arabic consonant: ALA-LC Romanization Tables: Arabic (2012) and ISO 233-2:1993 for English
and for libraries; UN Resolutions II/8 (1972) and XI/3 (2017); the French practice of the Maghreb and of Djibouti after
BGN/PCGN and the Institut géographique national (ch, dj, kh, ou); Somali spelling of 1972, whose c, x, q and dh are
ayn, ha, qaf and a retroflex d, which writes d for the emphatic t, and whose words end in no m; Afar spelling, whose
c, x and q are ha, a retroflex d and ayn.

Vowels are left out but for a mark where the unit begins with one: Arabic writes only the long ones. Consonants that
some of these spellings exchange are one letter: s for s, z and their emphatics; k for k, q and kh; X for sh.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import islice, product

from service.registry.domain.spelling import ARABIC

MOST_FORMS = 4
"""Sounds that one spelling may have; those of the most usual readings."""
Readings = Sequence[str]

_OF_ARABIC: Mapping[str, Readings] = {
    **dict.fromkeys("بپ", ("b",)),
    "ت": ("t",),
    "ط": ("t", "d"),
    "ث": ("t", "s"),
    "ج": ("j",),
    "ح": ("h",),
    "خ": ("k",),
    **dict.fromkeys("دض", ("d",)),
    **dict.fromkeys("ذظ", ("d", "s")),
    "ر": ("r",),
    **dict.fromkeys("زسص", ("s",)),
    "ش": ("X",),
    "غ": ("g", "k"),
    "ف": ("f",),
    **dict.fromkeys("قك", ("k",)),
    "ل": ("l",),
    "م": ("m",),
    "ن": ("n",),
    "ه": ("h",),
}
_DIGRAPHS: Mapping[str, Readings] = {
    "sch": ("X",),
    "ch": ("X",),
    "sh": ("X",),
    "kh": ("k",),
    "gh": ("g", "k"),
    "dh": ("d", "s"),
    "th": ("t", "s"),
    "dj": ("j",),
    "ph": ("f",),
    "ck": ("k",),
    "gu": ("g",),
    "qui": ("k",),
    "que": ("k",),
}
_APART: Mapping[str, Readings] = {"sh": ("X", "sh")}
"""Within a word two letters may be two consonants: Ishaq, إسحاق."""
_SIMPLE: Mapping[str, Readings] = {
    **{one: (one,) for one in "bdfghjklmnrs"},
    "t": ("t", "d"),
    "p": ("b",),
    "v": ("f",),
    "z": ("s",),
}
_LATIN = re.compile("|".join(_DIGRAPHS) + r"|.")
_SPELLINGS: Sequence[Mapping[str, Readings]] = (
    {"c": ("k",), "x": ("h",), "q": ("k",)},
    {"c": ("",), "x": ("h",), "q": ("k",)},
    {"c": ("h",), "x": ("d",), "q": ("",)},
)
"""French and English, Somali, Afar: of each word, each letter is read by the same one."""
_SOFT = re.compile(r"c(?=[eiy])(?!.*[xq])(?!.*(?:aa|ii|uu|oo))")
_SERVANT = re.compile(r"^(c?abd)[aeiou]+l(?=[^aeiou])")
_SERVANT_OF_VOWEL = re.compile(r"^(c?abd)[aeiou]+l(?=[aeiou])")
_VOWELS = "aeiouwy"


@lru_cache(maxsize=100_000)
def sounds(unit: str) -> tuple[str, ...]:
    """The forms of a normalised unit, most usual first; at most MOST_FORMS. Empty where it has no letter.

    محمد, `mohamed`, `muhammad` and Somali `maxamed` share `mhmd`; عائشة, `aicha` and `caasha` share `aX`.
    """
    found = _of_arabic(unit) if ARABIC.search(unit) else _of_latin(unit)
    return tuple(dict.fromkeys(one for one in found if one))[:MOST_FORMS]


def _of_arabic(unit: str) -> list[str]:
    first = {"و": "w", "ي": "y", "ا": "a", "ع": "a"}.get(unit[0], "")
    last: Readings = ("",)
    if unit[-1] in "هة" and len(unit) > 2:  # writers exchange the two
        last, unit = (("",) if unit[-1] == "ة" else ("", "h")), unit[:-1]
    parts = [_OF_ARABIC[one] for one in unit if one in _OF_ARABIC]
    return _forms(first, parts, last)


def _of_latin(unit: str) -> list[str]:
    found: list[str] = []
    servants = [_SERVANT.sub(r"\1", unit)]
    if _SERVANT_OF_VOWEL.match(unit):
        servants.append(_SERVANT_OF_VOWEL.sub(r"\1", unit))
    by_spelling = [_read(one, letters) for one in servants for letters in _SPELLINGS]
    for rank in range(MOST_FORMS):  # the first form of each spelling before the second of any
        found += [forms[rank] for forms in by_spelling if rank < len(forms)]
    return found


def _read(unit: str, letters: Mapping[str, Readings]) -> list[str]:
    if letters is _SPELLINGS[0]:
        unit = _SOFT.sub("s", unit)
    first = _beginning(unit, letters)
    last: Readings = ("",)
    if unit.endswith("ah"):
        last, unit = ("", "h"), unit[:-1]
    parts: list[Readings] = []
    before = ""
    for one in _LATIN.findall(unit):
        if one != before and one not in _VOWELS:
            parts.append(
                (parts and _APART.get(one)) or _DIGRAPHS.get(one) or letters.get(one) or _SIMPLE.get(one) or (one,)
            )
        before = one
    return _forms(first, parts, last)


def _beginning(unit: str, letters: Mapping[str, Readings]) -> str:
    if unit[0] in "wy":
        return unit[0]
    if re.match("ou[aeio]", unit):
        return "w"
    return "a" if unit[0] in _VOWELS or letters.get(unit[0]) == ("",) else ""


def _forms(first: str, parts: Sequence[Readings], last: Readings) -> list[str]:
    if last == ("",) and parts and parts[-1] == ("m",):  # no Somali word ends in m
        parts = [*parts[:-1], ("m", "n")]
    return [first + "".join(chosen) for chosen in islice(product(*parts, last), MOST_FORMS)]
